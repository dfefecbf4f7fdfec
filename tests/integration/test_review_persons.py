"""Who it is: said by a clerk, taken back, remembered, registered anew."""

from __future__ import annotations

import pytest

from pipeline.domain.errors import Impossible, NotVisible
from pipeline.domain.statuses import Channel, LinkStatus, Origin, SubmissionStatus
from pipeline.review.decisions import StillUnclear, accept
from pipeline.review.fields import correct_field
from pipeline.review.persons import new_person, not_same_person, same_person, undo_link
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance
from pipeline.steps.audit import audit
from pipeline.steps.numbers import receipt_number
from pipeline.store.engine import write
from pipeline.store.tables import Candidate, Case, Entry, FieldValue, Link, Person, Submission
from tests.desk import NO_CONSENT, UNKNOWN, at, value
from tests.runtime import (
    NOW,
    PROCEDURE,
    REVIEWER,
    by_source_number,
    event_kinds,
    reasons_of,
    rows_of,
    submission,
    task_of,
)


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
