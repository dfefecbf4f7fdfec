"""Step ASSIGN: every entry to its case, or the submission to a person with all the reasons at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from pipeline.domain.statuses import (
    CaseStatus,
    DecisionKind,
    EntryStatus,
    LinkStatus,
    Outcome,
    SubmissionStatus,
)
from pipeline.procedures.pack import Procedure
from pipeline.runtime import Runtime
from pipeline.steps.doubles import duplicate_doubts, warn_others
from pipeline.steps.doubts import ADOPTIONS, BLOCKING, current_links, entries_of, find_doubts
from pipeline.steps.examined import words_on
from pipeline.steps.hold import hold_submission, move_submission
from pipeline.steps.numbers import case_number
from pipeline.steps.packs import get_pack
from pipeline.steps.reopen import leave_case, next_in
from pipeline.steps.tasks import Doubt, close_task, find_open_task, open_intake_task
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import Case, Entry, Link, Person, Submission

OVER = (CaseStatus.REFUSED, CaseStatus.WITHDRAWN)
"""Cases in which nothing counts any more, so that another application may be decided on there."""


def assign_submission(runtime: Runtime, submission_id: str) -> None:
    """Settles the submission when nothing speaks against it, else opens its task with every reason.

    After a clerk's acceptance only what makes a case impossible is asked again.
    """
    now = runtime.clock()
    with read(runtime.engine) as session:
        version = session.get_one(Submission, submission_id).version
    with write(runtime.engine) as session:
        submission = hold_submission(session, submission_id, version)
        pack = get_pack(session, submission.pack_version_id)
        accepted = submission.status is SubmissionStatus.ACCEPTED
        doubts = find_doubts(session, submission, pack)
        if accepted:
            doubts = [doubt for doubt in doubts if doubt.code in BLOCKING]
        under_review = not accepted and find_open_task(session, submission_id) is not None
        if doubts or under_review:
            park(session, submission, pack, doubts, now)
        else:
            settle(session, submission, pack, automatic=not accepted, at=now)


def settle(session: Session, submission: Submission, pack: Procedure, *, automatic: bool, at: datetime) -> None:
    """Puts every entry into its case, opened here if need be; the submission is SETTLED and its task done."""
    links = current_links(session, submission.id)
    actor = "system" if automatic else "clerk"
    for entry in entries_of(session, submission.id):
        link = links[entry.role, entry.role_index]
        case = _case_for(session, submission, pack, link.person_id, at)
        left, entry.status, entry.case_id = entry.case_id, EntryStatus.IN_CASE, case.id
        session.add(entry)
        if left not in (None, case.id):
            leave_case(session, left, submission, at)
        _adopt_by_decision(session, submission, pack, case, actor, at)
    subjects = [links[entry.role, entry.role_index].person_id for entry in entries_of(session, submission.id)]
    warn_others(session, submission, duplicate_doubts(session, submission, pack, subjects))
    submission.straight_through = automatic
    submission.settled_at = at
    move_submission(session, submission, SubmissionStatus.SETTLED)
    if task := find_open_task(session, submission.id):
        close_task(session, task, actor=actor, at=at)
    append_event(
        session,
        "submission",
        submission.id,
        "submission_settled",
        actor=actor,
        at=at,
        payload={"automatic": automatic},
    )


def park(session: Session, submission: Submission, pack: Procedure, doubts: Sequence[Doubt], at: datetime) -> None:
    """Puts the submission and its entries before a person, with these reasons; a duplicate's task learns of it."""
    for entry in entries_of(session, submission.id):
        if entry.status is EntryStatus.IN_PROGRESS:
            entry.status = EntryStatus.IN_REVIEW
            session.add(entry)
    move_submission(session, submission, SubmissionStatus.IN_REVIEW)
    open_intake_task(session, submission, doubts, standard_days=pack.review.standard_days, at=at)
    warn_others(session, submission, doubts)
    append_event(
        session,
        "submission",
        submission.id,
        "submission_in_review",
        actor="system",
        at=at,
        payload={"reasons": sorted({doubt.code.value for doubt in doubts})},
    )


