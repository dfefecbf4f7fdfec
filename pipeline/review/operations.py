"""What an operator asks: does it flow, what is stuck, what failed to leave. Numbers and ids, never values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import col, select

from pipeline.domain.errors import NotAllowed
from pipeline.domain.statuses import OutboundStatus, StaffRole, SubmissionStatus
from pipeline.runtime import Runtime
from pipeline.steps.stalled import Stalled, find_stalled
from pipeline.steps.totals import store_totals
from pipeline.store.access import Viewer
from pipeline.store.engine import read
from pipeline.store.tables import Outbound, Seal, Submission

STALLED_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class Operations:
    """totals: as `store_totals` gives them. due: submissions that software has to move on, by status.

    failing: of those, how many have failed at least once. oldest_due: since when the oldest waits.
    """

    totals: Mapping[str, object]
    due: Mapping[SubmissionStatus, int]
    failing: int
    oldest_due: datetime | None
    stalled: Stalled
    outbound: Mapping[OutboundStatus, int]
    sealed_at: datetime | None
    sealed_events: int


def get_operations(runtime: Runtime, viewer: Viewer) -> Operations:
    """The state of the whole house, in numbers over all departments. Raises NotAllowed for others."""
    if not viewer.has(StaffRole.OPERATOR):
        raise NotAllowed
    with read(runtime.engine) as session:
        due = session.exec(
            select(Submission.status, func.count())
            .where(col(Submission.due).is_(True))
            .group_by(col(Submission.status))
        ).all()
        failing = session.exec(
            select(func.count()).select_from(Submission).where(col(Submission.due).is_(True), Submission.attempts > 0)
        ).one()
        oldest = session.exec(
            select(Submission.created_at)
            .where(col(Submission.due).is_(True))
            .order_by(col(Submission.created_at))
            .limit(1)
        ).first()
        outbound = session.exec(select(Outbound.status, func.count()).group_by(col(Outbound.status))).all()
        seal = session.exec(select(Seal).order_by(col(Seal.id).desc()).limit(1)).first()
    return Operations(
        totals=store_totals(runtime),
        due={SubmissionStatus(status): count for status, count in due},
        failing=failing,
        oldest_due=oldest,
        stalled=find_stalled(runtime, STALLED_AFTER),
        outbound={OutboundStatus(status): count for status, count in outbound},
        sealed_at=seal.sealed_at if seal else None,
        sealed_events=seal.events if seal else 0,
    )
