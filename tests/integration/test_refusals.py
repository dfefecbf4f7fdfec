"""What cannot be taken as it is gets a clear named answer and loses nothing: the list of the project's promise.

Every case goes end to end: the bytes are handed over, then (a) a named code with Japanese words stands in the
store, (b) the bytes are still there, (c) something stands on somebody's screen, or the rest went on.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from datetime import date
from typing import Any

import numpy as np
import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from pipeline.channels.errors import find_error_class
from pipeline.channels.slip import BatchSlip
from pipeline.domain.statuses import (
    ArrivalStatus,
    DocumentKind,
    PageFate,
    ReasonCode,
    SubmissionStatus,
    TaskKind,
)
from pipeline.procedures.fonts import find_japanese_font
from pipeline.procedures.printing import render_form
from pipeline.review.queue import QueueFilter, list_tasks
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance, advance_batch
from pipeline.steps.audit import audit
from pipeline.steps.intake_paper import Received, receive_files
from pipeline.steps.totals import batch_totals
from pipeline.store.engine import read
from pipeline.store.tables import Arrival, Batch, Document, FieldValue, Page, Submission
from tests.papers import application, blank, pdf, sheet, tiff
from tests.runtime import (
    MAILROOM,
    open_tasks,
    reasons_of,
    receive_export,
    rows_of,
    sample_pack,
    small_export,
    submission,
    task_of,
)

SLIP = BatchSlip(received_on=date(2026, 11, 18), source="mail")
GOOD = tiff(application(1), application(1, page=2))


def hand_over(runtime: Runtime, *files: tuple[str, bytes]) -> Received:
    received = receive_files(runtime, SLIP, files, actor="test")
    if received.batch_id:
        advance_batch(runtime, received.batch_id)
    return received


def locked_pdf() -> bytes:
    target = io.BytesIO()
    canvas = Canvas(target, encrypt=StandardEncryption("secret", ownerPassword="owner"))
    canvas.drawString(100, 100, "locked")
    canvas.save()
    return target.getvalue()


def zip_called_pdf() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.txt", "a")
    return target.getvalue()


def huge_png() -> bytes:
    """A header of 40,000 × 40,000 pixels over hardly any data: whoever decodes it first has lost."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")


REFUSED_FILES = {
    "an empty file": ("scan.pdf", b"", "empty_file"),
    "a truncated PDF": ("scan.pdf", pdf(application(1), application(2))[:-700], "truncated_pdf"),
    "an encrypted PDF": ("scan.pdf", locked_pdf(), "encrypted_pdf"),
    "a picture of 40,000 × 40,000 pixels": ("scan.png", huge_png(), "picture_too_large"),
    "a zip renamed .pdf": ("scan.pdf", zip_called_pdf(), "not_what_it_says"),
}


@pytest.mark.parametrize("case", REFUSED_FILES)
def test_a_file_that_cannot_be_opened(runtime: Runtime, case: str) -> None:
    name, data, code = REFUSED_FILES[case]
    received = hand_over(runtime, (name, data), ("good.tif", GOOD))
    bad, good = (rows_of(runtime, Arrival, id=one)[0] for one in received.arrival_ids)
    # (a) a name, in words that say what to do
    assert (bad.status, bad.problem_code) == (ArrivalStatus.REFUSED, code)
    told = find_error_class(code)
    assert told is not None and told.ja.happened.endswith("。") and told.ja.do_next.endswith("ください。")
    # (b) the bytes
    assert runtime.blobs.get(bad.blob) == data
    # (c) on the mailroom's screen, and the file beside it went on
    (task,) = open_tasks(runtime, TaskKind.MAILROOM)
    assert (task.arrival_id, reasons_of(runtime, task.id)) == (bad.id, {("file_refused", bad.id)})
    (row,) = list_tasks(runtime, MAILROOM, QueueFilter()).rows
    assert (row.reasons[0].code, row.reasons[0].detail) == (ReasonCode.FILE_REFUSED, code)
    assert good.status is ArrivalStatus.TAKEN and len(rows_of(runtime, Submission)) == 1
    with read(runtime.engine) as session:
        totals = batch_totals(session, session.get_one(Batch, received.batch_id))
    assert (totals.refused_files, totals.agree) == (1, False)
    assert audit(runtime).breaches == ()


def test_a_batch_of_nothing_but_a_refused_file(runtime: Runtime) -> None:
    received = hand_over(runtime, ("scan.pdf", b""))
    assert received.batch_id and rows_of(runtime, Submission) == []
    assert len(open_tasks(runtime, TaskKind.MAILROOM)) == 1 and audit(runtime).breaches == ()


