"""Rows of a list into the store, many at a time: persons, their keys and households, and what is said of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from matchers.blocking import key_rules_version
from pipeline.domain.statuses import RosterProblemCode
from pipeline.steps.household_rows import write_households
from pipeline.steps.merged import absorbed, index_people, survivors
from pipeline.steps.people import add_keys, write_keys
from pipeline.steps.protection import protect_around
from pipeline.steps.roster_cells import Marks, Problem, RosterEntry
from pipeline.store.bulk import add_plain_rows
from pipeline.store.columns import new_id
from pipeline.store.tables import MatchKey, Person, Roster, RosterMark, RosterRow

FACTS = (
    "resident_number",
    "household_number",
    "reference_number",
    "name",
    "kana",
    "former_name",
    "birth_date",
    "postal_code",
    "address",
    "phone",
)


@dataclass(frozen=True)
class _Known:
    """Somebody of these rows whom the store holds. stale: they have no keys of the rules in force."""

    person: Person
    stale: bool
    changed: bool


def make_keys(session: Session, entries: Sequence[RosterEntry]) -> None:
    """Makes the keys that writing these rows will need, so that the write itself stays short."""
    known = _known(session, entries)
    for entry in entries:
        if (one := known.get(entry.number)) is None or one.stale or one.changed:
            _ = entry.keys


def write_entries(session: Session, roster: Roster, entries: Sequence[RosterEntry]) -> list[Problem]:
    """Writes rows and gives those that were left out, since their number stands on an earlier line that says
    something else. What the store holds already is left as it is.
    """
    entries, problems = _each_number_once(entries)
    known = _known(session, entries, lock=True)
    living = {number: one.person.id for number, one in known.items() if one.person.merged_into is None}
    listed = _listed(session, roster, living.values())
    again = [entry for entry in entries if living.get(entry.number) in listed]
    for entry in again:
        said = listed[known[entry.number].person.id]
        if known[entry.number].changed or said != _row_of(roster, entry):
            problems.append(_twice(entry))
    done = {entry.number for entry in again}
    fresh = [entry for entry in entries if entry.number not in done]
    ids = {entry.number: known[entry.number].person.id if entry.number in known else new_id() for entry in fresh}
    _write_people(session, roster, {ids[entry.number]: entry for entry in fresh}, known)
    return problems


def _write_people(
    session: Session, roster: Roster, entries: Mapping[str, RosterEntry], known: Mapping[str, _Known]
) -> None:
    new = {one: entry for one, entry in entries.items() if entry.number not in known}
    old = {one: entry for one, entry in entries.items() if entry.number in known}
    changed = {one: entry for one, entry in old.items() if known[entry.number].changed}
    around = _to_be_protected(new, {one: (known[entry.number].person, entry) for one, entry in changed.items()})
    _add_people(session, new)
    stay_guarded = _absorbed_protected(
        session, [one for one, entry in changed.items() if known[entry.number].person.protected]
    )
    for person_id, entry in changed.items():
        facts = {**entry.facts, "protected": True} if person_id in stay_guarded else entry.facts
        session.execute(update(Person).where(col(Person.id) == person_id).values(**facts))
    add_keys(session, {person_id: entry.keys for person_id, entry in new.items()})
    _renew_keys(session, {one: entry for one, entry in old.items() if one in changed or known[entry.number].stale})
    merged = {one: entry for one, entry in old.items() if known[entry.number].person.merged_into}
    living = {one: entry for one, entry in entries.items() if one not in merged}
    write_households(session, roster, living)
    _list(session, roster, {**living, **_in_the_place_of(session, roster, merged, living)})
    if around:
        protect_around(session, around)


def _renew_keys(session: Session, entries: Mapping[str, RosterEntry]) -> None:
    """The keys of persons whom the store held. Of people who turned out to be one, whoever lives on has them all."""
    if not entries:
        return
    merges = session.exec(
        select(Person.id, Person.merged_into).where(
            col(Person.merged_into).is_not(None),
            or_(col(Person.id).in_(list(entries)), col(Person.merged_into).in_(list(entries))),
        )
    ).all()
    ones = {one for pair in merges for one in pair if one is not None and one in entries}
    write_keys(session, {one: entry.keys for one, entry in entries.items() if one not in ones})
    if ones:
        index_people(session, ones, next(iter(entries.values())).secret)


def _absorbed_protected(session: Session, person_ids: Sequence[str]) -> set[str]:
    """Those of these persons who absorbed somebody protected: they stay so whatever their own row says."""
    found = absorbed(session, person_ids) if person_ids else {}
    return {kept for kept, others in found.items() if any(one.protected for one in others)}


def _in_the_place_of(
    session: Session, roster: Roster, merged: Mapping[str, RosterEntry], living: Mapping[str, RosterEntry]
) -> dict[str, RosterEntry]:
    """Rows of people who turned out to be somebody else, under those whom the list does not name itself."""
    if not merged:
        return {}
    lives = survivors(session)
    there = {*living, *_listed(session, roster, {lives[one] for one in merged})}
    return {lives[one]: entry for one, entry in merged.items() if lives[one] not in there}


def _each_number_once(entries: Iterable[RosterEntry]) -> tuple[list[RosterEntry], list[Problem]]:
    first: dict[str, RosterEntry] = {}
    problems = []
    for entry in entries:
        earlier = first.setdefault(entry.number, entry)
        if earlier.said != entry.said:
            problems.append(_twice(entry))
    return list(first.values()), problems


def _twice(entry: RosterEntry) -> Problem:
    return Problem(entry.line, RosterProblemCode.NUMBER_TWICE)


def _known(session: Session, entries: Iterable[RosterEntry], *, lock: bool = False) -> dict[str, _Known]:
    """The persons of these rows that the store holds, by number; with `lock` until the end of the write."""
    told = {entry.number: entry.facts for entry in entries}
    query = select(Person).where(col(Person.resident_number).in_(list(told))).order_by(col(Person.id))
    people = session.exec(query.with_for_update() if lock else query).all()
    stale = _without_keys(session, [person.id for person in people])
    return {
        number: _Known(person, person.id in stale, _differs(person, told[number]))
        for person in people
        if (number := person.resident_number)
    }


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


def _to_be_protected(new: Mapping[str, RosterEntry], changed: Mapping[str, tuple[Person, RosterEntry]]) -> list[str]:
    """Whose applications may have to move: people who are protected now, or live with others than before."""
    moved = [
        one
        for one, (person, entry) in changed.items()
        if entry.facts["household_number"] != person.household_number
        or (entry.facts.get("protected") and not person.protected)
    ]
    return [*moved, *(one for one, entry in new.items() if entry.facts.get("protected"))]


def _add_people(session: Session, entries: Mapping[str, RosterEntry]) -> None:
    rows = [
        (person_id, "roster", bool(entry.facts.get("protected")), *(_plain(entry.facts.get(name)) for name in FACTS))
        for person_id, entry in entries.items()
    ]
    add_plain_rows(session, Person, ("id", "source", "protected", *FACTS), rows)


def _plain(value: Any) -> str | None:
    return value.isoformat() if isinstance(value, date) else value


_Said = tuple[bool, date, date | None, Marks]
"""What a row of a list says of a person: eligible, from, to, and the marks."""


def _row_of(roster: Roster, entry: RosterEntry) -> _Said:
    return (entry.eligible, entry.valid_from or roster.base_date, entry.valid_to, entry.marks)


def _listed(session: Session, roster: Roster, person_ids: Collection[str]) -> dict[str, _Said]:
    """Who of these stands on this list already, and what it said of them."""
    if not person_ids:
        return {}
    rows = session.exec(
        select(RosterRow).where(RosterRow.roster_id == roster.id, col(RosterRow.person_id).in_(person_ids))
    ).all()
    marks = session.exec(select(RosterMark).where(col(RosterMark.roster_row_id).in_([row.id for row in rows]))).all()
    return {
        row.person_id: (
            row.eligible,
            row.valid_from,
            row.valid_to,
            {mark.kind: mark.day for mark in marks if mark.roster_row_id == row.id},
        )
        for row in rows
    }


def _list(session: Session, roster: Roster, entries: Mapping[str, RosterEntry]) -> None:
    rows: list[tuple[str | int | None, ...]] = []
    marks: list[tuple[str | int | None, ...]] = []
    for person_id, entry in entries.items():
        eligible, valid_from, valid_to, said = _row_of(roster, entry)
        row_id = new_id()
        rows.append((row_id, roster.id, person_id, eligible, _plain(valid_from), _plain(valid_to)))
        marks += [(row_id, kind.value, _plain(day)) for kind, day in said.items()]
    columns = ("id", "roster_id", "person_id", "eligible", "valid_from", "valid_to")
    add_plain_rows(session, RosterRow, columns, rows)
    add_plain_rows(session, RosterMark, ("roster_row_id", "kind", "day"), marks)
