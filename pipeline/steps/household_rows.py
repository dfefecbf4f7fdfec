"""Households as the rows of a list tell of them: what is registered, and who lives there since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from pipeline.steps.roster_cells import RosterEntry
from pipeline.store.bulk import add_plain_rows
from pipeline.store.columns import new_id
from pipeline.store.tables import Household, HouseholdMember, Roster

_FACTS = ("postal_code", "address", "phone")


def write_households(session: Session, roster: Roster, entries: Mapping[str, RosterEntry]) -> None:
    """Puts these persons (by id) into the households that their rows name, as of the list's reference date."""
    household_ids = _write_facts(session, roster, entries)
    wanted = {
        person_id: household_ids.get(entry.facts["household_number"] or "") for person_id, entry in entries.items()
    }
    _write_members(session, roster, wanted)


def _write_facts(session: Session, roster: Roster, entries: Mapping[str, RosterEntry]) -> dict[str, str]:
    """Household number -> id, of all that are named; the first row of a list that names one says where it lives."""
    told: dict[str, dict[str, Any]] = {}
    for entry in entries.values():
        if number := entry.facts["household_number"]:
            facts = told.setdefault(number, {name: entry.facts.get(name) for name in _FACTS})
            facts["phone"] = facts["phone"] or entry.facts.get("phone")
    rows = session.exec(
        select(Household).where(col(Household.number).in_(list(told))).order_by(col(Household.id)).with_for_update()
    ).all()
    known = {row.number: row for row in rows if row.number}
    for number, row in known.items():
        if row.roster_id != roster.id:
            changed = {name: value for name, value in told[number].items() if value is not None}
            session.execute(update(Household).where(col(Household.id) == row.id).values(roster_id=roster.id, **changed))
    new = {number: new_id() for number in told if number not in known}
    columns = ("id", "number", "roster_id", *_FACTS)
    add_plain_rows(
        session,
        Household,
        columns,
        [(one, number, roster.id, *(told[number][name] for name in _FACTS)) for number, one in new.items()],
    )
    return new | {number: row.id for number, row in known.items()}


def _write_members(session: Session, roster: Roster, wanted: Mapping[str, str | None]) -> None:
    """Whoever lives elsewhere than was known for the reference date has lived there since, and in the household before
    until the day before. Lists may come in any order of their dates: what is known of later days stays.
    """
    rows = session.exec(
        select(HouseholdMember)
        .where(col(HouseholdMember.person_id).in_(list(wanted)))
        .order_by(col(HouseholdMember.valid_from))
    ).all()
    stays: dict[str, list[HouseholdMember]] = {}
    for row in rows:
        stays.setdefault(row.person_id, []).append(row)
    added: list[tuple[str | int | None, ...]] = []
    for person_id, home in wanted.items():
        begins, until = _settle(session, stays.get(person_id, []), home, roster.base_date)
        if begins and home is not None:
            end = until.isoformat() if until else None
            added.append((new_id(), home, person_id, roster.base_date.isoformat(), end))
    add_plain_rows(session, HouseholdMember, ("id", "household_id", "person_id", "valid_from", "valid_to"), added)


def _settle(
    session: Session, stays: Sequence[HouseholdMember], home: str | None, day: date
) -> tuple[bool, date | None]:
    """Fits in that somebody lives in `home` on a day: whether a stay begins then, and until when it lasts.

    stays: all that are known of them, by their first day; those that this contradicts are changed.
    """
    there = next(
        (one for one in stays if one.valid_from <= day and (one.valid_to is None or day <= one.valid_to)), None
    )
    after = next((one for one in stays if one.valid_from > day), None)
    if there is None:
        if after is None:
            return True, None
        if after.household_id == home:
            after.valid_from = day
            return False, None
        return True, after.valid_from - timedelta(days=1)
    if there.household_id == home:
        return False, None
    if there.valid_from < day:
        until, there.valid_to = there.valid_to, day - timedelta(days=1)
        return True, until
    if home is None:
        session.delete(there)
    else:
        there.household_id = home  # two lists of one day: the later corrects the earlier
    return False, None
