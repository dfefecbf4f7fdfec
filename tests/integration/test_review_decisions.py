"""What clerks decide, on both databases: fields, people, duplicates, corrections, ends."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pypdfium2
import pytest
from sqlmodel import col, select

from ocr.codes import find_codes
from pipeline.domain.errors import Impossible, NotVisible
from pipeline.domain.statuses import (
    Channel,
    EndReason,
    EntryStatus,
    LinkStatus,
    Origin,
    OutboundStatus,
    SubmissionStatus,
    TaskStatus,
)
from pipeline.review.approvals import approve_draft
from pipeline.review.decisions import (
    DeficiencyDraft,
    StillUnclear,
    accept,
    adopt,
    keep_earlier,
    refer,
    request_correction,
    withdraw,
)
from pipeline.review.drafts import DraftScope, Proposal, make_draft
from pipeline.review.fields import NotAValue, accept_field, correct_field
from pipeline.review.history import history_of
from pipeline.review.persons import new_person, not_same_person, same_person, undo_link
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance
from pipeline.steps.audit import audit
from pipeline.steps.export import export_decided
from pipeline.steps.numbers import receipt_number
from pipeline.store.engine import read, write
from pipeline.store.tables import (
    Candidate,
    Case,
    CorrectionRequest,
    Deficiency,
    Entry,
    FieldValue,
    Finding,
    Link,
    Outbound,
    Person,
    ReviewTask,
    Submission,
)
from tests.runtime import (
    CHIEF,
    DEPARTMENT,
    NOW,
    PROCEDURE,
    REVIEWER,
    by_source_number,
    event_kinds,
    reasons_of,
    receive_export,
    rows_of,
    small_export,
    submission,
    task_of,
)

NO_CONSENT, NO_PHONE, UNKNOWN = "C26-004056", "C26-004063", "2026110000006"


def at(runtime: Runtime, number: str) -> tuple[str, str, int]:
    """Id of the submission that was sent under this number, its task and the task's version."""
    one = by_source_number(runtime, number)
    task = task_of(runtime, one.id)
    return one.id, task.id, task.version


def again(runtime: Runtime, number: str = "2026110000001", sent_as: str = "2026110000901") -> str:
    """The same application once more, advanced; gives its id."""
    data, files = small_export("portal_utf8/portal_20261106.csv")
    lines = data.decode("utf-8-sig").splitlines()
    row = next(line for line in lines if line.startswith(number)).replace(f"{number},", f"{sent_as},", 1)
    (one,) = receive_export(runtime, "portal", f"{lines[0]}\n{row}\n".encode(), files).taken
    assert advance(runtime, one) is SubmissionStatus.IN_REVIEW
    return one


def value(runtime: Runtime, submission_id: str, key: str) -> FieldValue:
    (row,) = rows_of(runtime, FieldValue, submission_id=submission_id, key=key)
    found: FieldValue = row
    return found


# --- fields


def test_a_correction_runs_checks_again_and_the_clerk_then_accepts(small: Runtime) -> None:
    one, task, version = at(small, NO_PHONE)
    assert [row.code for row in rows_of(small, Finding, submission_id=one)] == ["required"]
    correct_field(small, REVIEWER, task, "phone", "0277-72-1234", version)
    row = value(small, one, "phone")
    assert (row.value, row.raw, row.origin, row.accepted) == (
        "0277721234",
        "0277-72-1234",
        Origin.CLERK,
        True,
    )
    assert rows_of(small, Finding, submission_id=one) == []
    assert submission(small, one).status is SubmissionStatus.IN_REVIEW, "software settles nothing in review"
    assert reasons_of(small, task) == set()
    accept(small, REVIEWER, task, task_of(small, one).version)
    found = submission(small, one)
    assert (found.status, found.straight_through) == (SubmissionStatus.SETTLED, False)
    assert len([case for case in rows_of(small, Case) if case.adopted_submission_id == one]) == 2
    assert "decided_correct_field" in event_kinds(small, task) and "decided_accept" in event_kinds(small, task)
    assert event_kinds(small, one)[-1] == "submission_settled"
    assert audit(small).breaches == ()


