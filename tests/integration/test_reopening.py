"""審査に戻す: an examined case goes back to review with a reason, until it is drafted; on both databases."""

from __future__ import annotations

import json

import pytest

from pipeline.domain.applicant_status import ApplicantStatus
from pipeline.domain.drafts import Proposal
from pipeline.domain.errors import Conflict, NotVisible
from pipeline.domain.statuses import CaseStatus, EntryStatus, Outcome, ReasonCode, SubmissionStatus
from pipeline.review.approvals import approve_draft
from pipeline.review.case_views import get_case_view
from pipeline.review.decisions import accept, adopt, keep_earlier, reject, withdraw
from pipeline.review.drafts import examined_as, make_draft, withdraw_draft
from pipeline.review.reopening import NotExamined, ReasonMissing, reopen_case
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.store.engine import read
from pipeline.store.tables import Case, Entry, Event, ReviewTask
from tests.desk import again
from tests.integration.test_review_refusals import GROUND, IN_DOUBT, SCOPE, SETTLED, cases_of, refused, told
from tests.runtime import (
    CHIEF,
    ELSEWHERE,
    MAILROOM,
    REVIEWER,
    SECOND,
    by_source_number,
    event_kinds,
    reasons_of,
    rows_of,
    submission,
    task_of,
)

WHY = "口座名義を見落としていたため"


def reopened(runtime: Runtime, case: Case) -> ReviewTask:
    """The task in which this case is examined once more; time goes by, as it does between two acts of people."""
    runtime.clock.pass_(minutes=1)  # type: ignore[attr-defined]
    task_id = reopen_case(runtime, REVIEWER, case.id, WHY, case.version)
    runtime.clock.pass_(minutes=1)  # type: ignore[attr-defined]
    (task,) = rows_of(runtime, ReviewTask, id=task_id)
    assert isinstance(task, ReviewTask)
    return task


def now_of(runtime: Runtime, case: Case) -> Case:
    (row,) = rows_of(runtime, Case, id=case.id)
    assert isinstance(row, Case)
    return row


def test_it_goes_back_with_its_reason_and_is_examined_anew(small: Runtime) -> None:
    one, cases = refused(small)
    task = reopened(small, cases[0])
    assert {case.status for case in cases_of(small, one)} == {CaseStatus.OPEN}, "all of the application go back"
    assert submission(small, one).status is SubmissionStatus.IN_REVIEW
    assert {entry.status for entry in rows_of(small, Entry, submission_id=one)} == {EntryStatus.IN_REVIEW}
    assert task.lease_owner == REVIEWER.user_id and (ReasonCode.REOPENED, "") in reasons_of(small, task.id)
    assert told(small, one).status is ApplicantStatus.IN_REVIEW
    assert audit(small).breaches == ()
    with read(small.engine) as session:
        assert examined_as(session, [cases[0].id]) == [Proposal(cases[0].id)], "the refusal stands no more"
    said = [item for item in get_case_view(small, REVIEWER, cases[0].id).history if item.note]
    assert [(item.kind, item.note) for item in said] == [("reopen", WHY)]

    accept(small, REVIEWER, task.id, task.version)
    assert {case.status for case in cases_of(small, one)} == {CaseStatus.EXAMINED}
    kinds = event_kinds(small, cases[0].id)
    assert kinds[-3:] == ["case_reopened", "submission_adopted", "case_examined"]
    examined = rows_of(small, Event, aggregate_id=cases[0].id, kind="case_examined")
    assert [json.loads(row.payload) for row in examined] == [{"proposed": "refuse"}, {"proposed": "grant"}]
    assert [row for row in rows_of(small, Event) if WHY in row.payload] == [], "the reason stays out of the chain"
    draft = make_draft(small, SECOND, SCOPE, [Proposal(case.id) for case in cases])
    approve_draft(small, CHIEF, draft, 1)
    assert {case.status for case in cases_of(small, one)} == {CaseStatus.GRANTED}
    assert audit(small).breaches == ()


