"""Files that hold many people's applications, cases of two ages, and what comes again after it was erased."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlmodel import col, select

from pipeline.domain.statuses import ArrivalStatus, TaskStatus
from pipeline.review.decisions import withdraw
from pipeline.review.merging import merge_persons, undo_regrouping
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.erasure.blockers import Blocker
from pipeline.steps.erasure.run import look
from pipeline.steps.intake_paper import receive_files
from pipeline.steps.merged import index_people
from pipeline.steps.regroup_errors import ErasedSince
from pipeline.store.engine import write
from pipeline.store.tables import (
    Arrival,
    Batch,
    Case,
    Entry,
    Link,
    MatchKey,
    Page,
    Person,
    ReviewTask,
    RosterRow,
    Submission,
)
from tests.erasing import DUE, SLIP, ended, erase_all, rows_in, settle_all, take_batch, wait_until
from tests.papers import application, blank, tiff
from tests.runtime import NOW, PROCEDURE, REVIEWER, advance_all, receive_export, rows_of, small_export, task_of

__all__ = ["ended"]

LATER = DUE + timedelta(days=366)


def pictures(runtime: Runtime) -> list[bool]:
    """For every page in the order of the stack, whether its picture is there."""
    pages = sorted(rows_in(runtime, Page), key=lambda page: page.position)
    return [page.blob is not None and runtime.blobs.has(page.blob) for page in pages]


def test_one_scan_file_two_applications_of_different_years(runtime: Runtime) -> None:
    first, second = take_batch(
        runtime, application(1), application(1, page=2), application(2), application(2, page=2), blank()
    )
    scan = rows_of(runtime, Arrival)[0].blob
    task = task_of(runtime, first)
    withdraw(runtime, REVIEWER, task.id, "阿部さんに確認", task.version)
    wait_until(runtime, NOW + timedelta(days=366))
    task = task_of(runtime, second)
    withdraw(runtime, REVIEWER, task.id, "阿部さんに確認", task.version)

    report = erase_all(runtime)
    assert (report.submissions, report.finished) == (1, True)
    assert pictures(runtime) == [False, False, True, True, True], "the other one's sheets stay"
    assert not runtime.blobs.has(scan), "the file shows both people's sheets, and goes with the first"
    assert audit(runtime).breaches == ()

    assert erase_all(runtime, LATER).submissions == 1
    assert pictures(runtime) == [False] * 5
    assert [row.blob for row in rows_of(runtime, Arrival)] == [""]
    assert audit(runtime).breaches == ()


def test_a_batch_with_an_open_task_waits_whole(runtime: Runtime) -> None:
    take_batch(
        runtime, application(1), application(1, page=2), slip=SLIP.__class__(**{**vars(SLIP), "counted_sheets": 9})
    )
    for task in rows_of(runtime, ReviewTask, batch_id=rows_of(runtime, Batch)[0].id, status=TaskStatus.OPEN):
        if task.submission_id:
            withdraw(runtime, REVIEWER, task.id, "", task.version)
    report = erase_all(runtime)
    assert report.blocked == {Blocker.CARRIER_OPEN: 1} and report.number == ""


def test_a_case_is_kept_as_long_as_its_youngest_application(ended: Runtime) -> None:
    entries = [entry for entry in rows_in(ended, Entry) if entry.case_id]
    young = next(row for row in rows_in(ended, Submission) if row.id not in {one.submission_id for one in entries})
    case_id = entries[0].case_id
    old = {one.submission_id for one in entries if one.case_id == case_id}
    with write(ended.engine) as session:
        session.add(Entry(submission_id=young.id, role="child", role_index=9, status="in_case", case_id=case_id))
        later = NOW + timedelta(days=366)
        session.execute(update(Submission).where(col(Submission.id) == young.id).values(ended_at=later))
    erase_all(ended)
    erased = {row.id for row in rows_in(ended, Submission) if row.erased_at}
    assert erased and not erased & {*old, young.id}
    erase_all(ended, LATER)
    assert all(row.erased_at for row in rows_in(ended, Submission))
    assert audit(ended).breaches == ()


def test_an_answer_goes_with_what_it_answers(ended: Runtime) -> None:
    one, two, *_ = rows_in(ended, Submission)
    with write(ended.engine) as session:
        session.execute(update(Submission).where(col(Submission.id) == two.id).values(answers_id=one.id))
    wait_until(ended, DUE)
    files = [file for file in look(ended, PROCEDURE).files if one.id in file.submission_ids]
    assert len(files) == 1 and two.id in files[0].submission_ids


def test_an_export_that_repeats_an_erased_record_goes_too(rostered: Runtime) -> None:
    data, files = small_export("portal_utf8/portal_20261106.csv")
    lines = data.splitlines(keepends=True)
    receive_export(rostered, "portal", b"".join(lines[:3]), files)
    advance_all(rostered)
    settle_all(rostered)
    wait_until(rostered, NOW + timedelta(days=366))
    receive_export(rostered, "portal", data, files, name="whole.csv")
    advance_all(rostered)
    report = erase_all(rostered)
    assert report.finished and report.submissions > 0
    exports = [row for row in rows_in(rostered, Arrival) if row.source.startswith("export:")]
    assert [row.blob for row in exports] == ["", ""]
    kept = [row for row in rows_in(rostered, Submission) if row.erased_at is None]
    assert kept, "the other applications of the second export stay"
    for row in kept:
        assert rostered.blobs.has(rows_of(rostered, Arrival, id=row.arrival_id)[0].blob)
    assert audit(rostered).breaches == ()


def test_what_was_erased_is_not_taken_anew(ended: Runtime) -> None:
    erase_all(ended)
    before = {row.id for row in rows_in(ended, Submission)}
    data, files = small_export("portal_utf8/portal_20261106.csv")
    again = receive_export(ended, "portal", data, files)
    assert again.refusal is not None and again.refusal.code == "erased_before"
    other = receive_export(ended, "portal", data + b"\r\n", files, name="other.csv")
    kept = {row.id for row in rows_in(ended, Arrival) if row.blob}
    assert len(kept) == 1 + len(files), "the export that came anew, with its files"
    assert (other.taken, other.changed) == ([], []) and other.already > 0
    assert {row.id for row in rows_in(ended, Submission)} == before
    stack = tiff(application(1), application(1, page=2), application(2), application(2, page=2), blank())
    received = receive_files(ended, SLIP, [("b.tif", stack)], actor="test")
    assert (received.batch_id, received.repeated) == (None, 1)
    report = erase_all(ended, DUE + timedelta(days=1))
    assert (report.submissions, report.finished) == (0, True)
    assert [row.status for row in rows_in(ended, Arrival)].count(ArrivalStatus.REPEATED) == 1
    assert all(row.blob == "" for row in rows_in(ended, Arrival))
    assert audit(ended).breaches == ()


def test_a_person_whom_only_the_application_named_goes(ended: Runtime) -> None:
    case = rows_in(ended, Case)[0]
    with write(ended.engine) as session:
        session.execute(update(Person).where(col(Person.id) == case.subject_id).values(source="application"))
        session.execute(delete(RosterRow).where(col(RosterRow.person_id) == case.subject_id))
    people = len(rows_in(ended, Person))
    erase_all(ended)
    person = rows_of(ended, Person, id=case.subject_id)[0]
    assert (person.name, person.kana, person.birth_date, person.address, person.phone) == ("", "", None, None, None)
    assert len(rows_in(ended, Person)) == people, "the case still names whom it was about, by id"
    assert audit(ended).breaches == ()


def test_somebody_who_was_merged_goes_with_the_last_application_that_named_them(ended: Runtime) -> None:
    """Their merge may be undone while one of their applications is there; then nothing of them finds anybody."""
    case = rows_in(ended, Case)[0]
    with write(ended.engine) as session:
        gone = Person(name="旧姓 花子", kana="キュウセイ ハナコ", address="みどり市旧町1", source="application")
        session.add(gone)
        session.flush()
        link = session.exec(select(Link).where(Link.person_id == case.subject_id)).first()
        assert link is not None
        link.person_id = gone.id
        session.add(link)
        session.flush()
        index_people(session, [gone.id], ended.secrets.key)
    before = {row.key for row in rows_of(ended, MatchKey, person_id=case.subject_id)}
    merge = merge_persons(ended, REVIEWER, case.subject_id, gone.id)
    assert len({row.key for row in rows_of(ended, MatchKey, person_id=case.subject_id)}) > len(before)
    erase_all(ended)
    (row,) = rows_of(ended, Person, id=gone.id)
    assert (row.name, row.kana, row.address) == ("", "", None) and row.merged_into == case.subject_id
    assert {row.key for row in rows_of(ended, MatchKey, person_id=case.subject_id)} == before
    with pytest.raises(ErasedSince):
        undo_regrouping(ended, REVIEWER, merge)
    assert audit(ended).breaches == ()


def test_protected_people_stay_protected(ended: Runtime) -> None:
    with write(ended.engine) as session:
        for model in (Submission, Case, ReviewTask):
            session.execute(update(model).values(protected=True))
    assert erase_all(ended).finished
    assert all(row.protected for row in [*rows_in(ended, Submission), *rows_in(ended, Case)])
    assert {breach.rule for breach in audit(ended).breaches} <= {"protected_are_whole", "drafts_unaltered"}
