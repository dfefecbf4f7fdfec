"""Households as the rows of a list tell of them: what is registered, and who lives there since when."""

from __future__ import annotations

from collections.abc import Mapping
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
    """Who lives elsewhere than before left the day before the reference date, and lives there since. A list of no
    later date than the one before corrects it: its word stands in the place of that."""
    rows = session.exec(
        select(HouseholdMember)
        .where(col(HouseholdMember.person_id).in_(list(wanted)))
        .order_by(col(HouseholdMember.valid_from))
    ).all()
    latest = {row.person_id: row for row in rows}
    added = []
    for person_id, home in wanted.items():
        now = latest.get(person_id)
        if now is not None and not _moves(session, now, home, roster.base_date):
            continue
        if home is not None:
            added.append((new_id(), home, person_id, roster.base_date.isoformat(), None))
    add_plain_rows(session, HouseholdMember, ("id", "household_id", "person_id", "valid_from", "valid_to"), added)


def _moves(session: Session, now: HouseholdMember, home: str | None, since: date) -> bool:
    """Ends the latest membership before `since`; False when nothing new begins, since it holds on or was corrected."""
    if now.valid_to is None and now.household_id == home:
        return False
    if now.valid_from >= since and home is None:
        session.delete(now)
    elif now.valid_from >= since and home is not None:
        now.household_id, now.valid_to = home, None
    elif now.valid_to is None or now.valid_to >= since:
        now.valid_to = since - timedelta(days=1)
        session.add(now)
        return True
    else:
        return True
    return False
