"""Seals: the heads of all chains at one moment, signed, so that a chain cut short is found out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import sqlalchemy
from sqlalchemy import text
from sqlmodel import Session, col, func, select

from pipeline.runtime import Runtime
from pipeline.store.engine import write
from pipeline.store.tables import Event, Seal

Heads = dict[tuple[str, str], tuple[int, str]]
"""Aggregate and its id -> number and hash of its last event."""


def make_seal(runtime: Runtime) -> None:
    """Seals the history as it stands now."""
    with write(runtime.engine) as session:
        if session.get_bind().dialect.name == "postgresql":
            # An event numbered before the last one may not be committed yet; it must be under the seal too.
            session.execute(text("LOCK TABLE event IN SHARE MODE"))
        last = session.exec(select(func.max(Event.id))).one() or 0
        heads: Heads = {}
        events = sum(1 for _ in _follow(session, heads))
        digest = _digest(heads)
        seal = Seal(sealed_at=runtime.clock(), events=events, heads_digest=digest, last_event_id=last, signature="")
        seal.signature = _signature(runtime, seal)
        session.add(seal)


def broken_seals(runtime: Runtime, session: Session) -> Iterator[tuple[int, bool]]:
    """Every seal by its id, and whether it holds no longer. The history is gone through once for all of them."""
    heads: Heads = {}
    events = 0
    history = _follow(session, heads)
    reached = next(history, None)
    for seal in session.exec(select(Seal).order_by(col(Seal.last_event_id), col(Seal.id))).all():
        while reached is not None and reached <= seal.last_event_id:
            events += 1
            reached = next(history, None)
        holds = (seal.heads_digest, seal.events) == (_digest(heads), events)
        yield seal.id or 0, not (holds and seal.signature == _signature(runtime, seal))


def _follow(session: Session, heads: Heads) -> Iterator[int]:
    """Ids of all events in their order; `heads` holds everything before the one given."""
    names = (Event.id, Event.aggregate, Event.aggregate_id, Event.seq, Event.hash)
    columns = sqlalchemy.select(*map(col, names)).order_by(col(Event.id))
    for event_id, aggregate, aggregate_id, seq, digest in session.connection().execute(
        columns, execution_options={"yield_per": 2000}
    ):
        yield event_id
        if seq > heads.get((aggregate, aggregate_id), (0, ""))[0]:
            heads[aggregate, aggregate_id] = (seq, digest)


def _digest(heads: Heads) -> str:
    """SHA-256 (hex) over the heads of all chains."""
    listed = "\n".join(f"{a}:{i}:{digest}" for (a, i), (_, digest) in sorted(heads.items()))
    return hashlib.sha256(listed.encode()).hexdigest()


def _signature(runtime: Runtime, seal: Seal) -> str:
    return runtime.secrets.digest(
        f"{seal.sealed_at.isoformat()}|{seal.events}|{seal.heads_digest}|{seal.last_event_id}"
    )
