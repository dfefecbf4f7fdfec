"""起案 and 決裁 on both databases: frozen lists, other people's approval, and what stops a draft."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event, update
from sqlmodel import col, select

from pipeline.domain.drafts import DraftScope, Proposal
from pipeline.domain.errors import Conflict, DomainError, NotAllowed, NotVisible
from pipeline.domain.statuses import CaseStatus, DecisionKind, DraftStatus, Outcome, StaffRole
from pipeline.review.approvals import NobodyToStandInFor, NoteMissing, OwnWork, approve_draft, return_draft
from pipeline.review.draft_cases import CasesMoved
from pipeline.review.drafts import (
    DraftChanged,
    DraftClosed,
    GroundMissing,
    MixedCases,
    NothingToDraft,
    clear_cases,
    make_draft,
    make_draft_of_all,
    withdraw_draft,
)
from pipeline.review.staff import create_user
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.export import export_decided
from pipeline.store.access import Viewer, grants
from pipeline.store.engine import read, write
from pipeline.store.tables import Approval, Case, Decision, Draft, DraftCase, Event, Person, ReviewTask, Submission
from tests.runtime import CHIEF, DEPARTMENT, DIRECTOR, ELSEWHERE, MAILROOM, PROCEDURE, REVIEWER, SECOND, rows_of

SCOPE = DraftScope(PROCEDURE, DEPARTMENT)
OTHER_PROCEDURE = Viewer(
    "other", "原 誠", DEPARTMENT, grants(DEPARTMENT, StaffRole.APPROVER, StaffRole.REVIEWER, procedure_id="other")
)


def drafted(runtime: Runtime, count: int = 3, *, viewer: Viewer = REVIEWER, **given: Any) -> Draft:
    """A draft over the first `count` examined cases."""
    cases = sorted(rows_of(runtime, Case, status=CaseStatus.EXAMINED), key=lambda case: case.number)[:count]
    draft_id = make_draft(runtime, viewer, SCOPE, [Proposal(case.id) for case in cases], **given)
    return rows_of(runtime, Draft, id=draft_id)[0]


def statuses(runtime: Runtime, draft: Draft) -> set[CaseStatus]:
    """Where the cases of a draft stand."""
    ids = {row.case_id for row in rows_of(runtime, DraftCase, draft_id=draft.id)}
    return {case.status for case in rows_of(runtime, Case) if case.id in ids}


def wants(runtime: Runtime, approvals: int, draft: Draft) -> None:
    """As if the pack had asked for this many approvals."""
    with write(runtime.engine) as session:
        session.execute(update(Draft).where(col(Draft.id) == draft.id).values(approvals_needed=approvals))


def test_a_settled_application_is_examined_and_only_approval_grants_it(small: Runtime) -> None:
    assert {case.status for case in rows_of(small, Case)} == {CaseStatus.EXAMINED}
    draft = drafted(small, 3, title="第1回の支給")
    assert (draft.number, draft.title, draft.status) == ("R8-D000001", "第1回の支給", DraftStatus.CIRCULATING)
    assert (draft.cases, draft.grants, draft.refusals, draft.total_yen) == (3, 3, 0, 150_000)
    assert statuses(small, draft) == {CaseStatus.DRAFTED}
    assert export_decided(small, REVIEWER, PROCEDURE).data.count(b"\n") == 1, "nothing is granted yet"
    assert approve_draft(small, CHIEF, draft.id, draft.version) is DraftStatus.APPROVED
    assert statuses(small, draft) == {CaseStatus.GRANTED}
    assert export_decided(small, REVIEWER, PROCEDURE).data.count(b"\n") == 4
    assert audit(small).breaches == ()


def test_one_draft_grants_and_refuses(small: Runtime) -> None:
    one, two = rows_of(small, Case)[:2]
    with pytest.raises(GroundMissing):
        make_draft(small, REVIEWER, SCOPE, [Proposal(one.id, Outcome.REFUSE, " ")])
    with pytest.raises(GroundMissing):
        make_draft(small, REVIEWER, SCOPE, [Proposal(one.id, Outcome.GRANT, "理由")])
    plan = [Proposal(one.id), Proposal(two.id, Outcome.REFUSE, "基準日に住所がないため")]
    draft = rows_of(small, Draft, id=make_draft(small, REVIEWER, SCOPE, plan))[0]
    assert (draft.grants, draft.refusals, draft.total_yen) == (1, 1, 50_000)
    approve_draft(small, CHIEF, draft.id, draft.version)
    assert [rows_of(small, Case, id=case.id)[0].status for case in (one, two)] == [
        CaseStatus.GRANTED,
        CaseStatus.REFUSED,
    ]
    assert audit(small).breaches == ()


def test_all_cases_without_an_open_question(small: Runtime) -> None:
    asked, *others = rows_of(small, Case)
    _applied_again(small, asked)
    same = {case.id for case in others if case.adopted_submission_id == asked.adopted_submission_id}
    with read(small.engine) as session:
        clear = clear_cases(session, REVIEWER, SCOPE)
    assert set(clear) == {case.id for case in others} - same
    with pytest.raises(Conflict):
        make_draft_of_all(small, REVIEWER, SCOPE, expected=len(others) + 1)
    draft_id = make_draft_of_all(small, REVIEWER, SCOPE, expected=len(clear), key="form-1")
    assert make_draft_of_all(small, REVIEWER, SCOPE, expected=len(clear), key="form-1") == draft_id
    assert {row.case_id for row in rows_of(small, DraftCase)} == set(clear)
    with pytest.raises(CasesMoved) as stopped:
        make_draft(small, REVIEWER, SCOPE, [Proposal(asked.id)])
    assert asked.number in stopped.value.ja


WRONG_PEOPLE: dict[str, tuple[Viewer, type[DomainError]]] = {
    "the drafter": (replace(REVIEWER, grants=grants(DEPARTMENT, *StaffRole)), OwnWork),
    "a reviewer": (SECOND, NotAllowed),
    "mailroom": (MAILROOM, NotVisible),
    "another department": (ELSEWHERE, NotVisible),
    "another procedure": (OTHER_PROCEDURE, NotVisible),
    "an operator": (Viewer("op", "森 健", DEPARTMENT, grants(DEPARTMENT, StaffRole.OPERATOR)), NotVisible),
    "an administrator": (Viewer("ad", "林 薫", DEPARTMENT, grants(DEPARTMENT, StaffRole.ADMINISTRATOR)), NotVisible),
}


@pytest.mark.parametrize("who", WRONG_PEOPLE)
def test_the_wrong_person_is_refused(small: Runtime, who: str) -> None:
    viewer, error = WRONG_PEOPLE[who]
    draft = drafted(small)
    with pytest.raises(error):
        approve_draft(small, viewer, draft.id, draft.version)
    if who != "the drafter":
        with pytest.raises(error):
            return_draft(small, viewer, draft.id, draft.version, "理由")
        with pytest.raises(DomainError):
            withdraw_draft(small, viewer, draft.id, draft.version)
    assert statuses(small, draft) == {CaseStatus.DRAFTED} and not rows_of(small, Approval)


@pytest.mark.parametrize("viewer", [MAILROOM, ELSEWHERE, OTHER_PROCEDURE, CHIEF], ids=lambda viewer: viewer.user_id)
def test_only_reviewers_of_the_procedure_draft(small: Runtime, viewer: Viewer) -> None:
    with pytest.raises((NotAllowed, NotVisible)):
        drafted(small, viewer=viewer)
    assert not rows_of(small, Draft)


def test_who_examined_a_case_does_not_approve_it(small: Runtime) -> None:
    draft = drafted(small)
    (row, *_) = rows_of(small, DraftCase, draft_id=draft.id)
    with write(small.engine) as session:
        task = session.exec(select(ReviewTask)).first()
        assert task is not None
        session.add(
            Decision(
                task_id=task.id, submission_id=row.adopted_submission_id, kind=DecisionKind.ACCEPT,
                made_by=CHIEF.user_id,
            )
        )  # fmt: skip
    with pytest.raises(OwnWork):
        approve_draft(small, CHIEF, draft.id, draft.version)
    assert approve_draft(small, DIRECTOR, draft.id, draft.version) is DraftStatus.APPROVED


def test_two_approvals_by_two_people(small: Runtime) -> None:
    draft = drafted(small)
    wants(small, 2, draft)
    assert approve_draft(small, CHIEF, draft.id, draft.version) is DraftStatus.CIRCULATING
    assert statuses(small, draft) == {CaseStatus.DRAFTED}
    version = rows_of(small, Draft)[0].version
    # The same person again, also by a stale page: one effect.
    assert approve_draft(small, CHIEF, draft.id, draft.version) is DraftStatus.CIRCULATING
    assert approve_draft(small, CHIEF, draft.id, version) is DraftStatus.CIRCULATING
    assert len(rows_of(small, Approval)) == 1
    with pytest.raises(DraftChanged):
        approve_draft(small, DIRECTOR, draft.id, draft.version)
    assert approve_draft(small, DIRECTOR, draft.id, version) is DraftStatus.APPROVED
    assert [row.made_by for row in rows_of(small, Approval)] == ["chief", "director"]
    assert audit(small).breaches == ()


@pytest.fixture
def deputy(small: Runtime) -> Viewer:
    """Stands in for the chief, who has an account and the right."""
    chief = create_user(
        small, "chief", "long-enough-1", display_name="中村 誠", department=DEPARTMENT, roles=[StaffRole.APPROVER]
    )
    held = {replace(grant, deputy_for=chief) for grant in grants(DEPARTMENT, StaffRole.APPROVER)}
    return Viewer("deputy", "西田 健", DEPARTMENT, frozenset(held))


def test_a_deputy_is_marked_as_such(small: Runtime, deputy: Viewer) -> None:
    (superior,) = {grant.deputy_for for grant in deputy.grants}
    draft = drafted(small)
    wants(small, 2, draft)
    approve_draft(small, deputy, draft.id, draft.version)
    (step,) = rows_of(small, Approval)
    assert (step.made_by, step.on_behalf_of) == ("deputy", superior)
    # Who was stood in for has approved with that, and is not another person.
    version = rows_of(small, Draft)[0].version
    with pytest.raises(OwnWork):
        approve_draft(small, replace(CHIEF, user_id=superior), draft.id, version)
    assert approve_draft(small, DIRECTOR, draft.id, version) is DraftStatus.APPROVED
    assert audit(small).breaches == ()


def test_a_deputys_right_is_no_larger_than_the_superiors(small: Runtime, deputy: Viewer) -> None:
    (superior,) = {grant.deputy_for for grant in deputy.grants}
    own = replace(REVIEWER, user_id=superior, grants=grants(DEPARTMENT, StaffRole.REVIEWER))
    draft = drafted(small, viewer=own)
    with pytest.raises(OwnWork):
        approve_draft(small, deputy, draft.id, draft.version)
    nobody = replace(deputy, grants=frozenset(replace(grant, deputy_for="nobody") for grant in deputy.grants))
    with pytest.raises(NobodyToStandInFor):
        approve_draft(small, nobody, draft.id, draft.version)


def test_returned_or_withdrawn_cases_wait_again(small: Runtime) -> None:
    draft = drafted(small)
    with pytest.raises(NoteMissing):
        return_draft(small, CHIEF, draft.id, draft.version, " ")
    return_draft(small, CHIEF, draft.id, draft.version, "2番の口座を確かめてください")
    return_draft(small, CHIEF, draft.id, draft.version, "二度押し")
    assert statuses(small, draft) == {CaseStatus.EXAMINED} and len(rows_of(small, Approval)) == 1
    with pytest.raises(DraftClosed):
        approve_draft(small, DIRECTOR, draft.id, rows_of(small, Draft)[0].version)
    again = drafted(small)
    assert again.number == "R8-D000002"
    with pytest.raises(NotAllowed):
        withdraw_draft(small, SECOND, again.id, again.version)
    withdraw_draft(small, REVIEWER, again.id, again.version)
    withdraw_draft(small, REVIEWER, again.id, again.version)
    assert statuses(small, again) == {CaseStatus.EXAMINED}
    with pytest.raises(DraftClosed):
        approve_draft(small, CHIEF, again.id, again.version)
    assert audit(small).breaches == ()


def _newer_version(runtime: Runtime, case: Case) -> None:
    with write(runtime.engine) as session:
        session.execute(update(Case).where(col(Case.id) == case.id).values(version=case.version + 1))


def _corrected(runtime: Runtime, case: Case) -> None:
    with write(runtime.engine) as session:
        session.execute(update(Submission).where(col(Submission.id) == case.adopted_submission_id).values(version=99))


def _protected(runtime: Runtime, case: Case) -> None:
    with write(runtime.engine) as session:
        session.execute(update(Case).where(col(Case.id) == case.id).values(protected=True))
        session.execute(update(Person).where(col(Person.id) == case.subject_id).values(protected=True))


def _applied_again(runtime: Runtime, case: Case) -> None:
    with write(runtime.engine) as session:
        session.execute(
            update(Submission).where(col(Submission.id) == case.adopted_submission_id).values(status="in_review")
        )


MOVES: dict[str, Callable[[Runtime, Case], None]] = {
    "its case changed": _newer_version,
    "its application was corrected": _corrected,
    "somebody became protected": _protected,
    "a question is open again": _applied_again,
}


@pytest.mark.parametrize("move", MOVES)
def test_a_case_that_moved_on_stops_the_draft(small: Runtime, move: str) -> None:
    draft = drafted(small)
    case = rows_of(small, Case, status=CaseStatus.DRAFTED)[0]
    MOVES[move](small, case)
    with pytest.raises(CasesMoved) as stopped:
        approve_draft(small, CHIEF, draft.id, draft.version)
    if move == "somebody became protected":
        assert case.number not in stopped.value.ja and "担当者確認中1件" in stopped.value.ja
    else:
        assert case.number in stopped.value.ja
    assert statuses(small, draft) == {CaseStatus.DRAFTED} and not rows_of(small, Approval)
    withdraw_draft(small, REVIEWER, draft.id, draft.version)
    assert statuses(small, draft) == {CaseStatus.EXAMINED}


def test_drafts_do_not_mix(small: Runtime) -> None:
    one, two = rows_of(small, Case)[:2]
    with write(small.engine) as session:
        session.execute(update(Case).where(col(Case.id) == two.id).values(procedure_id="other"))
    with pytest.raises(MixedCases):
        make_draft(small, REVIEWER, SCOPE, [Proposal(one.id), Proposal(two.id)])
    with pytest.raises(NothingToDraft):
        make_draft(small, REVIEWER, SCOPE, [])
    with pytest.raises(NotVisible):
        make_draft(small, REVIEWER, SCOPE, [Proposal("nobody")])


def test_protected_persons_have_drafts_of_their_own(small: Runtime) -> None:
    one, two = rows_of(small, Case)[:2]
    _protected(small, one)
    with pytest.raises(NotVisible):
        make_draft(small, REVIEWER, SCOPE, [Proposal(one.id), Proposal(two.id)])
    trusted = replace(REVIEWER, sees_protected=True)
    with pytest.raises(MixedCases):
        make_draft(small, trusted, SCOPE, [Proposal(one.id), Proposal(two.id)])
    hidden = make_draft(small, trusted, replace(SCOPE, protected=True), [Proposal(one.id)])
    with pytest.raises(NotVisible):
        approve_draft(small, CHIEF, hidden, 1)
    assert approve_draft(small, replace(CHIEF, sees_protected=True), hidden, 1) is DraftStatus.APPROVED


def test_two_approvers_at_once_have_one_effect(small: Runtime) -> None:
    draft = drafted(small, 8)
    gate = threading.Barrier(2)

    def approve(viewer: Viewer) -> DomainError | DraftStatus:
        gate.wait()
        try:
            return approve_draft(small, viewer, draft.id, draft.version)
        except DomainError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(approve, (CHIEF, DIRECTOR)))
    assert sorted(type(end).__name__ for end in ends) == ["DraftClosed", "DraftStatus"]
    assert len(rows_of(small, Approval)) == 1
    granted = [event for event in rows_of(small, Event, kind="case_granted")]
    assert len(granted) == 8
    assert audit(small).breaches == ()


def test_a_case_in_two_drafts_at_once_ends_in_one(small: Runtime) -> None:
    case = rows_of(small, Case)[0]
    gate = threading.Barrier(2)

    def draft(viewer: Viewer) -> DomainError | str:
        gate.wait()
        try:
            return make_draft(small, viewer, SCOPE, [Proposal(case.id)])
        except DomainError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(draft, (REVIEWER, SECOND)))
    assert sorted(type(end).__name__ for end in ends) == ["CasesMoved", "str"]
    assert len(rows_of(small, Draft)) == len(rows_of(small, DraftCase)) == 1


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements sent meanwhile; one for many rows counts once."""
    sent: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    yield sent
    event.remove(engine, "before_cursor_execute", hear)