def test_a_correction_runs_matching_again(small: Runtime) -> None:
    one, task, version = at(small, NO_PHONE)
    (before,) = rows_of(small, Link, submission_id=one, role="child", role_index=1)
    correct_field(small, REVIEWER, task, "child_name.1", "鈴鹿 権兵衛", version)
    version = task_of(small, one).version
    correct_field(small, REVIEWER, task, "child_kana.1", "スズカ ゴンベエ", version)
    version = task_of(small, one).version
    correct_field(small, REVIEWER, task, "child_birth_date.1", "平成30年1月2日", version)
    assert value(small, one, "child_birth_date.1").value == "2018-01-02"
    active = [
        link for link in rows_of(small, Link, submission_id=one, role="child", role_index=1) if link.status.is_active
    ]
    assert active == [], "the old link no longer holds"
    assert rows_of(small, Link, id=before.id)[0].status is LinkStatus.UNDONE, "nor is it erased"
    assert {about for code, about in reasons_of(small, task) if "person" in code or "roster" in code} == {"child.1"}


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("child_birth_date.1", "令和99年1月1日"),
        ("postal_code", "12"),
        ("account_type", "定期"),
        ("phone", "なし"),
    ],
)
def test_what_is_no_value_changes_nothing(small: Runtime, key: str, typed: str) -> None:
    one, task, version = at(small, NO_CONSENT)
    before = rows_of(small, FieldValue, submission_id=one)
    with pytest.raises(NotAValue) as caught:
        correct_field(small, REVIEWER, task, key, typed, version)
    assert typed not in str(caught.value)
    assert rows_of(small, FieldValue, submission_id=one) == before
    assert task_of(small, one).version == version and "decided_correct_field" not in event_kinds(small, task)


def test_clearing_a_field_that_is_needed_is_found_by_the_checks(small: Runtime) -> None:
    one, task, version = at(small, NO_CONSENT)
    correct_field(small, REVIEWER, task, "applicant_kana", "  ", version)
    assert value(small, one, "applicant_kana").value is None
    assert {"required", "consent_missing"} <= {row.code for row in rows_of(small, Finding, submission_id=one)}


@pytest.mark.parametrize("key", ["nothing", "child_name.9", "child_name", "phone.1"])
def test_there_is_no_such_field(small: Runtime, key: str) -> None:
    _, task, version = at(small, NO_CONSENT)
    with pytest.raises(Impossible):
        correct_field(small, REVIEWER, task, key, "x", version)


def test_a_reading_in_doubt_is_confirmed_as_it_stands(small: Runtime) -> None:
    one, task, version = at(small, NO_CONSENT)
    with write(small.engine) as session:
        row = session.get_one(FieldValue, value(small, one, "address").id)
        row.accepted, row.reasons, row.confidence, row.origin = False, "low_confidence", 0.4, Origin.OCR
        session.add(row)
    accept_field(small, REVIEWER, task, "address", version)
    row = value(small, one, "address")
    assert row.accepted and not row.reasons and row.origin is Origin.OCR
    assert reasons_of(small, task) == {("check_failed", "consent")}
    assert "decided_accept_field" in event_kinds(small, task)


def test_an_invalid_value_cannot_be_confirmed(small: Runtime) -> None:
    one, task, version = at(small, NO_CONSENT)
    with write(small.engine) as session:
        row = session.get_one(FieldValue, value(small, one, "applicant_birth_date").id)
        row.raw, row.value, row.problem = "令和99年", None, "no_such_day"
        session.add(row)
    with pytest.raises(NotAValue):
        accept_field(small, REVIEWER, task, "applicant_birth_date", version)


# --- people


def test_without_a_person_there_is_no_accepting(small: Runtime) -> None:
    one, task, version = at(small, UNKNOWN)
    with pytest.raises(StillUnclear):
        accept(small, REVIEWER, task, version)
    assert submission(small, one).status is SubmissionStatus.IN_REVIEW
    assert task_of(small, one).version == version


def test_new_people_are_registered_as_the_application_names_them(small: Runtime) -> None:
    one, task, version = at(small, UNKNOWN)
    for role, index in (("applicant", 0), ("child", 1), ("child", 2)):
        new_person(small, REVIEWER, task, role, index, version)
        version = task_of(small, one).version
    links = {(link.role, link.role_index): link for link in rows_of(small, Link, submission_id=one)}
    assert {link.status for link in links.values()} == {LinkStatus.CONFIRMED} and len(links) == 3
    (child,) = rows_of(small, Person, id=links["child", 2].person_id)
    assert (child.name, child.source) == (value(small, one, "child_name.2").value, "application")
    assert event_kinds(small, child.id) == ["person_registered"]
    # Not on any list: a clerk may still say yes, knowing it.
    assert reasons_of(small, task) == {("not_eligible", "child.1"), ("not_eligible", "child.2")}
    accept(small, REVIEWER, task, version)
    assert len([case for case in rows_of(small, Case) if case.adopted_submission_id == one]) == 2
    assert audit(small).breaches == ()


