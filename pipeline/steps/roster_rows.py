"""Rows of a list into the store, many at a time: persons, their blocking keys, and that they are on the list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import class_mapper
from sqlmodel import Session, col, select

from matchers.blocking import key_rules_version
from matchers.records import PersonRecord
from pipeline.steps.people import add_keys, keys_of, write_keys
from pipeline.steps.protection import protect_around
from pipeline.store.columns import new_id
from pipeline.store.tables import MatchKey, Person, RosterRow


@dataclass(frozen=True)
class RosterEntry:
    """One row, made ready outside the write. facts: columns of `Person`; keys: its blocking keys."""

    facts: Mapping[str, Any]
    eligible: bool
    keys: frozenset[str]

    @property
    def number(self) -> str:
        """宛名番号."""
        return str(self.facts["resident_number"])


def make_entry(facts: Mapping[str, Any], *, eligible: bool, secret: bytes) -> RosterEntry:
    """The row with its blocking keys."""
    former = facts["former_name"]
    record = PersonRecord(
        **{name: value for name, value in facts.items() if name not in ("former_name", "protected")},
        former_names=(former,) if former else (),
    )
    return RosterEntry(facts, eligible, keys_of(record, secret))


def write_entries(session: Session, roster_id: str, valid_from: date, entries: Sequence[RosterEntry]) -> None:
    """Writes rows of as many different persons; what the store holds already is left as it is."""
    known = _known(session, entries)
    new = {new_id(): entry for entry in entries if entry.number not in known}
    changed = {
        known[entry.number].id: entry
        for entry in entries
        if entry.number in known and _differs(known[entry.number], entry.facts)
    }
    ids = {entry.number: person_id for person_id, entry in new.items()}
    ids |= {number: person.id for number, person in known.items()}
    moved = [
        person_id
        for person_id, entry in changed.items()
        if entry.facts["household_number"] != known[entry.number].household_number
    ]
    newly_protected = [
        person_id
        for person_id, entry in changed.items()
        if entry.facts["protected"] and not known[entry.number].protected
    ]
    if new:
        people = [{"id": one, "source": "roster", **entry.facts} for one, entry in new.items()]
        session.execute(insert(class_mapper(Person).tables[0]), people)
    for person_id, entry in changed.items():
        session.execute(update(Person).where(col(Person.id) == person_id).values(**entry.facts))
    stale = _without_keys(session, [person.id for person in known.values()])
    by_id = {ids[entry.number]: entry for entry in entries}
    add_keys(session, {person_id: entry.keys for person_id, entry in new.items()})
    if anew := stale.union(changed):
        write_keys(session, {person_id: by_id[person_id].keys for person_id in anew})
    if guarded := [*newly_protected, *moved, *(one for one, entry in new.items() if entry.facts["protected"])]:
        protect_around(session, guarded)
    _list(session, roster_id, valid_from, by_id)


def _known(session: Session, entries: Iterable[RosterEntry]) -> dict[str, Person]:
    """The persons of these rows that the store holds, by number; locked until the end of the write."""
    numbers = [entry.number for entry in entries]
    found = session.exec(
        select(Person).where(col(Person.resident_number).in_(numbers)).order_by(col(Person.id)).with_for_update()
    ).all()
    return {person.resident_number: person for person in found if person.resident_number}


def _differs(person: Person, facts: Mapping[str, Any]) -> bool:
    return any(getattr(person, name) != value for name, value in facts.items())


def _without_keys(session: Session, person_ids: Sequence[str]) -> set[str]:
    """Those of these persons who have no keys of the rules in force."""
    if not person_ids:
        return set()
    current = session.exec(
        select(MatchKey.person_id)
        .where(col(MatchKey.person_id).in_(person_ids), MatchKey.rule == key_rules_version())
        .distinct()
    ).all()
    return set(person_ids) - set(current)


def _list(session: Session, roster_id: str, valid_from: date, entries: Mapping[str, RosterEntry]) -> None:
    listed = set(
        session.exec(
            select(RosterRow.person_id).where(
                RosterRow.roster_id == roster_id, col(RosterRow.person_id).in_(list(entries))
            )
        ).all()
    )
    rows = [
        {
            "id": new_id(),
            "roster_id": roster_id,
            "person_id": person_id,
            "eligible": entry.eligible,
            "valid_from": valid_from,
        }
        for person_id, entry in entries.items()
        if person_id not in listed
    ]
    if rows:
        session.execute(insert(class_mapper(RosterRow).tables[0]), rows)
