"""却下 is for superiors to decide: from the reviewer's task through a draft to the applicant's status."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from pipeline.domain.applicant_status import ApplicantStatus, Ending, Standing
from pipeline.domain.drafts import DraftScope, Proposal
from pipeline.domain.errors import Conflict, DomainError
from pipeline.domain.statuses import (
    CaseStatus,
    DraftStatus,
    EndReason,
    Outcome,
    StaffRole,
    SubmissionStatus,
    TaskStatus,
)
from pipeline.review.approvals import OwnWork, approve_draft, return_draft
from pipeline.review.decisions import EarlierCounts, ReasonMissing, StillUnclear, adopt, keep_earlier, reject, withdraw
from pipeline.review.drafts import clear_cases, examined_as, make_draft, make_draft_of_all, withdraw_draft
from pipeline.review.reopening import reopen_case
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.export import export_decided
from pipeline.steps.standing import standing_of
from pipeline.store.access import grants
from pipeline.store.engine import read, write
from pipeline.store.tables import Case, Draft, DraftCase, Entry, Event, PackVersion, ReviewTask
from tests.desk import again
from tests.runtime import (
    CHIEF,
    DEPARTMENT,
    PROCEDURE,
    REVIEWER,
    SECOND,
    by_source_number,
    event_kinds,
    rows_of,
    submission,
    task_of,
)

SCOPE = DraftScope(PROCEDURE, DEPARTMENT)
IN_DOUBT, UNKNOWN, SETTLED = "C26-004063", "2026110000006", "2026110000001"
GROUND = "基準日(令和8年10月1日)に市内に住所がないため"


def refused(runtime: Runtime, number: str = IN_DOUBT, ground: str = GROUND) -> tuple[str, list[Case]]:
    """The application sent under this number, found to be refused; its id and its cases."""
    one = by_source_number(runtime, number).id
    task = task_of(runtime, one)
    reject(runtime, REVIEWER, task.id, ground, task.version)
    return one, cases_of(runtime, one)


def cases_of(runtime: Runtime, submission_id: str) -> list[Case]:
    ids = {entry.case_id for entry in rows_of(runtime, Entry, submission_id=submission_id)}
    return sorted((case for case in rows_of(runtime, Case) if case.id in ids), key=lambda case: case.number)


def told(runtime: Runtime, submission_id: str) -> Standing:
    """What the applicant is told."""
    row = submission(runtime, submission_id)
    with read(runtime.engine) as session:
        return standing_of(session, row)


def proposed(runtime: Runtime, cases: list[Case]) -> list[Proposal]:
    with read(runtime.engine) as session:
        return examined_as(session, [case.id for case in cases])


def test_a_refusal_is_examined_and_only_approval_refuses(small: Runtime) -> None:
    one, cases = refused(small)
    assert submission(small, one).status is SubmissionStatus.SETTLED and len(cases) == 2
    assert {(case.status, case.adopted_submission_id) for case in cases} == {(CaseStatus.EXAMINED, one)}
    assert {task.status for task in rows_of(small, ReviewTask, submission_id=one)} == {TaskStatus.DONE}
    assert told(small, one) == Standing(ApplicantStatus.IN_REVIEW), "nothing is decided yet"
    assert proposed(small, cases) == [Proposal(case.id, Outcome.REFUSE, GROUND) for case in cases]
    (examined,) = [row for row in rows_of(small, Event, aggregate_id=cases[0].id, kind="case_examined")]
    assert json.loads(examined.payload) == {"proposed": "refuse"}

    with read(small.engine) as session:
        clear = clear_cases(session, REVIEWER, SCOPE)
    with pytest.raises(Conflict):
        make_draft_of_all(small, REVIEWER, SCOPE, len(clear))
    draft_id = make_draft_of_all(small, REVIEWER, SCOPE, len(clear), refusals=2)
    (draft,) = rows_of(small, Draft, id=draft_id)
    assert (draft.cases, draft.refusals, draft.grants) == (len(clear), 2, len(clear) - 2)
    grounds = {row.case_id: row.ground for row in rows_of(small, DraftCase) if row.outcome is Outcome.REFUSE}
    assert grounds == {case.id: GROUND for case in cases}
    assert approve_draft(small, CHIEF, draft.id, draft.version) is DraftStatus.APPROVED
    assert {case.status for case in cases_of(small, one)} == {CaseStatus.REFUSED}
    assert told(small, one) == Standing(ApplicantStatus.DECIDED, (Outcome.REFUSE, Outcome.REFUSE))
    assert export_decided(small, REVIEWER, PROCEDURE).data.count(b"\n") == 1 + draft.grants
    assert audit(small).breaches == ()


def test_the_reason_is_asked_for_and_stays_out_of_the_chain(small: Runtime) -> None:
    one = by_source_number(small, IN_DOUBT).id
    task = task_of(small, one)
    with pytest.raises(ReasonMissing):
        reject(small, REVIEWER, task.id, "  ", task.version)
    assert submission(small, one).status is SubmissionStatus.IN_REVIEW
    refused(small)
    assert [row for row in rows_of(small, Event) if "住所" in row.payload] == []


def test_nobody_is_refused_who_is_not_known(small: Runtime) -> None:
    task = task_of(small, by_source_number(small, UNKNOWN).id)
    with pytest.raises(StillUnclear):
        reject(small, REVIEWER, task.id, GROUND, task.version)
    assert task_of(small, by_source_number(small, UNKNOWN).id).version == task.version


def test_who_found_it_to_be_refused_does_not_approve_that(small: Runtime) -> None:
    _, cases = refused(small)
    draft = make_draft(small, SECOND, SCOPE, proposed(small, cases))
    with pytest.raises(OwnWork):
        approve_draft(small, replace(REVIEWER, grants=grants(DEPARTMENT, *StaffRole)), draft, 1)


@pytest.mark.parametrize("act", ["return", "withdraw"])
def test_what_comes_back_is_the_reviewers_again(small: Runtime, act: str) -> None:
    one, cases = refused(small)
    draft = make_draft(small, REVIEWER, SCOPE, proposed(small, cases))
    if act == "return":
        return_draft(small, CHIEF, draft, 1, "2人目は基準日に転入済みです")
    else:
        withdraw_draft(small, REVIEWER, draft, 1)
    assert proposed(small, cases) == [Proposal(case.id, Outcome.REFUSE, GROUND) for case in cases]
    assert told(small, one) == Standing(ApplicantStatus.IN_REVIEW)
    plan = [Proposal(cases[0].id, Outcome.REFUSE, "理由を改めたもの"), Proposal(cases[1].id)]
    approve_draft(small, CHIEF, make_draft(small, REVIEWER, SCOPE, plan), 1)
    assert [case.status for case in cases_of(small, one)] == [CaseStatus.REFUSED, CaseStatus.GRANTED]
    assert told(small, one).status is ApplicantStatus.DECIDED
    assert audit(small).breaches == ()


def test_without_approvals_it_ends_at_once(small: Runtime) -> None:
    with write(small.engine) as session:
        version = session.get_one(PackVersion, by_source_number(small, UNKNOWN).pack_version_id)
        content = json.loads(version.content)
        content["review"]["approvals"] = 0
        version.content, version.digest = json.dumps(content), "free"
        session.add(version)
    one, cases = refused(small, UNKNOWN)
    assert cases == [] and submission(small, one).status is SubmissionStatus.ENDED
    assert {entry.ended_reason for entry in rows_of(small, Entry, submission_id=one)} <= {EndReason.REJECTED}
    assert "submission_rejected" in event_kinds(small, one)
    assert told(small, one).status is ApplicantStatus.ENDED


def test_of_two_applications_the_adopted_one_is_not_undone_by_refusing_the_other(small: Runtime) -> None:
    first, second = by_source_number(small, SETTLED).id, again(small, sent_as="2026110000901")
    task = task_of(small, second)
    with pytest.raises(EarlierCounts):
        reject(small, REVIEWER, task.id, GROUND, task.version)
    keep_earlier(small, REVIEWER, task.id, task.version)
    (case,) = cases_of(small, second)
    assert case.adopted_submission_id == first and told(small, second).ending is Ending.NOT_ADOPTED
    assert proposed(small, [case]) == [Proposal(case.id)]


def test_who_was_refused_may_apply_again_and_be_refused_again(small: Runtime) -> None:
    first = by_source_number(small, SETTLED).id
    (case,) = cases_of(small, first)
    approve_draft(small, CHIEF, make_draft(small, REVIEWER, SCOPE, [Proposal(case.id, Outcome.REFUSE, "1回目")]), 1)
    second = again(small, sent_as="2026110000901")
    task = task_of(small, second)
    reject(small, REVIEWER, task.id, "2回目", task.version)
    (case,) = cases_of(small, second)
    assert (case.status, case.adopted_submission_id) == (CaseStatus.EXAMINED, second)
    approve_draft(small, CHIEF, make_draft(small, REVIEWER, SCOPE, proposed(small, [case])), 1)
    assert [row.ground for row in rows_of(small, DraftCase, case_id=case.id)] == ["1回目", "2回目"]
    assert told(small, second) == Standing(ApplicantStatus.DECIDED, (Outcome.REFUSE,))
    third = again(small, sent_as="2026110000902")
    task = task_of(small, third)
    adopt(small, REVIEWER, task.id, task.version)
    assert proposed(small, cases_of(small, third)) == [Proposal(case.id)]
    assert audit(small).breaches == ()


@pytest.mark.parametrize("seed", range(2))
def test_whatever_people_do_nothing_is_refused_without_approval(small: Runtime, seed: int) -> None:
    """A walk of clerks and superiors over one subject's applications and another's; each step keeps every invariant."""
    luck = random.Random(seed)
    refused(small)

    def draft() -> None:
        with read(small.engine) as session:
            ids = clear_cases(session, REVIEWER, SCOPE)
            plans = examined_as(session, luck.sample(ids, min(3, len(ids))))
        make_draft(small, REVIEWER, SCOPE, plans)

    def end_draft() -> None:
        drafts = rows_of(small, Draft, status=DraftStatus.CIRCULATING)
        one = luck.choice(drafts)
        luck.choice([
            lambda: approve_draft(small, CHIEF, one.id, one.version),
            lambda: return_draft(small, CHIEF, one.id, one.version, "理由"),
            lambda: withdraw_draft(small, REVIEWER, one.id, one.version),
        ])()  # fmt: skip

    def apply_again() -> None:
        again(small, sent_as=f"20261100009{luck.randrange(100, 999)}")

    def decide() -> None:
        task = luck.choice(rows_of(small, ReviewTask, status=TaskStatus.OPEN))
        luck.choice([
            lambda: reject(small, REVIEWER, task.id, "理由", task.version),
            lambda: adopt(small, REVIEWER, task.id, task.version),
            lambda: keep_earlier(small, REVIEWER, task.id, task.version),
            lambda: withdraw(small, REVIEWER, task.id, "理由", task.version),
        ])()  # fmt: skip

    def reopen() -> None:
        case = luck.choice(rows_of(small, Case, status=CaseStatus.EXAMINED))
        reopen_case(small, REVIEWER, case.id, "理由", case.version)

    done = 0
    for _ in range(16):
        small.clock.pass_(seconds=1)  # type: ignore[attr-defined]
        try:
            luck.choice([draft, end_draft, apply_again, decide, reopen])()
            done += 1
        except (DomainError, IndexError):
            continue
        for case in rows_of(small, Case, status=CaseStatus.REFUSED):
            assert "case_refused" in event_kinds(small, case.id)
    assert done > 5
    assert audit(small).breaches == ()
