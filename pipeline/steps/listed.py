"""What the list in force says of certain people, as of its reference date."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from pipeline.domain.statuses import RosterMarkKind
from pipeline.store.tables import Roster, RosterMark, RosterRow


@dataclass(frozen=True)
class Listed:
    """One person's row of the list. on: the list's reference date; valid_from, valid_to: the first and last day on
    which the row holds; marks: what the list says of the person, and since when, where it says."""

    on: date
    eligible: bool
    valid_from: date
    valid_to: date | None
    marks: Mapping[RosterMarkKind, date | None]

    @property
    def holds(self) -> bool:
        """True when the person is on the list on its reference date."""
        return self.valid_from <= self.on and (self.valid_to is None or self.on <= self.valid_to)

    def said(self, kind: RosterMarkKind) -> bool:
        """True when the list says this of the person. Who moved out after the reference date was there on that day."""
        if kind not in self.marks:
            return False
        day = self.marks[kind]
        return kind is not RosterMarkKind.MOVED_OUT or day is None or day <= self.on


def listed(session: Session, procedure_id: str, person_ids: Collection[str]) -> dict[str, Listed]:
    """What the procedure's newest complete list says of these persons, by id; who is not on it is left out."""
    roster = _in_force(session, procedure_id)
    if roster is None or not person_ids:
        return {}
    rows = session.exec(
        select(RosterRow).where(RosterRow.roster_id == roster.id, col(RosterRow.person_id).in_(person_ids))
    ).all()
    marks: dict[str, dict[RosterMarkKind, date | None]] = {row.id: {} for row in rows}
    for mark in session.exec(select(RosterMark).where(col(RosterMark.roster_row_id).in_(marks))).all():
        marks[mark.roster_row_id][mark.kind] = mark.day
    return {
        row.person_id: Listed(roster.base_date, row.eligible, row.valid_from, row.valid_to, marks[row.id])
        for row in rows
    }


def _in_force(session: Session, procedure_id: str) -> Roster | None:
    return session.exec(
        select(Roster)
        .where(Roster.procedure_id == procedure_id, col(Roster.complete).is_(True))
        .order_by(col(Roster.imported_at).desc(), col(Roster.id))
    ).first()
