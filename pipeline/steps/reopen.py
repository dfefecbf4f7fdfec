"""審査に戻す: an examined application goes back to its reviewers, and what becomes of the cases it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from pipeline.domain.statuses import CaseStatus, DecisionKind, EntryStatus, SubmissionStatus
from pipeline.steps.doubts import entries_of, find_doubts
from pipeline.steps.hold import hold_submission, move_submission
from pipeline.steps.judgements import forget_accepted
from pipeline.steps.packs import get_pack
from pipeline.steps.tasks import open_intake_task, replace_reasons
from pipeline.store.events import append_event, append_events
from pipeline.store.tables import Case, Decision, Entry, ReviewTask, Submission

SOFTWARE = "system"


def reopen_submission(
    session: Session, submission: Submission, cases: Sequence[Case], *, actor: str, note: str, at: datetime
) -> ReviewTask:
    """Puts a held, settled submission back into review, and its held `cases` with it; gives the open task.

    Its entries keep their cases meanwhile, and it stays the adopted application there. The note is the clerk's; it
    stays out of events.
    """
    for case in cases:
        case.status, case.version = CaseStatus.OPEN, case.version + 1
        session.add(case)
    said = {"submission": submission.id}
    append_events(session, "case", [case.id for case in cases], "case_reopened", actor=actor, at=at, payload=said)
    for entry in entries_of(session, submission.id):
        if entry.status is EntryStatus.IN_CASE:
            entry.status = EntryStatus.IN_REVIEW
            session.add(entry)
    submission.settled_at, submission.straight_through = None, None
    forget_accepted(session, submission.id)
    pack = get_pack(session, submission.pack_version_id)
    task = open_intake_task(session, submission, [], standard_days=pack.review.standard_days, at=at)
    kind = DecisionKind.REOPEN
    session.add(Decision(task_id=task.id, submission_id=submission.id, kind=kind, note=note, made_by=actor, made_at=at))
    session.flush()
    replace_reasons(session, task, find_doubts(session, submission, pack))
    append_event(session, "task", task.id, f"decided_{kind.value}", actor=actor, at=at)
    append_event(session, "submission", submission.id, "submission_reopened", actor=actor, at=at)
    move_submission(session, submission, SubmissionStatus.IN_REVIEW, at)
    return task


def leave_case(session: Session, case_id: str, submission: Submission, at: datetime) -> None:
    """A reopened submission is not about this case any more, or does not count there: another one that was entered in
    the case does, and is looked at again; without one the case is withdrawn.

    Nothing happens to a case in which something else counts by now.
    """
    case = session.exec(select(Case).where(Case.id == case_id).with_for_update()).one()
    if case.adopted_submission_id != submission.id or case.status is not CaseStatus.OPEN:
        return
    following = next_in(session, case)
    if following is None:
        entered = select(Entry.id).where(Entry.case_id == case.id, Entry.submission_id == submission.id)
        case.adopted_submission_id = submission.id if session.exec(entered).first() else None
        case.status = CaseStatus.WITHDRAWN
        append_event(session, "case", case.id, "case_withdrawn", actor=SOFTWARE, at=at)
    else:
        case.adopted_submission_id = following
        payload = {"submission": following}
        append_event(session, "case", case.id, "submission_adopted", actor=SOFTWARE, at=at, payload=payload)
    case.version += 1
    session.add(case)
    session.flush()
    if following is not None:
        other = hold_submission(session, following)
        if other.status is SubmissionStatus.SETTLED:
            reopen_submission(session, other, [], actor=SOFTWARE, note="", at=at)


def next_in(session: Session, case: Case) -> str | None:
    """Id of the application that was received first of those entered in the case, the adopted one aside."""
    return session.exec(
        select(Submission.id)
        .join(Entry, col(Entry.submission_id) == Submission.id)
        .where(
            Entry.case_id == case.id,
            Entry.submission_id != case.adopted_submission_id,
            Entry.status != EntryStatus.ENDED,
            col(Submission.erased_at).is_(None),
        )
        .order_by(col(Submission.received_at), col(Submission.receipt_number))
    ).first()
