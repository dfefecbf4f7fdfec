"""Invariants of lists and households."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby, pairwise
from typing import Any

import sqlalchemy
from sqlalchemy import and_, func, or_
from sqlmodel import Session, col

from pipeline.domain.statuses import LinkStatus
from pipeline.store.tables import HouseholdLink, HouseholdMember, Roster, RosterRow

# SQLModel's own knows whole rows and at most four columns.
select: Callable[..., Any] = sqlalchemy.select

Findings = Iterator[tuple[str, bool]]


def one_household_at_a_time(session: Session) -> Findings:
    """Nobody lives in two households on one day."""
    rows = session.connection().execute(
        select(HouseholdMember.person_id, HouseholdMember.valid_from, HouseholdMember.valid_to).order_by(
            col(HouseholdMember.person_id), col(HouseholdMember.valid_from)
        ),
        execution_options={"yield_per": 2000},
    )
    for person_id, group in groupby(rows, key=lambda row: row[0]):
        stays = list(group)
        forward = all(until is None or since <= until for _, since, until in stays)
        yield person_id, forward and all(one[2] is not None and one[2] < two[1] for one, two in pairwise(stays))


def one_household_each(session: Session) -> Findings:
    """An application comes from one household, or from none that is known."""
    rows = session.connection().execute(
        select(HouseholdLink.submission_id, func.count())
        .where(HouseholdLink.status != LinkStatus.UNDONE)
        .group_by(col(HouseholdLink.submission_id))
    )
    for submission_id, count in rows:
        yield submission_id, count == 1


def lists_are_whole(session: Session) -> Findings:
    """A list in force was read to its end, and no row of it ends before it begins."""
    rows = session.connection().execute(
        select(Roster.id, or_(col(Roster.complete).is_(False), col(Roster.done) == col(Roster.rows)))
    )
    yield from ((roster_id, bool(whole)) for roster_id, whole in rows)
    backwards = session.connection().execute(
        select(RosterRow.id).where(
            and_(col(RosterRow.valid_to).is_not(None), col(RosterRow.valid_to) < col(RosterRow.valid_from))
        )
    )
    yield from ((row_id, False) for (row_id,) in backwards)
