"""Hostile files from hand-over to the mailroom's screen: a name, the bytes kept, a task, and the rest goes on."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from pipeline.channels import attachments, exports, paper, sandbox
from pipeline.channels.attachments import inspect_attachment
from pipeline.channels.paper import UnreadablePage, iter_pages
from pipeline.channels.sandbox import Limits, Message, SandboxStopped
from pipeline.domain.statuses import ArrivalStatus, TaskKind
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance, advance_batch
from pipeline.steps.audit import audit
from pipeline.steps.intake_paper import receive_files, take_pages
from pipeline.store.tables import Arrival, Attachment, Page, Submission
from tests import sandbox_jobs as jobs
from tests.fuzz import pdfs, pictures
from tests.fuzz.world import SLIP
from tests.papers import application, png, tiff
from tests.runtime import open_tasks, reasons_of, receive_export, rows_of, small_export

SMALL = Limits(memory=400 * jobs.MB, seconds=1.0, seconds_more=0.5)
PATIENT = replace(SMALL, seconds=30.0)
"""Where it is not the time that ends it: a busy machine may take a second to start a child."""
GOOD = tiff(application(1), application(1, page=2))


def tiff_40000() -> bytes:
    """A good TIFF of which the directory says that it is 40,000 pixels wide and high."""
    data = bytearray(pictures.tiffs()[4])
    directory = struct.unpack_from("<I", data, 4)[0]
    for entry in range(directory + 2, directory + 2 + 12 * struct.unpack_from("<H", data, directory)[0], 12):
        if struct.unpack_from("<H", data, entry)[0] in (256, 257):
            struct.pack_into("<HII", data, entry + 2, 4, 1, 40_000)
    return bytes(data)


def png_40000() -> bytes:
    head = (40_000).to_bytes(4, "big") * 2 + bytes((8, 2, 0, 0, 0))
    body = pictures.png_chunk(b"IDAT", zlib.compress(bytes(1_000_000)))
    return b"\x89PNG\r\n\x1a\n" + pictures.png_chunk(b"IHDR", head) + body + pictures.png_chunk(b"IEND", b"")


def pdf_of_a_million_pages() -> bytes:
    tree = b"<< /Type /Pages /Kids [%s] /Count 1000000 >>" % (b"3 0 R " * 1000)
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>"
    return pdfs.written(b"<< /Type /Catalog /Pages 2 0 R >>", tree, page)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (png_40000(), "picture_too_large"),
        (tiff_40000(), "picture_too_large"),
        (pdf_of_a_million_pages(), "too_many_pages"),
    ],
    ids=["png", "tiff", "pdf"],
)
def test_a_file_that_promises_too_much(runtime: Runtime, data: bytes, code: str) -> None:
    refused_beside_a_good_one(runtime, data, code)


@pytest.mark.parametrize(
    ("reader", "code"),
    [
        (jobs.crash_at_once, "broke_reader"),
        (jobs.spin_at_once, "too_slow_to_read"),
        (jobs.eat_at_once, "too_big_to_read"),
    ],
)
def test_a_file_that_breaks_its_reader(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, reader: Callable[..., Iterator[Message]], code: str
) -> None:
    whole = paper.read_pages
    # The hostile file meets the hostile reader, the good one beside it the real one.
    hostile = SMALL if code == "too_slow_to_read" else PATIENT
    real = paper.run_limited

    def run_limited(function: Callable[..., Any], data: bytes, *more: Any) -> Iterator[Message]:
        bad = data.startswith(b"\x89PNG")
        return real(reader if bad else whole, data, *more, limits=hostile if bad else PATIENT)

    monkeypatch.setattr(paper, "run_limited", run_limited)
    refused_beside_a_good_one(runtime, png(application(2)), code)


def refused_beside_a_good_one(runtime: Runtime, data: bytes, code: str) -> None:
    received = receive_files(runtime, SLIP, [("bad", data), ("good.tif", GOOD)], actor="test")
    assert received.batch_id is not None
    advance_batch(runtime, received.batch_id)
    bad, good = (rows_of(runtime, Arrival, id=one)[0] for one in received.arrival_ids)
    assert (bad.status, bad.problem_code) == (ArrivalStatus.REFUSED, code)
    assert runtime.blobs.get(bad.blob) == data
    (task,) = open_tasks(runtime, TaskKind.MAILROOM)
    assert (task.arrival_id, reasons_of(runtime, task.id)) == (bad.id, {("file_refused", bad.id)})
    assert (good.status, good.page_count) == (ArrivalStatus.TAKEN, 2)
    assert audit(runtime).breaches == ()


def test_a_page_that_breaks_its_reader_loses_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "LIMITS", SMALL)
    monkeypatch.setattr(paper, "read_pages", jobs.break_on_some)
    found = list(iter_pages(b".x..o."))
    assert [page.page_index for page in found] == [0, 1, 2, 3, 4, 5]
    unreadable = {page.page_index: page.code for page in found if isinstance(page, UnreadablePage)}
    assert unreadable == {1: "broke_reader", 4: "too_slow_to_read"}
    assert [page.code for page in iter_pages(b".x") if isinstance(page, UnreadablePage)] == ["broke_reader"]


def test_a_file_of_breaking_pages_is_refused_before_it_costs_an_hour(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper, "read_pages", jobs.break_on_some)
    monkeypatch.setattr("pipeline.steps.intake_paper.sniff_named", lambda data, name: None)
    received = receive_files(runtime, SLIP, [("bad", b".xxxx.")], actor="test")
    assert take_pages(runtime, received.arrival_ids[0]) == 0
    (row,) = rows_of(runtime, Arrival)
    assert (row.status, row.problem_code) == (ArrivalStatus.REFUSED, "broke_reader")
    assert rows_of(runtime, Page) == []


def test_pages_that_cannot_be_are_the_files_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "read_pages", jobs.lie)
    found = iter_pages(b"any")
    assert next(found) == UnreadablePage(0, "broke_reader")


def test_a_child_that_the_machine_ended_refuses_nothing(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of memory as a whole, or stopped by an operator: the file waits to be tried again."""

    def ended(*_: object) -> Any:
        raise SandboxStopped("ended")

    received = receive_files(runtime, SLIP, [("a.tif", GOOD)], actor="test")
    with monkeypatch.context() as patch:
        patch.setattr(paper, "run_limited", ended)
        with pytest.raises(SandboxStopped):
            take_pages(runtime, received.arrival_ids[0])
    (row,) = rows_of(runtime, Arrival)
    assert row.status is ArrivalStatus.STORED and open_tasks(runtime) == []
    assert take_pages(runtime, row.id) == 2


