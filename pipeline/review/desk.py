"""The common frame of every decision: look again, act, remember, advance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from pipeline.domain.errors import Conflict, Impossible
from pipeline.domain.statuses import DecisionKind, TaskStatus
from pipeline.procedures.pack import Procedure
from pipeline.review.claim import LEASE, get_visible_task, is_held, require_role
from pipeline.runtime import Runtime
from pipeline.steps.hold import hold_submission
from pipeline.steps.packs import get_pack
from pipeline.store.access import Viewer
from pipeline.store.engine import write
from pipeline.store.events import append_event
from pipeline.store.tables import Decision, ReviewTask, Submission


@dataclass
class Desk:
    """One task on one clerk's desk, inside one write."""

    session: Session
    viewer: Viewer
    task: ReviewTask
    now: datetime

    def decided(self, kind: DecisionKind, about: str = "", note: str = "") -> None:
        """Remembers the decision and appends it to the history. note is the clerk's; it stays out of events."""
        self.session.add(
            Decision(
                task_id=self.task.id,
                submission_id=self.task.submission_id,
                kind=kind,
                about=about,
                note=note,
                made_by=self.viewer.user_id,
                made_at=self.now,
            )
        )
        append_event(
            self.session,
            "task",
            self.task.id,
            f"decided_{kind.value}",
            actor=self.viewer.user_id,
            at=self.now,
            payload={"about": about},
        )

    def submission(self) -> tuple[Submission, Procedure]:
        """The task's submission, locked, and its pack. Raises Impossible for a mailroom task."""
        if self.task.submission_id is None:
            raise Impossible
        held = hold_submission(self.session, self.task.submission_id)
        return held, get_pack(self.session, held.pack_version_id)


@contextmanager
def open_desk(runtime: Runtime, viewer: Viewer, task_id: str, version: int) -> Iterator[Desk]:
    """The task for one decision; committed when the block ends without an exception.

    Raises NotVisible, NotAllowed, Impossible for a closed task, and Conflict when the task is no longer the one
    on the clerk's page (`version`) or in somebody else's hands: two reviewers never overwrite each other.
    """
    now = runtime.clock()
    with write(runtime.engine) as session:
        _hold_submission_of(session, task_id)
        task = get_visible_task(session, viewer, task_id)
        require_role(viewer, task)
        if task.status is not TaskStatus.OPEN:
            raise Impossible
        if task.version != version:
            raise Conflict
        if is_held(task, now) and task.lease_owner != viewer.user_id:
            raise Conflict
        task.lease_owner, task.lease_until = viewer.user_id, now + LEASE
        task.version += 1
        session.add(task)
        yield Desk(session, viewer, task, now)


def _hold_submission_of(session: Session, task_id: str) -> None:
    """Locks the submission before its task, as the steps do: in one order nobody waits for the other."""
    about = select(ReviewTask.submission_id).where(ReviewTask.id == task_id).scalar_subquery()
    session.exec(select(Submission.id).where(col(Submission.id) == about).with_for_update()).first()
