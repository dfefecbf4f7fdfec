"""The state of the house in figures, for monitors and for `doctor`: counts and moments, never values or names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import func
from sqlmodel import Session, col

from pipeline.domain.statuses import ArrivalStatus, OutboundStatus
from pipeline.runtime import Runtime
from pipeline.steps.backup import HISTORY
from pipeline.store.engine import read
from pipeline.store.tables import Arrival, Event, Outbound, ReviewTask, Seal, Submission, Worker, WorkLease

# SQLModel's own knows at most four columns.
select: Callable[..., Any] = sqlalchemy.select

Counts = dict[tuple[str, ...], int]
"""The words that tell the groups apart -> how many there are."""


@dataclass(frozen=True)
class Figures:
    """submissions: by status and channel. tasks: by kind and status. outbound: by kind and status. arrivals: by status.

    due: submissions that wait for software, and oldest_due since when. failing: of those, how many failed before.
    silence_s: seconds since the last word of each worker, by its name. leases, lapsed_leases: pieces of work in
    someone's hands, and those whose time ran out.
    """

    submissions: Counts
    tasks: Counts
    outbound: Counts
    arrivals: Counts
    due: int
    failing: int
    oldest_due: datetime | None
    events: int
    last_event_at: datetime | None
    sealed_at: datetime | None
    backed_up_at: datetime | None
    silence_s: dict[str, float]
    leases: int
    lapsed_leases: int

    def of_outbound(self, status: OutboundStatus) -> int:
        """Outgoing messages of one status, of whatever kind."""
        return sum(count for (_, one), count in self.outbound.items() if one == status.value)

    def of_arrivals(self, status: ArrivalStatus) -> int:
        """Arrivals of one status."""
        return self.arrivals.get((status.value,), 0)


def get_figures(runtime: Runtime) -> Figures:
    """The state as of now, in a dozen counting queries."""
    now = runtime.clock()
    with read(runtime.engine, one_moment=True) as session:
        due, failing, oldest = _one(
            session,
            select(
                func.count(),
                func.coalesce(func.sum(sqlalchemy.case((col(Submission.attempts) > 0, 1), else_=0)), 0),
                func.min(Submission.received_at),
            ).where(col(Submission.due).is_(True)),
        )
        last = _one(session, select(Event.id, Event.at).order_by(col(Event.id).desc()).limit(1))
        beats = session.connection().execute(select(Worker.name, func.max(Worker.beat_at)).group_by(Worker.name))
        leases, lapsed = _one(
            session,
            select(func.count(), func.coalesce(func.sum(sqlalchemy.case((col(WorkLease.until) < now, 1), else_=0)), 0)),
        )
        return Figures(
            submissions=_counts(session, Submission.status, Submission.channel),
            tasks=_counts(session, ReviewTask.kind, ReviewTask.status),
            outbound=_counts(session, Outbound.kind, Outbound.status),
            arrivals=_counts(session, Arrival.status),
            due=due,
            failing=failing,
            oldest_due=oldest,
            events=_one(session, select(func.count()).select_from(Event))[0],
            last_event_at=last[1] if last else None,
            sealed_at=_one(session, select(func.max(Seal.sealed_at)))[0],
            backed_up_at=_one(session, select(func.max(Event.at)).where(*_is_backup()))[0],
            silence_s={name: max(0.0, (now - beat).total_seconds()) for name, beat in beats},
            leases=leases,
            lapsed_leases=lapsed,
        )


def _counts(session: Session, *columns: Any) -> Counts:
    rows = session.connection().execute(select(*columns, func.count()).group_by(*columns))
    return {tuple(word.value for word in words): count for *words, count in rows}


def _is_backup() -> tuple[Any, ...]:
    aggregate, aggregate_id = HISTORY
    return (Event.aggregate == aggregate, Event.aggregate_id == aggregate_id, Event.kind == "backed_up")


def _one(session: Session, query: Any) -> Any:
    return session.connection().execute(query).first()
