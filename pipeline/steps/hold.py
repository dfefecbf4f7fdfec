"""Short writes that re-check: a step may only write on what it computed from."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from pipeline.domain.errors import Conflict, NotVisible
from pipeline.domain.next_step import next_step
from pipeline.domain.statuses import SubmissionStatus
from pipeline.steps.outbox import announce
from pipeline.store.columns import now_utc
from pipeline.store.tables import Outbound, ReviewTask, Submission


def hold_submission(session: Session, submission_id: str, version: int | None = None) -> Submission:
    """The submission, locked until the end of this write. Raises Conflict when it is no longer at `version`."""
    query = select(Submission).where(Submission.id == submission_id).with_for_update()
    submission = session.exec(query.execution_options(populate_existing=True)).first()
    if submission is None:
        raise NotVisible
    if version is not None and submission.version != version:
        raise Conflict
    return submission


def move_submission(
    session: Session, submission: Submission, status: SubmissionStatus, at: datetime | None = None
) -> None:
    """Puts a held submission into `status`; whether a step is due follows from it, and who sent it is told.

    Call it after all that belongs to the change was added. at: the moment of the change, now when not given.
    """
    submission.status = status
    submission.due = next_step(status) is not None
    submission.version += 1
    session.add(submission)
    announce(session, submission, at or now_utc())


def protect_submission(session: Session, submission: Submission) -> None:
    """A held submission that touches a protected person moves whole: its tasks and letters with it."""
    submission.protected = True
    session.add(submission)
    for model in (ReviewTask, Outbound):
        session.execute(update(model).where(col(model.submission_id) == submission.id).values(protected=True))