def test_500_blank_pages(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.steps import intake_paper

    # Looking at 500 pictures is another test's; here they are small, and blank at a glance.
    monkeypatch.setattr(intake_paper, "is_blank", lambda image: bool(image.min() == 255))
    data = tiff(*[Image.new("1", (165, 234), 1)] * 500, dpi=20)
    received = hand_over(runtime, ("blank.tif", data))
    pages = rows_of(runtime, Page, batch_id=received.batch_id)
    assert len(pages) == 500 and {page.fate for page in pages} == {PageFate.BLANK}
    assert len({page.blob for page in pages}) == 1, "the same white page is kept once"
    assert rows_of(runtime, Submission) == []
    assert runtime.blobs.get(rows_of(runtime, Arrival)[0].blob) == data
    with read(runtime.engine) as session:
        totals = batch_totals(session, session.get_one(Batch, received.batch_id))
    assert (totals.received, totals.exceptions) == (500, {"blank": 500})
    assert audit(runtime).breaches == ()


def filled_form(turned: int) -> bytes:
    """The application's first page as printed, consent ticked, turned clockwise."""
    pack = sample_pack().procedure
    form = pack.get_form("application", 1)
    import pypdfium2

    document = pypdfium2.PdfDocument(render_form(pack, form, {}, None, find_japanese_font()))
    dpi = 150
    picture = np.array(document[0].render(scale=dpi / 72).to_pil().convert("L"))
    tick: Any = next(box for box in form.pages[0].boxes if box.field == "consent")
    x, y, w, h = (round(mm / 25.4 * dpi) for mm in (tick.box.x, tick.box.y, tick.box.w, tick.box.h))
    for step in range(w):  # a stroke from corner to corner
        picture[y + step * h // w : y + step * h // w + 3, x + step : x + step + 3] = 0
    target = io.BytesIO()
    Image.fromarray(np.rot90(picture, -turned // 90)).save(target, "PNG", dpi=(dpi, dpi))
    return target.getvalue()


@pytest.mark.parametrize("turned", [180, 90])
def test_a_page_upside_down_is_read_right(rostered: Runtime, turned: int) -> None:
    received = hand_over(rostered, ("turned.png", filled_form(turned)))
    (page,) = rows_of(rostered, Page, batch_id=received.batch_id)
    assert (page.fate, page.form_page) == (PageFate.IN_DOCUMENT, 1)
    (one,) = rows_of(rostered, Submission)
    advance(rostered, one.id)
    (page,) = rows_of(rostered, Page, batch_id=received.batch_id)
    assert page.rotation == (360 - turned) % 360 and page.registration_error_mm < 1
    (consent,) = rows_of(rostered, FieldValue, submission_id=one.id, key="consent")
    assert consent.value == "true"
    view = np.array(Image.open(io.BytesIO(rostered.blobs.get(page.view))).convert("L"))
    assert view.shape[0] > view.shape[1]
    x, y = (round(mm / 25.4 * 150) for mm in (consent.box_x, consent.box_y))
    assert view[y : y + 30, x : x + 30].min() < 100, "the tick stands where its box says, on the upright view"


def test_a_page_of_an_unknown_form(runtime: Runtime) -> None:
    received = hand_over(runtime, ("scan.tif", tiff(sheet(number=3))))
    (one,) = rows_of(runtime, Submission)
    assert advance(runtime, one.id) is SubmissionStatus.IN_REVIEW
    assert ("unknown_form", "") in reasons_of(runtime, task_of(runtime, one.id).id)
    (document,) = rows_of(runtime, Document)
    (page,) = rows_of(runtime, Page, batch_id=received.batch_id)
    assert document.kind is DocumentKind.UNKNOWN_FORM and page.document_id == document.id
    assert "固定資産税 口座振替依頼書" in page.full_text
    assert runtime.blobs.has(page.blob) and audit(runtime).breaches == ()


def portal(change: Any = lambda text: text) -> bytes:
    data, _ = small_export("portal_utf8/portal_20261106.csv")
    return str(change(data.decode("utf-8-sig"))).encode()


def renamed(text: str) -> str:
    return text.replace("児童1_フリガナ", "よみ")


REFUSED_EXPORTS = {
    "in the wrong encoding": (portal().decode().encode("euc_jp"), "wrong_encoding", "CP932"),
    "lacking a mapped column": (
        portal(lambda text: text.replace("児童1_フリガナ", "よみ")),
        "missing_column",
        "児童1_フリガナ",
    ),
    "empty": (b"", "empty_file", ""),
}


@pytest.mark.parametrize("case", REFUSED_EXPORTS)
def test_a_table_that_cannot_be_taken(runtime: Runtime, case: str) -> None:
    data, code, words = REFUSED_EXPORTS[case]
    received = receive_export(runtime, "portal", data)
    assert received.refusal is not None and received.refusal.code == code
    assert words.lower() in received.refusal.message_ja.lower() and "ください" in received.refusal.message_ja
    (arrival,) = rows_of(runtime, Arrival)
    assert (arrival.status, arrival.problem_code) == (ArrivalStatus.REFUSED, code)
    assert runtime.blobs.get(arrival.blob) == data
    (task,) = open_tasks(runtime, TaskKind.MAILROOM)
    assert reasons_of(runtime, task.id) == {("file_refused", arrival.id)}
    assert rows_of(runtime, Submission) == []
    # Handed over again: the same answer, and no second task.
    assert receive_export(runtime, "portal", data).refusal is not None
    assert len(open_tasks(runtime, TaskKind.MAILROOM)) == len(rows_of(runtime, Arrival)) == 1


def test_a_record_whose_date_is_in_the_99th_year_of_reiwa(rostered: Runtime) -> None:
    odd_date = portal(lambda text: text.replace("昭和55年10月12日", "令和99年1月1日"))
    _, files = small_export("portal_utf8/portal_20261106.csv")
    received = receive_export(rostered, "portal", odd_date, files)
    assert len(received.taken) == 5 and not received.problems, "a value is wrong, not the row"
    stand = {one: advance(rostered, one) for one in received.taken}
    odd = next(one for one in received.taken if submission(rostered, one).source_number == "2026110000001")
    assert stand[odd] is SubmissionStatus.IN_REVIEW
    (value,) = rows_of(rostered, FieldValue, submission_id=odd, key="applicant_birth_date")
    assert (value.raw, value.value, value.problem, value.accepted) == (
        "令和99年1月1日",
        None,
        "no_such_day",
        False,
    )
    assert ("field_invalid", "applicant_birth_date") in reasons_of(rostered, task_of(rostered, odd).id)
    assert list(stand.values()).count(SubmissionStatus.SETTLED) == 3, "the others went on"


def test_a_receipt_number_seen_before_with_other_content(rostered: Runtime) -> None:
    (first, *_) = receive_export(rostered, "portal", portal()).taken
    before = rows_of(rostered, FieldValue, submission_id=first)
    other = receive_export(rostered, "portal", portal(lambda text: text.replace("3542418", "9999999")))
    assert (other.taken, other.already, len(other.changed)) == ([], 4, 1)
    (arrival,) = rows_of(rostered, Arrival, id=other.changed[0])
    assert (arrival.status, arrival.problem_code) == (ArrivalStatus.REFUSED, "receipt_changed")
    assert "9999999" in rostered.blobs.get(arrival.blob).decode()
    (task,) = open_tasks(rostered, TaskKind.MAILROOM)
    assert {code for code, _ in reasons_of(rostered, task.id)} == {ReasonCode.RECEIPT_CHANGED}
    assert rows_of(rostered, FieldValue, submission_id=first) == before


def test_the_same_scan_file_twice(runtime: Runtime) -> None:
    first = hand_over(runtime, ("a.tif", GOOD))
    second = hand_over(runtime, ("b.tif", GOOD))
    assert (second.batch_id, second.repeated) == (None, 1)
    (repeat,) = rows_of(runtime, Arrival, id=second.arrival_ids[0])
    assert (repeat.status, repeat.repeats_id) == (ArrivalStatus.REPEATED, first.arrival_ids[0])
    assert runtime.secrets.unseal(repeat.name_token) == "b.tif"
    assert runtime.blobs.get(repeat.blob) == GOOD
    assert len(rows_of(runtime, Submission)) == 1 and len(rows_of(runtime, Page)) == 2


def test_one_bad_page_in_a_good_file(runtime: Runtime) -> None:
    target = io.BytesIO()
    pages = [page.convert("L") for page in (application(1), application(1, page=2), blank())]
    pages[0].save(target, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_adobe_deflate")
    stack = bytearray(target.getvalue())
    # The picture of the second page is overwritten; its neighbours are whole.
    with Image.open(io.BytesIO(bytes(stack))) as picture:
        picture.seek(1)
        start = picture.tag_v2[273][0]  # type: ignore[attr-defined]
    stack[start : start + 20] = b"\xff" * 20
    received = hand_over(runtime, ("a.tif", bytes(stack)))
    fates = {page.position: (page.fate, page.problem_code) for page in rows_of(runtime, Page)}
    assert fates[1][0] is PageFate.IN_DOCUMENT and fates[3][0] is PageFate.BLANK
    assert fates[2] == (PageFate.UNREADABLE, "damaged_file")
    (task,) = open_tasks(runtime, TaskKind.MAILROOM)
    assert task.batch_id == received.batch_id and reasons_of(runtime, task.id) == {("page_missing", "2")}
    assert audit(runtime).breaches == ()