def test_nobody_is_registered_without_a_name(small: Runtime) -> None:
    one, task, version = at(small, UNKNOWN)
    correct_field(small, REVIEWER, task, "child_name.1", "", version)
    people = len(rows_of(small, Person))
    with pytest.raises(Impossible):
        new_person(small, REVIEWER, task, "child", 1, task_of(small, one).version)
    assert len(rows_of(small, Person)) == people


def test_a_clerk_says_who_it_is_and_can_take_it_back(small: Runtime) -> None:
    one, task, version = at(small, UNKNOWN)
    somebody = rows_of(small, Person, source="roster")[0]
    same_person(small, REVIEWER, task, "applicant", 0, somebody.id, version)
    (link,) = [x for x in rows_of(small, Link, submission_id=one, role="applicant") if x.status.is_active]
    assert (link.person_id, link.status, link.made_by) == (
        somebody.id,
        LinkStatus.CONFIRMED,
        REVIEWER.user_id,
    )
    assert ("not_on_roster", "applicant") not in reasons_of(small, task)
    correct_field(small, REVIEWER, task, "phone", "0277-72-1234", task_of(small, one).version)
    assert rows_of(small, Link, id=link.id)[0].status is LinkStatus.CONFIRMED, "a clerk's word outlives matching"
    undo_link(small, REVIEWER, task, "applicant", 0, task_of(small, one).version)
    assert rows_of(small, Link, id=link.id)[0].status is LinkStatus.UNDONE
    assert ("not_on_roster", "applicant") in reasons_of(small, task)
    for kind in ("decided_same_person", "decided_undo_link"):
        assert kind in event_kinds(small, task)


def test_a_clerk_names_whom_nothing_legible_was_written_of(small: Runtime) -> None:
    one, task, version = at(small, NO_CONSENT)
    for key in ("child_name.1", "child_kana.1", "child_birth_date.1", "child_relation.1"):
        correct_field(small, REVIEWER, task, key, "", version)
        version = task_of(small, one).version
    assert ("person_unclear", "child") in reasons_of(small, task)
    (child,) = [p for p in rows_of(small, Person) if p.resident_number == "4929564704"]
    same_person(small, REVIEWER, task, "child", 1, child.id, version)
    assert [e.role_index for e in rows_of(small, Entry, submission_id=one)] == [1]
    accept(small, REVIEWER, task, task_of(small, one).version)
    assert [case.subject_id for case in rows_of(small, Case) if case.adopted_submission_id == one] == [child.id]


def test_not_the_same_is_remembered_until_the_data_change(small: Runtime) -> None:
    one, task, version = at(small, NO_CONSENT)
    (link,) = rows_of(small, Link, submission_id=one, role="child")
    not_same_person(small, REVIEWER, task, "child", 1, link.person_id, version)

    def meant() -> set[str]:
        rows = rows_of(small, Link, submission_id=one, role="child")
        return {row.person_id for row in rows if row.status is not LinkStatus.UNDONE}

    def proposed() -> set[str]:
        rows = rows_of(small, Candidate, submission_id=one, role="child")
        return {row.person_id for row in rows}

    assert link.person_id not in meant() | proposed()
    correct_field(small, REVIEWER, task, "phone", "0277-72-1234", task_of(small, one).version)
    assert link.person_id not in meant() | proposed(), "remembered when matching runs again"
    name = value(small, one, "child_name.1").value or ""
    correct_field(small, REVIEWER, task, "child_name.1", name + "子", task_of(small, one).version)
    assert link.person_id in meant() | proposed(), "what was said changed, so it is asked again"
    assert "decided_not_same_person" in event_kinds(small, task)


@pytest.mark.parametrize(("role", "index"), [("nobody", 0), ("child", 0), ("child", 6), ("applicant", 1)])
def test_there_is_no_such_role(small: Runtime, role: str, index: int) -> None:
    _, task, version = at(small, NO_CONSENT)
    person = rows_of(small, Person)[0]
    for act in (same_person, not_same_person):
        with pytest.raises(Impossible):
            act(small, REVIEWER, task, role, index, person.id, version)
    with pytest.raises(Impossible):
        new_person(small, REVIEWER, task, role, index, version)
    with pytest.raises(NotVisible):
        same_person(small, REVIEWER, task, "child", 1, "nobody", version)