def test_what_software_settled_can_be_looked_at_and_refused(small: Runtime) -> None:
    (case,) = cases_of(small, by_source_number(small, SETTLED).id)
    task = reopened(small, case)
    assert reasons_of(small, task.id) == {(ReasonCode.REOPENED, "")}
    reject(small, REVIEWER, task.id, GROUND, task.version)
    with read(small.engine) as session:
        assert examined_as(session, [case.id]) == [Proposal(case.id, Outcome.REFUSE, GROUND)]
    assert not submission(small, case.adopted_submission_id or "").straight_through
    assert audit(small).breaches == ()


def test_not_behind_a_draft(small: Runtime) -> None:
    _, cases = refused(small, IN_DOUBT)
    draft = make_draft(small, SECOND, SCOPE, [Proposal(cases[1].id)])
    with pytest.raises(NotExamined) as stopped:
        reopened(small, cases[0])
    assert cases[1].number in stopped.value.ja and cases[0].number not in stopped.value.ja
    assert not get_case_view(small, REVIEWER, cases[1].id).reopenable
    withdraw_draft(small, SECOND, draft, 1)
    approve_draft(small, CHIEF, make_draft(small, SECOND, SCOPE, [Proposal(cases[1].id)]), 1)
    with pytest.raises(NotExamined):
        reopened(small, now_of(small, cases[1]))
    assert rows_of(small, ReviewTask, submission_id=cases[0].adopted_submission_id, status="open") == []


def test_who_may_not_and_what_is_asked_for(small: Runtime) -> None:
    (case,) = cases_of(small, by_source_number(small, SETTLED).id)
    for viewer in (MAILROOM, ELSEWHERE, CHIEF):
        with pytest.raises(NotVisible):
            reopen_case(small, viewer, case.id, WHY, case.version)
    with pytest.raises(ReasonMissing):
        reopen_case(small, REVIEWER, case.id, "  ", case.version)
    with pytest.raises(Conflict):
        reopen_case(small, REVIEWER, case.id, WHY, case.version + 1)
    reopened(small, case)
    with pytest.raises(Conflict):
        reopen_case(small, SECOND, case.id, WHY, case.version)
    with pytest.raises(NotExamined):
        reopen_case(small, SECOND, case.id, WHY, now_of(small, case).version)
    assert len(rows_of(small, Event, kind="case_reopened")) == 1


def test_withdrawn_then_the_case_ends_and_another_application_opens_it(small: Runtime) -> None:
    (case,) = cases_of(small, by_source_number(small, SETTLED).id)
    task = reopened(small, case)
    withdraw(small, REVIEWER, task.id, "電話で取下げ", task.version)
    assert now_of(small, case).status is CaseStatus.WITHDRAWN and audit(small).breaches == ()
    assert told(small, case.adopted_submission_id or "").status is ApplicantStatus.ENDED
    later = again(small, sent_as="2026110000901")
    assert submission(small, later).status is SubmissionStatus.SETTLED, "nothing is left that it could double"
    assert (now_of(small, case).status, now_of(small, case).adopted_submission_id) == (CaseStatus.EXAMINED, later)
    assert audit(small).breaches == ()


@pytest.mark.parametrize("act", ["withdraw", "keep"])
def test_the_other_application_of_the_case_counts_and_is_looked_at(small: Runtime, act: str) -> None:
    first, second = by_source_number(small, SETTLED).id, again(small, sent_as="2026110000901")
    waiting = task_of(small, second)
    keep_earlier(small, REVIEWER, waiting.id, waiting.version)
    (case,) = cases_of(small, first)
    task = reopened(small, case)
    assert (ReasonCode.DUPLICATE, second) in reasons_of(small, task.id)
    if act == "withdraw":
        withdraw(small, REVIEWER, task.id, "電話で取下げ", task.version)
    else:
        keep_earlier(small, REVIEWER, task.id, task.version)
    small.clock.pass_(minutes=1)  # type: ignore[attr-defined]
    (now,) = rows_of(small, Case, id=case.id)
    assert (now.adopted_submission_id, now.status) == (second, CaseStatus.OPEN)
    other = task_of(small, second)
    assert (ReasonCode.REOPENED, "") in reasons_of(small, other.id) and audit(small).breaches == ()
    (accept if act == "withdraw" else adopt)(small, SECOND, other.id, other.version)
    assert now_of(small, case).status is CaseStatus.EXAMINED and audit(small).breaches == ()