def test_five_hundred_cases_are_approved_in_one_short_write(small: Runtime) -> None:
    (pattern, *_) = rows_of(small, Case)
    from pipeline.store.events import append_events

    with write(small.engine) as session:
        people = [Person(name="見本", kana="ミホン") for _ in range(500)]
        session.add_all(people)
        session.flush()
        cases = [
            Case(
                number=f"R8-C{place:06d}", procedure_id=PROCEDURE, instance=pattern.instance, subject_id=person.id,
                department=DEPARTMENT, status=CaseStatus.EXAMINED, amount_yen=50_000,
                adopted_submission_id=pattern.adopted_submission_id,
            )
            for place, person in enumerate(people, start=1000)
        ]  # fmt: skip
        session.add_all(cases)
        session.flush()
        for kind in ("case_opened", "case_examined"):
            append_events(session, "case", [case.id for case in cases], kind, actor="system", at=small.clock())
    draft_id = make_draft(small, REVIEWER, SCOPE, [Proposal(case.id) for case in cases])
    with counted(small.engine) as statements:
        assert approve_draft(small, CHIEF, draft_id, 1) is DraftStatus.APPROVED
    assert len(statements) < 40, "no statement for each case"
    assert len(rows_of(small, Case, status=CaseStatus.GRANTED)) == 500