def test_on_a_preprinted_form_a_clerks_word_stays(small: Runtime) -> None:
    parent = next(p for p in rows_of(small, Person) if p.reference_number == "2600010011")
    with write(small.engine) as session:
        row = Submission(
            receipt_number=receipt_number(session, NOW.date()), procedure_id=PROCEDURE,
            pack_version_id=by_source_number(small, UNKNOWN).pack_version_id, channel=Channel.MAIL,
            source="scanner", department="kodomo", received_at=NOW, received_on=NOW.date(),
            reference_number=parent.reference_number, status=SubmissionStatus.CHECKED,
        )  # fmt: skip
        session.add(row)
        session.flush()
        said = {"applicant_name": parent.name, "applicant_birth_date": str(parent.birth_date), "phone": "0277721234"}
        session.add_all(
            FieldValue(submission_id=row.id, key=key, raw=text, value=text, origin=Origin.OCR, confidence=0.5)
            for key, text in said.items()
        )
    one = row.id
    advance(small, one)

    def children() -> dict[int, tuple[str, LinkStatus]]:
        rows = rows_of(small, Link, submission_id=one, role="child")
        return {x.role_index: (x.person_id, x.status) for x in rows if x.status is not LinkStatus.UNDONE}

    before = children()
    assert {status for _, status in before.values()} == {LinkStatus.AUTO} and len(before) == 2
    task = task_of(small, one)
    same_person(small, REVIEWER, task.id, "child", 1, before[1][0], task.version)
    assert children() == {1: (before[1][0], LinkStatus.CONFIRMED), 2: before[2]}
    correct_field(small, REVIEWER, task.id, "phone", "0277-72-1234", task_of(small, one).version)
    assert children() == {1: (before[1][0], LinkStatus.CONFIRMED), 2: before[2]}
    not_same_person(small, REVIEWER, task.id, "child", 2, before[2][0], task_of(small, one).version)
    assert children() == {1: (before[1][0], LinkStatus.CONFIRMED)}


# --- duplicates


def paid(runtime: Runtime) -> list[dict[str, str]]:
    data = export_decided(runtime, REVIEWER, PROCEDURE).data.decode("cp932")
    return list(csv.DictReader(io.StringIO(data)))


@pytest.mark.parametrize(("decide", "adopted"), [(adopt, "second"), (keep_earlier, "first")])
def test_of_two_applications_one_counts_and_one_payment_leaves(small: Runtime, decide: Any, adopted: str) -> None:
    first = by_source_number(small, "2026110000001").id
    second = again(small)
    task = task_of(small, second)
    with pytest.raises(StillUnclear):
        accept(small, REVIEWER, task.id, task.version)
    with write(small.engine) as session:
        row = session.get_one(FieldValue, value(small, second, "account_number").id)
        row.value = "7777777"
        session.add(row)
    assert paid(small) == []
    decide(small, REVIEWER, task.id, task.version)
    assert submission(small, second).status is SubmissionStatus.SETTLED
    entries = [rows_of(small, Entry, submission_id=one)[0] for one in (first, second)]
    assert entries[0].case_id == entries[1].case_id
    (case,) = rows_of(small, Case, id=entries[0].case_id)
    assert case.adopted_submission_id == {"first": first, "second": second}[adopted]
    scope = DraftScope(PROCEDURE, DEPARTMENT)
    draft = make_draft(small, REVIEWER, scope, [Proposal(one.id) for one in rows_of(small, Case)])
    approve_draft(small, CHIEF, draft, 1)
    after = paid(small)
    assert len(after) == len(rows_of(small, Case)) == len({row["宛名番号"] for row in after})
    accounts = {row["口座番号"] for row in after}
    assert ("7777777" in accounts) == (adopted == "second")
    assert (value(small, first, "account_number").value in accounts) == (adopted == "first")
    assert f"decided_{decide.__name__}" in event_kinds(small, task.id)
    assert event_kinds(small, case.id).count("submission_adopted") == (2 if adopted == "second" else 1)
    assert audit(small).breaches == ()


def test_a_third_application_is_a_question_again(small: Runtime) -> None:
    second = again(small)
    task = task_of(small, second)
    adopt(small, REVIEWER, task.id, task.version)
    third = again(small, sent_as="2026110000902")
    first = by_source_number(small, "2026110000001").id
    assert reasons_of(small, task_of(small, third).id) == {("duplicate", first), ("duplicate", second)}


# --- corrections and ends