def test_memory_stays_flat_over_many_large_pages() -> None:
    """Sixty pages of 8.7 million pixels each: the child has one in hand at a time."""
    page = pictures.Image.new("L", (2480, 3508), 255)
    data = pictures._saved("TIFF", *[page] * 60, compression="tiff_adobe_deflate")
    limits = Limits(memory=350 * jobs.MB)
    seen = sum(
        fields.get("height") == 3508 for fields, _ in sandbox.run_limited(paper.read_pages, data, 0, limits=limits)
    )
    assert seen == 60


@pytest.mark.parametrize(
    ("data", "media_type", "problem"),
    [
        (png(application(1)), "image/png", None),
        (pictures.jpegs()[1], "image/jpeg", None),
        (pdfs.pdfs()[2], "application/pdf", None),
        (pictures.jpegs()[1][:-500], "image/jpeg", "damaged_file"),
        (png(application(1))[:900], "image/png", "damaged_file"),
        (png_40000(), "image/png", "picture_too_large"),
        (pdfs.pdfs()[2][:-300], "application/pdf", "truncated_pdf"),
        (pdf_of_a_million_pages(), "application/pdf", "too_many_pages"),
        (GOOD, "application/octet-stream", "unsupported_type"),
        (b"<html><script>alert(1)</script>", "application/octet-stream", "unsupported_type"),
        (b"", "application/octet-stream", "empty_file"),
    ],
)
def test_attachments_are_looked_into(data: bytes, media_type: str, problem: str | None) -> None:
    assert inspect_attachment(data) == attachments.AttachmentFacts(media_type, problem)


def test_a_hostile_attachment_is_kept_named_and_counts_for_nothing(rostered: Runtime) -> None:
    export, files = small_record()
    bomb = png_40000()
    received = receive_export(rostered, "city_site", export, [(name, bomb) for name, _ in files])
    (submission_id,) = received.taken
    rows = rows_of(rostered, Attachment, submission_id=submission_id)
    assert rows and {row.problem_code for row in rows} == {"picture_too_large"}
    assert all(rostered.blobs.get(row.blob) == bomb for row in rows)


def small_record() -> tuple[bytes, list[tuple[str, bytes]]]:
    """The first record of the sample's JSON export, with the files beside it."""
    data, files = small_export("city_site/applications_20261113.json")
    document = json.loads(data)
    records = next(value for value in document.values() if isinstance(value, list))
    del records[1:]
    text = json.dumps(document, ensure_ascii=False)
    return text.encode(), [(name, content) for name, content in files if name.rsplit("/")[-1] in text]


def test_a_table_larger_than_any_campaign_is_refused(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MAX_EXPORT_BYTES", 1000)
    received = receive_export(runtime, "portal", b"x" * 1001)
    assert received.refusal is not None and received.refusal.code == "size_too_large"
    assert len(open_tasks(runtime, TaskKind.MAILROOM)) == 1


@pytest.mark.parametrize("size", [(8, 8), (400, 8), (8, 400), (1000, 20), (20, 1000)])
def test_the_smallest_and_thinnest_pages_that_pass_are_taken_to_the_end(
    runtime: Runtime, size: tuple[int, int]
) -> None:
    page = pictures.Image.effect_noise(size, 90)
    received = receive_files(runtime, SLIP, [("a.png", pictures._saved("PNG", page))], actor="test")
    assert received.batch_id is not None
    advance_batch(runtime, received.batch_id)
    (row,) = rows_of(runtime, Arrival)
    assert (row.status, row.page_count) == (ArrivalStatus.TAKEN, 1)
    for submission in rows_of(runtime, Submission):
        advance(runtime, submission.id)
    assert audit(runtime).breaches == ()
