"""保存延長: what an appeal, a lawsuit, a request for disclosure or an inspection needs is kept although it is due."""

from __future__ import annotations

from sqlmodel import Session, col, select

from pipeline.domain.errors import Impossible, NotVisible
from pipeline.domain.statuses import HoldReason
from pipeline.runtime import Runtime
from pipeline.steps.hold import hold_submission
from pipeline.store.engine import write
from pipeline.store.events import append_event
from pipeline.store.tables import RetentionHold, Submission


class ErasedAlready(Impossible):
    """There is nothing left to keep."""

    code = "erased_already"
    ja = "この申請は消去済みです。延長できません。"
    en = "This application is erased already; nothing is left to keep."


def set_hold(runtime: Runtime, receipt_number: str, reason: HoldReason, *, actor: str) -> None:
    """Keeps an application, and the file it belongs to, until the hold is lifted; the same hold twice is one.

    Raises NotVisible for an unknown number, ErasedAlready.
    """
    with write(runtime.engine) as session:
        submission = _held_by_number(session, receipt_number)
        if submission.erased_at is not None:
            raise ErasedAlready
        if any(row.reason is reason for row in _open_holds(session, submission.id)):
            return
        now = runtime.clock()
        session.add(RetentionHold(submission_id=submission.id, reason=reason, set_by=actor, set_at=now))
        payload = {"reason": reason.value}
        append_event(session, "submission", submission.id, "retention_held", actor=actor, at=now, payload=payload)


def lift_holds(runtime: Runtime, receipt_number: str, *, actor: str) -> int:
    """Ends every hold on an application and gives how many there were. Raises NotVisible for an unknown number."""
    with write(runtime.engine) as session:
        submission = _held_by_number(session, receipt_number)
        now = runtime.clock()
        holds = _open_holds(session, submission.id)
        for row in holds:
            row.lifted_by, row.lifted_at = actor, now
            session.add(row)
        if holds:
            append_event(session, "submission", submission.id, "retention_released", actor=actor, at=now)
        return len(holds)


def _held_by_number(session: Session, receipt_number: str) -> Submission:
    found = session.exec(select(Submission.id).where(Submission.receipt_number == receipt_number)).first()
    if found is None:
        raise NotVisible
    return hold_submission(session, found)


def _open_holds(session: Session, submission_id: str) -> list[RetentionHold]:
    return list(
        session.exec(
            select(RetentionHold).where(
                RetentionHold.submission_id == submission_id, col(RetentionHold.lifted_at).is_(None)
            )
        ).all()
    )
