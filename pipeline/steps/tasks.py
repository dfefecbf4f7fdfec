"""Opening and refreshing review tasks: one open intake task per submission, one per mailroom matter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from japan.working_days import add_working_days
from pipeline.domain.statuses import ReasonCode, TaskKind, TaskStatus
from pipeline.runtime import JST
from pipeline.store.events import append_event
from pipeline.store.tables import ReviewReason, ReviewTask, Submission


@dataclass(frozen=True)
class Doubt:
    """Why a person must look. about: field key, check code, role, or an id; never a value from a form."""

    code: ReasonCode
    about: str = ""
    detail: str = ""


def open_intake_task(
    session: Session, submission: Submission, doubts: Iterable[Doubt], *, standard_days: int, at: datetime
) -> ReviewTask:
    """The submission's open intake task, with its reasons replaced by `doubts`; opened when there is none.

    standard_days: the pack's 標準処理期間 in working days after receipt.
    """
    task = find_open_task(session, submission.id)
    if task is None:
        task = ReviewTask(
            kind=TaskKind.INTAKE,
            submission_id=submission.id,
            batch_id=submission.batch_id,
            open_key=f"intake:{submission.id}",
            department=submission.department,
            procedure_id=submission.procedure_id,
            due_on=add_working_days(submission.received_on, standard_days),
            opened_at=at,
        )
        session.add(task)
        session.flush()
        append_event(session, "task", task.id, "task_opened", actor="system", at=at)
    task.protected = submission.protected
    task.version += 1
    session.add(task)
    replace_reasons(session, task, doubts)
    return task


def find_open_task(session: Session, submission_id: str) -> ReviewTask | None:
    """The one open intake task of a submission, or None."""
    return session.exec(select(ReviewTask).where(ReviewTask.open_key == f"intake:{submission_id}")).first()


def open_mailroom_task(
    session: Session,
    *,
    key: str,
    department: str,
    doubts: Iterable[Doubt],
    at: datetime,
    batch_id: str | None = None,
    arrival_id: str | None = None,
) -> ReviewTask:
    """The open mailroom task under `key`, opened when there is none."""
    open_key = f"mailroom:{key}"
    task = session.exec(select(ReviewTask).where(ReviewTask.open_key == open_key)).first()
    if task is None:
        task = ReviewTask(
            kind=TaskKind.MAILROOM,
            batch_id=batch_id,
            arrival_id=arrival_id,
            open_key=open_key,
            department=department,
            due_on=add_working_days(at.astimezone(JST).date(), 1),
            opened_at=at,
        )
        session.add(task)
        session.flush()
        append_event(session, "task", task.id, "task_opened", actor="system", at=at)
    replace_reasons(session, task, doubts)
    return task


def replace_reasons(session: Session, task: ReviewTask, doubts: Iterable[Doubt]) -> None:
    """The task's reasons become exactly `doubts`, each once."""
    session.execute(delete(ReviewReason).where(col(ReviewReason.task_id) == task.id))
    for doubt in dict.fromkeys(doubts):
        session.add(ReviewReason(task_id=task.id, code=doubt.code, about=doubt.about, detail=doubt.detail))
    session.flush()


def add_reason(session: Session, task: ReviewTask, doubt: Doubt) -> None:
    """One more reason, unless the task has it."""
    known = session.exec(
        select(ReviewReason).where(
            ReviewReason.task_id == task.id,
            ReviewReason.code == doubt.code,
            ReviewReason.about == doubt.about,
        )
    ).first()
    if known is None:
        session.add(ReviewReason(task_id=task.id, code=doubt.code, about=doubt.about, detail=doubt.detail))
        task.version += 1
        session.add(task)


def drop_reason(session: Session, task: ReviewTask, doubt: Doubt) -> None:
    """One reason less."""
    session.execute(
        delete(ReviewReason).where(
            col(ReviewReason.task_id) == task.id,
            col(ReviewReason.code) == doubt.code,
            col(ReviewReason.about) == doubt.about,
        )
    )
    task.version += 1
    session.add(task)


def close_task(session: Session, task: ReviewTask, *, actor: str, at: datetime) -> None:
    """The task is done; its lease ends."""
    task.status = TaskStatus.DONE
    task.open_key = None
    task.closed_at = at
    task.lease_owner = None
    task.lease_until = None
    task.version += 1
    session.add(task)
    append_event(session, "task", task.id, "task_closed", actor=actor, at=at)
