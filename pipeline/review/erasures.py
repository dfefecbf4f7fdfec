"""消去 on the screen: what is due, what holds the rest up, which runs there were. Numbers and ids, never values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from pipeline.domain.errors import NotAllowed
from pipeline.domain.statuses import StaffRole
from pipeline.procedures.pack import Label
from pipeline.runtime import JST, Runtime
from pipeline.steps.erasure.blockers import Blocker
from pipeline.steps.erasure.certificate import certificate_problems, get_certificate
from pipeline.steps.erasure.due import find_due
from pipeline.steps.packs import newest_packs
from pipeline.store.access import Viewer
from pipeline.store.engine import read
from pipeline.store.tables import DoomedBlob, Erasure, RetentionHold, Submission

RUNS = 50
KEEPERS = (StaffRole.OPERATOR, StaffRole.ADMINISTRATOR)


@dataclass(frozen=True)
class DueRow:
    """One procedure. due: applications that may go today; blocked: files that are old enough and held up, by reason."""

    procedure_id: str
    label: Label
    years: int
    kept: int
    erased: int
    due: int
    blocked: Mapping[Blocker, int]


@dataclass(frozen=True)
class RunRow:
    """One erasure, days as in Japan. problems: what is wrong with its certificate, () when it fits.

    waiting: files whose bytes are still to go.
    """

    number: str
    procedure: Label
    made_by: str
    made_on: date
    finished_on: date | None
    ended_before: date
    submissions: int
    waiting: int
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Erasures:
    """procedures and runs as above; holds: how many holds are in force."""

    procedures: tuple[DueRow, ...]
    runs: tuple[RunRow, ...]
    holds: int


def get_erasures(runtime: Runtime, viewer: Viewer) -> Erasures:
    """The state of retention in the whole house. Raises NotAllowed for others than operators and administrators."""
    _require(viewer)
    with read(runtime.engine) as session:
        packs = sorted(newest_packs(session), key=lambda pack: pack.id)
        labels = {pack.id: pack.label for pack in packs}
        procedures = tuple(
            _due_row(session, pack.id, pack.label, pack.retention.years, runtime.today()) for pack in packs
        )
        rows = session.exec(select(Erasure).order_by(col(Erasure.made_at).desc()).limit(RUNS)).all()
        waiting = dict(
            session.exec(select(DoomedBlob.erasure_id, func.count()).group_by(col(DoomedBlob.erasure_id))).all()
        )
        holds = session.exec(
            select(func.count()).select_from(RetentionHold).where(col(RetentionHold.lifted_at).is_(None))
        ).one()
    runs = tuple(_run_row(runtime, row, labels[row.procedure_id], waiting.get(row.id, 0)) for row in rows)
    return Erasures(procedures, runs, holds)


def read_certificate(runtime: Runtime, viewer: Viewer, number: str) -> dict[str, Any]:
    """The signed certificate of an erasure. Raises NotAllowed, NotVisible, or Unfinished."""
    _require(viewer)
    return get_certificate(runtime, number)


def _require(viewer: Viewer) -> None:
    if not any(viewer.has(role) for role in KEEPERS):
        raise NotAllowed


def _due_row(session: Session, procedure_id: str, label: Label, years: int, today: date) -> DueRow:
    counted = session.exec(
        select(func.count(), func.count(col(Submission.erased_at))).where(Submission.procedure_id == procedure_id)
    ).one()
    due = find_due(session, procedure_id, today)
    return DueRow(
        procedure_id=procedure_id,
        label=label,
        years=years,
        kept=counted[0] - counted[1],
        erased=counted[1],
        due=sum(len(file.submission_ids) for file in due.files),
        blocked=dict(sorted(due.blocked.items())),
    )


def _run_row(runtime: Runtime, row: Erasure, label: Label, waiting: int) -> RunRow:
    problems = certificate_problems(runtime, row.number) if row.finished_at else ()
    return RunRow(
        number=row.number,
        procedure=label,
        made_by=row.made_by,
        made_on=row.made_at.astimezone(JST).date(),
        finished_on=row.finished_at.astimezone(JST).date() if row.finished_at else None,
        ended_before=row.ended_before,
        submissions=row.submissions,
        waiting=waiting,
        problems=problems,
    )
