"""Paper in, on both databases: every sheet is accounted for, and handing over again changes nothing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest

from pipeline.channels.slip import BatchSlip
from pipeline.domain.statuses import (
    ArrivalStatus,
    BatchStatus,
    DocumentKind,
    PageFate,
    SubmissionStatus,
    TaskKind,
)
from pipeline.runtime import Runtime
from pipeline.steps import assemble, intake_paper
from pipeline.steps.advance import advance, advance_batch, arrivals_of
from pipeline.steps.assemble import NotTaken, assemble_batch
from pipeline.steps.audit import audit
from pipeline.steps.intake_paper import Received, receive_files, take_pages
from pipeline.steps.stalled import find_stalled
from pipeline.steps.totals import batch_totals
from pipeline.store.engine import read
from pipeline.store.tables import Arrival, Attachment, Batch, Document, Page, Submission
from tests.papers import application, blank, letter_back, pdf, png, separator, sheet, tiff
from tests.runtime import advance_all, event_kinds, open_tasks, reasons_of, rows_of, submission, task_of

SLIP = BatchSlip(received_on=date(2026, 11, 18), source="mail", counted_sheets=9)
STACK = tiff(
    application(1), application(1, page=2), sheet(number=5),  # one envelope with a copy of something
    blank(), separator(), sheet(number=7),  # a blank back, a separator, then a form nobody knows
    application(2, page=2),  # a page 2 that lost its page 1
    application(3), separator("identity"),
)  # fmt: skip


def hand_over(runtime: Runtime, *files: bytes, key: str | None = None, slip: BatchSlip = SLIP) -> Received:
    named = [(f"scan{number}.tif", data) for number, data in enumerate(files)]
    return receive_files(runtime, slip, named, actor="test", key=key)


def totals(runtime: Runtime, batch_id: str) -> Any:
    with read(runtime.engine) as session:
        return batch_totals(session, session.get_one(Batch, batch_id))


def taken(runtime: Runtime, *files: bytes) -> tuple[str, list[str]]:
    received = hand_over(runtime, *files)
    assert received.batch_id is not None
    return received.batch_id, advance_batch(runtime, received.batch_id)


def test_every_sheet_is_accounted_for(runtime: Runtime) -> None:
    batch_id, submissions = taken(runtime, STACK)
    pages = sorted(rows_of(runtime, Page, batch_id=batch_id), key=lambda page: page.position)
    assert [page.position for page in pages] == list(range(1, 10))
    assert [page.fate for page in pages] == [
        PageFate.IN_DOCUMENT, PageFate.IN_DOCUMENT, PageFate.IN_DOCUMENT, PageFate.BLANK, PageFate.SEPARATOR,
        PageFate.IN_DOCUMENT, PageFate.ORPHAN_PAGE, PageFate.IN_DOCUMENT, PageFate.SEPARATOR,
    ]  # fmt: skip
    found = totals(runtime, batch_id)
    assert found.received == 9 == found.in_documents + sum(found.exceptions.values())
    assert found.exceptions == {"blank": 1, "separator": 2, "orphan_page": 1} and found.agree
    assert len(submissions) == 3
    kinds = {d.position: d.kind for d in rows_of(runtime, Document)}
    form, paper, unknown = DocumentKind.FORM, DocumentKind.ATTACHMENT, DocumentKind.UNKNOWN_FORM
    assert kinds == {1: form, 3: paper, 6: unknown, 8: form}
    assert audit(runtime).breaches == ()


def test_the_receipt_date_is_the_stamp_and_not_the_scan(runtime: Runtime) -> None:
    _, (one, *_) = taken(runtime, STACK)
    found = submission(runtime, one)
    assert found.received_on == date(2026, 11, 18) and found.receipt_number == "R8-000001"
    assert found.received_at.isoformat() == "2026-11-18T03:00:00+00:00"
    assert event_kinds(runtime, one) == ["submission_received"]


def test_a_lost_page_stands_on_a_screen(runtime: Runtime) -> None:
    batch_id, _ = taken(runtime, STACK)
    (task,) = open_tasks(runtime, TaskKind.MAILROOM)
    assert task.batch_id == batch_id
    assert reasons_of(runtime, task.id) == {("page_missing", "7")}


def test_a_count_that_disagrees_stands_on_a_screen(runtime: Runtime) -> None:
    batch_id, _ = taken(runtime, tiff(application(1), application(1, page=2)))
    (task,) = open_tasks(runtime, TaskKind.MAILROOM)
    assert reasons_of(runtime, task.id) == {("sheets_disagree", batch_id)}
    assert not totals(runtime, batch_id).agree


def test_a_page_keeps_its_picture_as_scanned(runtime: Runtime) -> None:
    from pipeline.channels.paper import decode_page, iter_pages

    batch_id, _ = taken(runtime, STACK)
    originals = list(iter_pages(STACK))
    for page in rows_of(runtime, Page, batch_id=batch_id):
        original: Any = originals[page.page_index]
        assert (decode_page(runtime.blobs.get(page.blob)) == original.image).all()
        assert page.dpi == pytest.approx(100, abs=1)


def test_what_cannot_be_read_waits_for_a_person_with_what_was_seen(runtime: Runtime) -> None:
    batch_id, submissions = taken(runtime, STACK)
    assert {advance(runtime, one) for one in submissions} == {SubmissionStatus.IN_REVIEW}
    codes = [{code for code, _ in reasons_of(runtime, task_of(runtime, one).id)} for one in submissions]
    assert ["reading_failed" in one for one in codes] == [True, False, True]
    assert "unknown_form" in codes[1]
    (unknown,) = rows_of(runtime, Page, batch_id=batch_id, position=6)
    assert "口座振替依頼書" in unknown.full_text
    (copy,) = rows_of(runtime, Page, batch_id=batch_id, position=3)
    assert copy.view, "an attachment is there to be looked at"
    assert audit(runtime).breaches == ()


def test_a_separator_names_the_attachment(runtime: Runtime) -> None:
    _, (one,) = taken(runtime, tiff(application(1), separator("identity"), sheet(number=4), sheet(number=6)))
    papers = sorted(rows_of(runtime, Attachment, submission_id=one), key=lambda paper: paper.position)
    assert [paper.kind for paper in papers] == ["identity", "identity"]


def test_the_same_scan_file_again_is_recorded_and_not_read(runtime: Runtime) -> None:
    batch_id, submissions = taken(runtime, STACK)
    pages = len(rows_of(runtime, Page))
    again = hand_over(runtime, STACK)
    assert (again.batch_id, again.repeated) == (None, 1)
    (row,) = rows_of(runtime, Arrival, id=again.arrival_ids[0])
    (first,) = arrivals_of(runtime, batch_id)
    assert (row.status, row.repeats_id) == (ArrivalStatus.REPEATED, first)
    assert take_pages(runtime, row.id) == 0
    assert (len(rows_of(runtime, Page)), len(rows_of(runtime, Submission))) == (pages, len(submissions))
    assert len(rows_of(runtime, Batch)) == 1


def test_the_same_scan_file_twice_in_one_hand_over(runtime: Runtime) -> None:
    other = tiff(application(4), application(4, page=2))
    received = hand_over(runtime, STACK, other, STACK)
    assert received.repeated == 1 and received.batch_id is not None
    rows = [rows_of(runtime, Arrival, id=one)[0] for one in received.arrival_ids]
    assert [row.status for row in rows] == ["stored", "stored", "repeated"]
    assert rows[2].repeats_id == rows[0].id
    assert len(advance_batch(runtime, received.batch_id)) == 4
    assert totals(runtime, received.batch_id).received == 11


def test_a_repeat_beside_a_new_file_leaves_the_new_one_alone(runtime: Runtime) -> None:
    taken(runtime, STACK)
    received = hand_over(runtime, STACK, tiff(application(4), application(4, page=2)))
    assert received.repeated == 1 and received.batch_id is not None
    assert len(advance_batch(runtime, received.batch_id)) == 1
    assert totals(runtime, received.batch_id).received == 2


def test_the_same_key_is_the_same_batch(runtime: Runtime) -> None:
    first, second = (hand_over(runtime, STACK, key="upload-1") for _ in range(2))
    assert first == second and first.batch_number == "2026-11-22-01"
    assert len(rows_of(runtime, Batch)) == len(rows_of(runtime, Arrival)) == 1


def test_a_double_click_is_one_batch(runtime: Runtime) -> None:
    gate = threading.Barrier(4)

    def click(_: int) -> Received:
        gate.wait()
        return hand_over(runtime, STACK, key="upload-1")

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(click, range(4)))
    assert len(found) == 1 and len(rows_of(runtime, Batch)) == 1


def test_two_workers_on_one_batch_make_each_submission_once(runtime: Runtime) -> None:
    received = hand_over(runtime, STACK)
    assert received.batch_id is not None
    batch_id, gate = received.batch_id, threading.Barrier(3)

    def work(_: int) -> tuple[str, ...]:
        gate.wait()
        return tuple(advance_batch(runtime, batch_id))

    with ThreadPoolExecutor(3) as pool:
        answers = set(pool.map(work, range(3)))
    assert len(answers) == 1
    assert (len(rows_of(runtime, Page)), len(rows_of(runtime, Submission))) == (9, 3)
    assert audit(runtime).breaches == ()


def test_a_stack_is_not_assembled_before_all_its_files_are_cut(runtime: Runtime) -> None:
    received = hand_over(runtime, STACK, tiff(application(4), application(4, page=2)))
    assert received.batch_id is not None
    take_pages(runtime, received.arrival_ids[0])
    with pytest.raises(NotTaken):
        assemble_batch(runtime, received.batch_id)
    assert rows_of(runtime, Batch)[0].status is BatchStatus.RECEIVED
    take_pages(runtime, received.arrival_ids[1])
    assert len(assemble_batch(runtime, received.batch_id)) == 4


@pytest.mark.parametrize("crash", ["_page_row", "_make_submission", "_report_exceptions"])
def test_a_crash_half_way_is_mended_by_doing_it_again(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, crash: str
) -> None:
    received = hand_over(runtime, STACK, pdf(application(4), application(4, page=2)))
    assert received.batch_id is not None
    place = intake_paper if crash == "_page_row" else assemble
    real, calls = getattr(place, crash), []

    def stops(*given: Any) -> Any:
        calls.append(1)
        if len(calls) == (2 if crash != "_report_exceptions" else 1):
            raise KeyboardInterrupt
        return real(*given)

    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(place, crash, stops)
        advance_batch(runtime, received.batch_id)
    assert rows_of(runtime, Submission) == []
    assert [one for one, _ in find_stalled(runtime, timedelta(0)).batches] == [received.batch_id]
    assert len(advance_batch(runtime, received.batch_id)) == 4
    assert find_stalled(runtime, timedelta(0)).batches == ()
    assert len(rows_of(runtime, Page)) == 11
    numbers = sorted(one.receipt_number for one in rows_of(runtime, Submission))
    assert numbers == [f"R8-{number:06d}" for number in range(1, 5)]
    assert audit(runtime).breaches == ()


def test_a_letter_that_comes_back_belongs_to_what_it_answers(runtime: Runtime) -> None:
    _, (first, *_) = taken(runtime, STACK)
    _, (answer,) = taken(runtime, tiff(letter_back(first), application(9), application(9, page=2)))
    assert submission(runtime, answer).answers_id == first
    advance_all(runtime)
    assert ("resubmitted", first) in reasons_of(runtime, task_of(runtime, answer).id)


def test_files_are_one_stack_in_the_order_handed_over(runtime: Runtime) -> None:
    batch_id, submissions = taken(runtime, png(application(1)), png(application(1, page=2)))
    assert len(submissions) == 1
    pages = sorted(rows_of(runtime, Page, batch_id=batch_id), key=lambda page: page.position)
    assert [page.form_page for page in pages] == [1, 2]
