"""Appending to the history, and reading it back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, func, select

from pipeline.domain.history import GENESIS, ChainedEvent, event_hash
from pipeline.store.tables import Event


def append_event(
    session: Session,
    aggregate: str,
    aggregate_id: str,
    kind: str,
    *,
    actor: str,
    at: datetime,
    payload: Mapping[str, object] | None = None,
) -> None:
    """Adds one event to the chain of an aggregate, in the caller's transaction.

    payload may hold ids, codes, counts and keyed digests; never a value from a form. Writers of one chain follow one
    another, and the unique key of `seq` would let a second one fail.
    """
    _wait_for_chain(session, aggregate, aggregate_id)
    last = session.exec(
        select(Event)
        .where(Event.aggregate == aggregate, Event.aggregate_id == aggregate_id)
        .order_by(col(Event.seq).desc())
        .limit(1)
    ).first()
    body = dict(payload or {})
    previous_hash, seq = (last.hash, last.seq + 1) if last else (GENESIS, 1)
    digest = event_hash(
        aggregate=aggregate,
        aggregate_id=aggregate_id,
        seq=seq,
        kind=kind,
        actor=actor,
        at=at,
        payload=body,
        previous_hash=previous_hash,
    )
    session.add(
        Event(
            aggregate=aggregate,
            aggregate_id=aggregate_id,
            seq=seq,
            kind=kind,
            actor=actor,
            at=at,
            payload=json.dumps(body, ensure_ascii=False, sort_keys=True),
            previous_hash=previous_hash,
            hash=digest,
        )
    )
    session.flush()


def _wait_for_chain(session: Session, aggregate: str, aggregate_id: str) -> None:
    # A chain has no row of its own to lock; SQLite's writers follow one another anyway.
    if session.get_bind().dialect.name == "postgresql":
        key = func.hashtextextended(f"{aggregate}:{aggregate_id}", 0)
        session.execute(select(func.pg_advisory_xact_lock(key)))


def events_of(session: Session, aggregate: str, aggregate_id: str) -> Sequence[ChainedEvent]:
    """The history of one aggregate, oldest first."""
    rows = session.exec(
        select(Event).where(Event.aggregate == aggregate, Event.aggregate_id == aggregate_id).order_by(col(Event.seq))
    ).all()
    return [as_chained(row) for row in rows]


def as_chained(row: Event) -> ChainedEvent:
    """The stored row as the value that `pipeline.domain.history` works on."""
    return ChainedEvent(
        aggregate=row.aggregate,
        aggregate_id=row.aggregate_id,
        seq=row.seq,
        kind=row.kind,
        actor=row.actor,
        at=row.at,
        payload=json.loads(row.payload),
        previous_hash=row.previous_hash,
        hash=row.hash,
    )