def cases_of_others(session: Session, submission: Submission, pack: Procedure) -> Sequence[Case]:
    """The cases of this submission's subjects in which another submission is the adopted one."""
    return session.exec(
        select(Case)
        .join(Link, col(Link.person_id) == Case.subject_id)
        .where(
            Link.submission_id == submission.id,
            Link.status != LinkStatus.UNDONE,
            Link.role == pack.matching.subject_role,
            Case.procedure_id == pack.id,
            Case.instance == pack.matching.instance,
            col(Case.adopted_submission_id).is_not(None),
            Case.adopted_submission_id != submission.id,
        )
    ).all()


def entered_with_others(session: Session, submission: Submission) -> bool:
    """True when this submission was reopened, and other ones were entered in a case where it is the adopted one."""
    cases = session.exec(
        select(Case)
        .join(Entry, col(Entry.case_id) == Case.id)
        .where(Entry.submission_id == submission.id, Case.adopted_submission_id == submission.id)
    ).all()
    return any(next_in(session, case) for case in cases)


def _case_for(session: Session, submission: Submission, pack: Procedure, subject_id: str, at: datetime) -> Case:
    """The case of this subject, opened when it is the first submission to get here."""
    case = session.exec(
        select(Case)
        .where(
            Case.procedure_id == pack.id,
            Case.instance == pack.matching.instance,
            Case.subject_id == subject_id,
        )
        .with_for_update()
    ).first()
    if case is not None:
        return case
    case = Case(
        number=case_number(session, submission.received_on),
        procedure_id=pack.id,
        instance=pack.matching.instance,
        subject_id=subject_id,
        department=submission.department,
        amount_yen=pack.determination.amount_yen,
        protected=submission.protected or session.get_one(Person, subject_id).protected,
        opened_at=at,
    )
    session.add(case)
    session.flush()
    append_event(session, "case", case.id, "case_opened", actor="system", at=at)
    return case


def _adopt_by_decision(
    session: Session, submission: Submission, pack: Procedure, case: Case, actor: str, at: datetime
) -> None:
    words = words_on(session, submission.id)
    refused = words[-1:] == [DecisionKind.REJECT]
    word = next((word for word in reversed(words) if word in ADOPTIONS), None)
    if word is DecisionKind.KEEP_EARLIER and case.adopted_submission_id == submission.id and next_in(session, case):
        leave_case(session, case.id, submission, at)  # reopened, and now the other one counts
    # What is to be refused never takes the place of what still counts.
    elif (
        case.adopted_submission_id in (None, submission.id)
        or case.status is CaseStatus.WITHDRAWN
        or (case.status in OVER if refused else word is DecisionKind.ADOPT)
    ):
        case.adopted_submission_id = submission.id
        append_event(
            session,
            "case",
            case.id,
            "submission_adopted",
            actor=actor,
            at=at,
            payload={"submission": submission.id},
        )
        _determine(session, case, pack, Outcome.REFUSE if refused else Outcome.GRANT, actor, at)
    case.protected = case.protected or submission.protected
    case.version += 1
    session.add(case)


def _determine(session: Session, case: Case, pack: Procedure, proposed: Outcome, actor: str, at: datetime) -> None:
    """Granted at once, or (the pack wants approvals) examined and to be drafted, also where another application of
    the case was approved before: what counts now is not what was approved then."""
    wanted = CaseStatus.EXAMINED if pack.review.approvals else CaseStatus.GRANTED
    # A case in a draft stays there: its new version stops the draft, and the drafter takes it back.
    if case.status in (wanted, CaseStatus.DRAFTED):
        return
    case.status = wanted
    payload = {"proposed": proposed.value} if pack.review.approvals else {}
    append_event(session, "case", case.id, f"case_{wanted.value}", actor=actor, at=at, payload=payload)