def test_a_correction_request_is_a_letter_with_everything_and_its_code(small: Runtime) -> None:
    one, task, version = at(small, NO_CONSENT)
    drafts = [
        DeficiencyDraft("consent_missing", "consent", "同意の欄にチェックを入れてください。"),
        DeficiencyDraft("attachment_identity", "identity", "本人確認書類の写しを添えてください。"),
        DeficiencyDraft("x", "", "   "),
    ]
    outbound_id = request_correction(small, REVIEWER, task, drafts, version)
    (letter,) = rows_of(small, Outbound)
    assert (letter.id, letter.status, letter.media_type) == (
        outbound_id,
        OutboundStatus.READY,
        "application/pdf",
    )
    (request,) = rows_of(small, CorrectionRequest)
    assert request.due_on.isoformat() == "2026-12-06"
    assert [row.text for row in rows_of(small, Deficiency)] == [draft.text for draft in drafts[:2]]
    document = pypdfium2.PdfDocument(small.blobs.get(letter.blob))
    text = "".join(page.get_textpage().get_text_range() for page in document)
    for words in (
        "同意の欄にチェックを入れてください。",
        "本人確認書類の写しを添えてください。",
        "令和8年12月6日",
        "全2件",
    ):
        assert words in text
    picture = np.ascontiguousarray(document[0].render(scale=2).to_numpy())
    assert [code.text for code in find_codes(picture)] == [f"IM1:C:{one}"]
    waiting = submission(small, one)
    assert (waiting.status, waiting.due) == (SubmissionStatus.AWAITING_CORRECTION, False)
    held = task_of(small, one)
    assert (held.due_on, held.lease_owner) == (request.due_on, None)
    assert "correction_requested" in event_kinds(small, one)
    assert "decided_request_correction" in event_kinds(small, task)
    assert audit(small).breaches == ()


def test_a_letter_is_dated_as_in_japan(small: Runtime) -> None:
    clock: Any = small.clock
    clock.pass_(hours=15)  # past midnight in Japan, not yet in Greenwich
    _, task, version = at(small, NO_CONSENT)
    draft = DeficiencyDraft("consent_missing", "consent", "同意の欄にチェックを入れてください。")
    request_correction(small, REVIEWER, task, [draft], version)
    (letter,) = rows_of(small, Outbound)
    page = pypdfium2.PdfDocument(small.blobs.get(letter.blob))[0]
    assert "令和8年11月23日" in page.get_textpage().get_text_range()


def test_nothing_asked_for_is_no_request(small: Runtime) -> None:
    one, task, version = at(small, NO_CONSENT)
    with pytest.raises(Impossible):
        request_correction(small, REVIEWER, task, [DeficiencyDraft("x", "", " ")], version)
    assert submission(small, one).status is SubmissionStatus.IN_REVIEW


def test_what_waits_for_the_applicant_can_still_be_mended(small: Runtime) -> None:
    one, task, version = at(small, NO_CONSENT)
    draft = DeficiencyDraft("consent_missing", "consent", "同意の欄にチェックを入れてください。")
    request_correction(small, REVIEWER, task, [draft], version)
    correct_field(small, REVIEWER, task, "consent", "true", task_of(small, one).version)
    accept(small, REVIEWER, task, task_of(small, one).version)
    assert submission(small, one).status is SubmissionStatus.SETTLED
    assert audit(small).breaches == ()


@pytest.mark.parametrize(
    ("end", "reason"),
    [(withdraw, EndReason.WITHDRAWN), (refer, EndReason.REFERRED)],
)
def test_an_application_ends_with_a_named_reason(small: Runtime, end: Any, reason: EndReason) -> None:
    one, task, version = at(small, NO_PHONE)
    end(small, REVIEWER, task, "本人から電話", version)
    entries = rows_of(small, Entry, submission_id=one)
    assert {(entry.status, entry.ended_reason) for entry in entries} == {(EntryStatus.ENDED, reason)}
    assert submission(small, one).status is SubmissionStatus.ENDED
    assert rows_of(small, ReviewTask, id=task)[0].status is TaskStatus.DONE
    assert f"submission_{reason.value}" in event_kinds(small, one)
    assert [case for case in rows_of(small, Case) if case.adopted_submission_id == one] == []
    assert audit(small).breaches == ()
    with read(small.engine) as session:
        told = [item for item in history_of(session, task, one) if item.note]
    assert [item.note for item in told] == ["本人から電話"]


def test_an_ended_application_is_no_duplicate(small: Runtime) -> None:
    second = again(small)
    task = task_of(small, second)
    withdraw(small, REVIEWER, task.id, "", task.version)
    third = again(small, sent_as="2026110000902")
    first = by_source_number(small, "2026110000001").id
    assert reasons_of(small, task_of(small, third).id) == {("duplicate", first)}


def test_notes_stay_out_of_the_history_chain(small: Runtime) -> None:
    from pipeline.store.tables import Event

    _, task, version = at(small, NO_PHONE)
    withdraw(small, REVIEWER, task, "白鳥さんから電話", version)
    with read(small.engine) as session:
        payloads = session.exec(select(Event.payload).where(col(Event.payload).contains("白鳥"))).all()
    assert payloads == []
