"""What became of an eligible list: how far it is in, and which lines were wrong, by reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from pipeline.domain.statuses import RosterMarkKind, RosterProblemCode
from pipeline.store.tables import Roster, RosterMark, RosterProblem, RosterRow

SHOWN_LINES = 20


@dataclass(frozen=True)
class ProblemLines:
    """How many lines are wrong in one way, and the first of them. header: the column that is to blame, or ""."""

    code: RosterProblemCode
    header: str
    count: int
    lines: tuple[int, ...]


@dataclass(frozen=True)
class RosterReport:
    """A list of a procedure. in_force: the newest that is complete; marks: how many people it says what of."""

    roster_id: str
    base_date: date
    imported_at: datetime
    rows: int
    done: int
    complete: bool
    in_force: bool
    listed: int
    eligible: int
    marks: Mapping[RosterMarkKind, int]
    problems: tuple[ProblemLines, ...]


def roster_reports(session: Session, procedure_id: str) -> tuple[RosterReport, ...]:
    """Every list of a procedure, the newest first. Numbers and lines only, nothing that stood there."""
    rows = session.exec(
        select(Roster).where(Roster.procedure_id == procedure_id).order_by(col(Roster.imported_at).desc())
    ).all()
    newest = next((row.id for row in rows if row.complete), None)
    return tuple(_report(session, row, in_force=row.id == newest) for row in rows)


def skipped_lines(session: Session, roster_id: str) -> tuple[int, ...]:
    """The lines of a list that were left out."""
    codes = [code for code in RosterProblemCode if code.left_out]
    return tuple(
        session.exec(
            select(RosterProblem.line)
            .where(RosterProblem.roster_id == roster_id, col(RosterProblem.code).in_(codes))
            .order_by(col(RosterProblem.line))
        ).all()
    )


def problems_of(session: Session, roster_id: str, shown: int = SHOWN_LINES) -> tuple[ProblemLines, ...]:
    """What is wrong with a list, by reason and column, with the first `shown` lines of each."""
    groups = session.exec(
        select(RosterProblem.code, RosterProblem.header, func.count())
        .where(RosterProblem.roster_id == roster_id)
        .group_by(col(RosterProblem.code), col(RosterProblem.header))
        .order_by(col(RosterProblem.code), col(RosterProblem.header))
    ).all()
    return tuple(
        ProblemLines(RosterProblemCode(code), header, count, _lines(session, roster_id, code, header, shown))
        for code, header, count in groups
    )


def _lines(session: Session, roster_id: str, code: str, header: str, shown: int) -> tuple[int, ...]:
    return tuple(
        session.exec(
            select(RosterProblem.line)
            .where(RosterProblem.roster_id == roster_id, RosterProblem.code == code, RosterProblem.header == header)
            .order_by(col(RosterProblem.line))
            .limit(shown)
        ).all()
    )


def _report(session: Session, roster: Roster, *, in_force: bool) -> RosterReport:
    listed = select(func.count()).where(RosterRow.roster_id == roster.id)
    marks = session.exec(
        select(RosterMark.kind, func.count())
        .join(RosterRow, col(RosterRow.id) == RosterMark.roster_row_id)
        .where(RosterRow.roster_id == roster.id)
        .group_by(col(RosterMark.kind))
    ).all()
    return RosterReport(
        roster_id=roster.id,
        base_date=roster.base_date,
        imported_at=roster.imported_at,
        rows=roster.rows,
        done=roster.done,
        complete=roster.complete,
        in_force=in_force,
        listed=session.exec(listed).one(),
        eligible=session.exec(listed.where(col(RosterRow.eligible).is_(True))).one(),
        marks={RosterMarkKind(kind): count for kind, count in marks},
        problems=problems_of(session, roster.id),
    )
