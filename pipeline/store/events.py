"""Appending to the history, and reading it back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ARRAY, Text, insert, literal
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
    append_events(session, aggregate, [aggregate_id], kind, actor=actor, at=at, payload=payload)


def append_events(
    session: Session,
    aggregate: str,
    aggregate_ids: Iterable[str],
    kind: str,
    *,
    actor: str,
    at: datetime,
    payload: Mapping[str, object] | None = None,
) -> None:
    """The same event for many aggregates at once, in a few statements however many they are."""
    ids = sorted(set(aggregate_ids))
    _wait_for_chains(session, aggregate, ids)
    heads = _heads(session, aggregate, ids)
    body = dict(payload or {})
    said = json.dumps(body, ensure_ascii=False, sort_keys=True)
    rows: list[dict[str, object]] = []
    for aggregate_id in ids:
        seq, previous_hash = heads.get(aggregate_id, (0, GENESIS))
        digest = event_hash(
            aggregate=aggregate,
            aggregate_id=aggregate_id,
            seq=seq + 1,
            kind=kind,
            actor=actor,
            at=at,
            payload=body,
            previous_hash=previous_hash,
        )
        rows.append(
            {
                "aggregate": aggregate,
                "aggregate_id": aggregate_id,
                "seq": seq + 1,
                "kind": kind,
                "actor": actor,
                "at": at,
                "payload": said,
                "previous_hash": previous_hash,
                "hash": digest,
            }
        )
    session.flush()
    if rows:
        session.execute(insert(Event), rows)  # nobody asks for their ids, so it is one statement


def _heads(session: Session, aggregate: str, ids: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Number and hash of the last event of each chain that has one."""
    last = (
        select(Event.aggregate_id, func.max(Event.seq).label("seq"))
        .where(Event.aggregate == aggregate, col(Event.aggregate_id).in_(ids))
        .group_by(col(Event.aggregate_id))
        .subquery()
    )
    rows = session.exec(
        select(Event.aggregate_id, Event.seq, Event.hash)
        .join(last, (col(Event.aggregate_id) == last.c.aggregate_id) & (col(Event.seq) == last.c.seq))
        .where(Event.aggregate == aggregate)
    ).all()
    return {aggregate_id: (seq, digest) for aggregate_id, seq, digest in rows}


def _wait_for_chains(session: Session, aggregate: str, ids: Sequence[str]) -> None:
    # A chain has no row of its own to lock; SQLite's writers follow one another anyway. Everybody locks in one order.
    if session.get_bind().dialect.name == "postgresql":
        one = func.unnest(literal([f"{aggregate}:{one}" for one in ids], ARRAY(Text))).column_valued("one")
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(one, 0))))


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
