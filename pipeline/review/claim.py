"""Leases: a task is in at most one person's hands, and falls back to the queue when they leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, not_, or_, select

from pipeline.domain.errors import LeaseLost, NotAllowed, NotVisible
from pipeline.domain.statuses import StaffRole, SubmissionStatus, TaskKind, TaskStatus
from pipeline.runtime import Runtime
from pipeline.store.access import Viewer, visible
from pipeline.store.engine import write
from pipeline.store.events import append_event
from pipeline.store.tables import ReviewTask, Submission

LEASE = timedelta(minutes=15)
_LONGEST = 2 * LEASE

_ROLE_FOR = {TaskKind.INTAKE: StaffRole.REVIEWER, TaskKind.MAILROOM: StaffRole.MAILROOM}


def claim_next(runtime: Runtime, viewer: Viewer, task_ids: Sequence[str] | None = None) -> str | None:
    """Takes the most urgent free task (of `task_ids`, where a filtered list is worked) and gives its id, or None.

    What waits for the applicant's answer is not given unasked. Two people never get the same one: on PostgreSQL
    rows another claim holds are skipped, on SQLite claims follow one another.
    """
    now = runtime.clock()
    query = (
        select(ReviewTask)
        .where(
            workable(viewer),
            ReviewTask.status == TaskStatus.OPEN,
            or_(col(ReviewTask.lease_until).is_(None), not_(lease_holds(now))),
        )
        .order_by(col(ReviewTask.due_on), col(ReviewTask.opened_at), col(ReviewTask.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if task_ids is None:
        awaited = select(Submission.id).where(Submission.status == SubmissionStatus.AWAITING_CORRECTION)
        query = query.where(or_(col(ReviewTask.submission_id).is_(None), col(ReviewTask.submission_id).not_in(awaited)))
    else:
        query = query.where(col(ReviewTask.id).in_(task_ids))
    with write(runtime.engine) as session:
        task = session.exec(query).first()
        if task is None:
            return None
        _lease(session, task, viewer, now)
        return task.id


def workable(viewer: Viewer) -> ColumnElement[bool]:
    """The condition under which a task is one that this person may see and works on."""
    return or_(
        *(and_(ReviewTask.kind == kind, visible(ReviewTask, viewer.only(role))) for kind, role in _ROLE_FOR.items())
    )


def claim(runtime: Runtime, viewer: Viewer, task_id: str) -> None:
    """Takes this task. Raises LeaseLost while somebody else holds it, NotVisible or NotAllowed."""
    with write(runtime.engine) as session:
        task = get_visible_task(session, viewer, task_id)
        require_role(viewer, task)
        if task.status is TaskStatus.OPEN:
            _refuse_if_held(task, viewer, runtime.clock())
            _lease(session, task, viewer, runtime.clock())


def renew(runtime: Runtime, viewer: Viewer, task_id: str) -> None:
    """Prolongs the lease of whoever holds it. Raises LeaseLost when it is no longer theirs."""
    with write(runtime.engine) as session:
        task = get_visible_task(session, viewer, task_id)
        if task.lease_owner != viewer.user_id:
            raise LeaseLost
        task.lease_until = runtime.clock() + LEASE
        session.add(task)


def release(runtime: Runtime, viewer: Viewer, task_id: str) -> None:
    """Puts the task back into the queue; nothing happens when it is not in this person's hands."""
    with write(runtime.engine) as session:
        task = get_visible_task(session, viewer, task_id)
        if task.lease_owner == viewer.user_id:
            task.lease_owner, task.lease_until = None, None
            session.add(task)
            append_event(session, "task", task.id, "task_released", actor=viewer.user_id, at=runtime.clock())


def get_visible_task(session: Session, viewer: Viewer, task_id: str) -> ReviewTask:
    """The task, locked until the end of this write. Raises NotVisible, which does not betray that it exists."""
    task = session.exec(
        select(ReviewTask).where(ReviewTask.id == task_id, visible(ReviewTask, viewer)).with_for_update()
    ).first()
    if task is None:
        raise NotVisible
    return task


def require_role(viewer: Viewer, task: ReviewTask) -> None:
    """Raises NotAllowed unless the viewer works on this kind of task in its department and procedure."""
    if not viewer.may(_ROLE_FOR[task.kind], task.department, task.procedure_id):
        raise NotAllowed


def lease_holds(now: datetime) -> ColumnElement[bool]:
    """`is_held` as a condition."""
    return col(ReviewTask.lease_until).between(now, now + _LONGEST)


def is_held(task: ReviewTask, now: datetime) -> bool:
    """True while the task is in somebody's hands. A lease that ends later than any can was given before the clock was
    set back, and holds nothing."""
    return task.lease_until is not None and now <= task.lease_until <= now + _LONGEST


def _refuse_if_held(task: ReviewTask, viewer: Viewer, now: datetime) -> None:
    if is_held(task, now) and task.lease_owner != viewer.user_id:
        raise LeaseLost


def _lease(session: Session, task: ReviewTask, viewer: Viewer, now: datetime) -> None:
    if task.lease_owner != viewer.user_id:
        append_event(session, "task", task.id, "task_claimed", actor=viewer.user_id, at=now)
    task.lease_owner, task.lease_until = viewer.user_id, now + LEASE
    session.add(task)
    session.flush()
