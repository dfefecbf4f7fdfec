"""Leases: a piece of work is in one worker's hands until its lease ends, and then anybody's.

A worker that dies, or stops answering, loses what it holds once its leases are over. What it still writes when it
wakes up does nothing, since every step checks in its own write that nothing changed meanwhile. Work that was begun
`MAX_TAKES` times and never finished is parked for a person (`pipeline.steps.parked`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import delete, func, update
from sqlmodel import Session, col, or_, select

from pipeline.runtime import Runtime
from pipeline.steps.due import LANE_OF, Lane, Piece, due_in
from pipeline.steps.parked import park_piece
from pipeline.store.engine import write
from pipeline.store.tables import WorkLease

MAX_TAKES = 3
NOBODY = ""
"""Owner of a lease that only keeps a piece from being tried again at once."""

FORGET_AFTER = timedelta(days=1)

log = structlog.get_logger(__name__)


def claim_due(runtime: Runtime, worker: str, lane: Lane, limit: int) -> list[Piece]:
    """At most `limit` pieces of a lane that are now in this worker's hands, the first due first; [] when there are
    none, or when another worker is at it in a lane that goes in order.

    What a worker died of before is given out alone, so that it takes no innocent one with it. What it only held, and
    had not begun, is given out as if nothing had been.
    """
    taken: list[Piece] = []
    with write(runtime.engine) as session:
        _one_claim_at_a_time(session, lane)
        now = _now(runtime, session)
        leases = _leases_of(session, lane)
        live = {subject for subject, lease in leases.items() if _is_live(runtime, lease, now)}
        if lane.in_order and any(leases[subject].owner != NOBODY for subject in live):
            return []
        for piece in due_in(session, lane, runtime.clock()):
            if piece.subject in live:
                continue
            lease = leases.get(piece.subject)
            if lease is not None and lease.takes >= MAX_TAKES:
                park_piece(session, piece, at=runtime.clock())
                session.delete(lease)
                log.warning("parked", subject=piece.subject, takes=lease.takes)
                continue
            if lease is not None and lease.takes and taken:
                break
            _take(session, piece, lease, worker, now + runtime.lease)
            taken.append(piece)
            if len(taken) == limit or (lease is not None and lease.takes):
                break
    return taken


def begin(runtime: Runtime, worker: str, piece: Piece) -> bool:
    """Counts a try at this piece; False when it is in other hands by now."""
    with write(runtime.engine) as session:
        done = session.execute(
            update(WorkLease)
            .where(col(WorkLease.subject) == piece.subject, col(WorkLease.owner) == worker)
            .values(takes=WorkLease.takes + 1)
        )
        return bool(getattr(done, "rowcount", 0))


def renew(runtime: Runtime, worker: str, subjects: Collection[str]) -> int:
    """Prolongs the leases of these that are still this worker's; says how many those are."""
    with write(runtime.engine) as session:
        done = session.execute(
            update(WorkLease)
            .where(col(WorkLease.subject).in_(subjects), col(WorkLease.owner) == worker)
            .values(until=_now(runtime, session) + runtime.lease)
        )
        return int(getattr(done, "rowcount", 0))


def finish(runtime: Runtime, worker: str, piece: Piece) -> None:
    """The piece is done; nothing happens when it is in other hands by now."""
    with write(runtime.engine) as session:
        session.execute(
            delete(WorkLease).where(col(WorkLease.subject) == piece.subject, col(WorkLease.owner) == worker)
        )


def give_back(
    runtime: Runtime, worker: str, pieces: Sequence[Piece], *, after: timedelta = timedelta(0), counts: bool = True
) -> None:
    """The pieces were not finished and are due again after this long.

    counts: False when what was begun ended by no fault of theirs, so that this try is not held against them.
    """
    with write(runtime.engine) as session:
        for piece in pieces:
            lease = session.get(WorkLease, piece.subject, with_for_update=True)
            if lease is None or lease.owner != worker:
                continue
            lease.owner, lease.until = NOBODY, _now(runtime, session) + min(after, runtime.lease)
            lease.takes = lease.takes if counts else max(0, lease.takes - 1)
            session.add(lease)


def hold_alone(runtime: Runtime, worker: str, subject: str) -> bool:
    """True when this worker may do now what only one at a time does; until it says `rest`, or its lease is over."""
    with write(runtime.engine) as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(select(func.pg_advisory_xact_lock(func.hashtext(subject))))
        now = _now(runtime, session)
        lease = session.get(WorkLease, subject)
        if lease is not None and _is_live(runtime, lease, now):
            return False
        lease = lease or WorkLease(subject=subject, owner=worker, until=now)
        lease.owner, lease.until = worker, now + runtime.lease
        session.add(lease)
        return True


def rest(runtime: Runtime, worker: str, subject: str, seconds: float) -> None:
    """Nobody does this for so many seconds, at most a lease's length; then whoever comes first."""
    with write(runtime.engine) as session:
        pause = min(timedelta(seconds=seconds), runtime.lease)
        session.execute(
            update(WorkLease)
            .where(col(WorkLease.subject) == subject, col(WorkLease.owner) == worker)
            .values(owner=NOBODY, until=_now(runtime, session) + pause)
        )


def forget_old(runtime: Runtime) -> None:
    """Removes the leases of workers that died after their last write: nobody asks for those pieces again."""
    with write(runtime.engine) as session:
        session.execute(delete(WorkLease).where(col(WorkLease.until) < _now(runtime, session) - FORGET_AFTER))


def _leases_of(session: Session, lane: Lane) -> dict[str, WorkLease]:
    words = [about.value for about, one in LANE_OF.items() if one is lane]
    rows = session.exec(
        select(WorkLease).where(or_(*(col(WorkLease.subject).startswith(f"{word}:") for word in words)))
    ).all()
    return {row.subject: row for row in rows}


def _is_live(runtime: Runtime, lease: WorkLease, now: datetime) -> bool:
    """A lease that ends later than any can was given before the clock was set back, and holds nothing."""
    return now < lease.until <= now + 2 * runtime.lease


def _take(session: Session, piece: Piece, lease: WorkLease | None, worker: str, until: datetime) -> None:
    if lease is None:
        lease = WorkLease(subject=piece.subject, owner=worker, until=until)
    elif lease.owner not in (NOBODY, worker):
        log.warning("taken_over", subject=piece.subject, takes=lease.takes)
    lease.owner, lease.until = worker, until
    session.add(lease)


def _one_claim_at_a_time(session: Session, lane: Lane) -> None:
    # SQLite's writers follow one another anyway. A skipped row would be out of order, so claims wait here instead.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"claim:{lane.value}"))))


def _now(runtime: Runtime, session: Session) -> datetime:
    """The database's moment on PostgreSQL, since the clocks of workers on several machines may disagree."""
    if session.get_bind().dialect.name == "postgresql":
        moment: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)
    return runtime.clock()
