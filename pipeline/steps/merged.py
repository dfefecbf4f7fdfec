"""Persons who turned out to be one: who lives on, what of the others still finds them, and which keys that makes.

`Person.merged_into` points from who is no more to whom they turned out to be, in as many steps as there were merges.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from sqlalchemy import bindparam
from sqlmodel import Session, col, exists, or_, select

from matchers.records import PersonRecord
from pipeline.domain.errors import Conflict
from pipeline.domain.statuses import LinkStatus
from pipeline.steps.people import keys_of, record_of, write_keys
from pipeline.store.tables import Case, Link, Person

FROM_ROSTER = "roster"


def survivors(session: Session) -> dict[str, str]:
    """Merged person -> who lives on. There are few, so that all are asked for at once."""
    rows = session.exec(select(Person.id, Person.merged_into).where(col(Person.merged_into).is_not(None))).all()
    into = {gone: kept for gone, kept in rows if kept}
    return {gone: _end_of(into, gone) for gone in into}


def _end_of(into: dict[str, str], person_id: str) -> str:
    seen = {person_id}
    while (following := into.get(person_id)) is not None and following not in seen:
        person_id = following
        seen.add(person_id)
    return person_id


def absorbed(session: Session, person_ids: Collection[str]) -> dict[str, list[Person]]:
    """Who of these absorbed whom, near and far; nothing of those who absorbed nobody."""
    found: defaultdict[str, list[Person]] = defaultdict(list)
    fresh = {one: one for one in person_ids}
    while fresh:
        rows = session.execute(_INTO, {"persons": list(fresh)}).scalars().all()
        for row in rows:
            found[fresh[row.merged_into or ""]].append(row)
        fresh = {row.id: fresh[row.merged_into or ""] for row in rows}
    return dict(found)


_INTO = select(Person).where(col(Person.merged_into).in_(bindparam("persons", expanding=True))).order_by(col(Person.id))
"""Made once: every application asks it."""


def records_of(session: Session, people: Iterable[Person]) -> list[tuple[str, PersonRecord]]:
    """What is known of these living persons, in their order: themselves, and those who turned out to be them."""
    people = list(people)
    others = absorbed(session, [person.id for person in people])
    return [(person.id, record_of(one)) for person in people for one in (person, *others.get(person.id, ()))]


def keys_of_people(session: Session, people: Iterable[Person], secret: bytes) -> dict[str, frozenset[str]]:
    """Person id -> the blocking keys they are to have: their own and those of whom they absorbed.

    None for who was merged, and for somebody whom applications alone have named and none means any more: a link that
    was taken back leaves no trace in the keys.
    """
    people = list(people)
    living = [person for person in people if person.merged_into is None and _is_meant(session, person)]
    keys: dict[str, frozenset[str]] = {person.id: frozenset() for person in people}
    for person_id, record in records_of(session, living):
        keys[person_id] |= keys_of(record, secret)
    return keys


def _is_meant(session: Session, person: Person) -> bool:
    if person.source == FROM_ROSTER:
        return True
    linked = exists().where(col(Link.person_id) == person.id, col(Link.status) != LinkStatus.UNDONE)
    subject = exists().where(col(Case.subject_id) == person.id)
    absorbs = exists().where(col(Person.merged_into) == person.id, col(Person.source) == FROM_ROSTER)
    return bool(session.exec(select(or_(linked, subject, absorbs))).one())


def index_people(session: Session, person_ids: Collection[str], secret: bytes) -> None:
    """Writes the keys of these persons and of those they were merged into as they are to be now, in the transaction
    that made it so."""
    if not person_ids:
        return
    session.flush()
    lives = survivors(session)
    wanted = {*person_ids, *(lives[one] for one in person_ids if one in lives)}
    people = session.exec(
        select(Person).where(col(Person.id).in_(wanted)).execution_options(populate_existing=True)
    ).all()
    write_keys(session, keys_of_people(session, people, secret))


def require_living(session: Session, person_ids: Collection[str]) -> None:
    """Keeps these persons from being merged until the end of this write. Raises Conflict when one was merged already:
    what was found of them is to be found anew."""
    query = select(Person.id, Person.merged_into).where(col(Person.id).in_(person_ids)).order_by(col(Person.id))
    rows = session.exec(query.with_for_update(read=True, key_share=True)).all()
    if any(into is not None for _, into in rows):
        raise Conflict
