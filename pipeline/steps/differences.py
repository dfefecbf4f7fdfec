"""Two persons of the store of whom a clerk said that they are not the same."""

from __future__ import annotations

import json
from datetime import datetime

from sqlmodel import Session, col, select

from pipeline.runtime import Runtime
from pipeline.steps.people import record_of
from pipeline.store.tables import Person, PersonDistinction


def remember_difference(
    runtime: Runtime, session: Session, one_id: str, other_id: str, *, actor: str, at: datetime
) -> None:
    """Keeps that these two are not the same for as long as what is known of both stays as it is."""
    low, high = sorted((one_id, other_id))
    row = find_difference(session, low, high)
    row = row or PersonDistinction(low_id=low, high_id=high, data_digest="", made_by=actor)
    row.data_digest, row.made_by, row.made_at = _digest(runtime, session, low, high), actor, at
    session.add(row)
    session.flush()


def forget_difference(session: Session, one_id: str, other_id: str) -> bool:
    """Takes it back; False when nobody said so."""
    row = find_difference(session, *sorted((one_id, other_id)))
    if row is not None:
        session.delete(row)
        session.flush()
    return row is not None


def said_different(runtime: Runtime, session: Session, one_id: str, other_id: str) -> bool:
    """True while a clerk's "not the same" of these two holds."""
    low, high = sorted((one_id, other_id))
    row = find_difference(session, low, high)
    return row is not None and row.data_digest == _digest(runtime, session, low, high)


def find_difference(session: Session, low: str, high: str) -> PersonDistinction | None:
    """What was said of a pair, in the order of their ids."""
    query = select(PersonDistinction).where(PersonDistinction.low_id == low, PersonDistinction.high_id == high)
    return session.exec(query).first()


def _digest(runtime: Runtime, session: Session, low: str, high: str) -> str:
    people = session.exec(select(Person).where(col(Person.id).in_([low, high])).order_by(col(Person.id))).all()
    records = [record_of(person) for person in people]
    said = [
        [one.name, one.kana, str(one.birth_date), one.address, one.phone, one.household_number, list(one.former_names)]
        for one in records
    ]
    return runtime.secrets.digest(json.dumps(said, ensure_ascii=False))
