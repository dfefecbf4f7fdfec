"""Arrivals that belong to no application and yet hold what people wrote: they go too.

A file that came again after it was erased; a batch or an export that never became an application, once it lies as long
as the applications of the procedure do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from pipeline.domain.statuses import ArrivalStatus, BatchStatus, TaskStatus
from pipeline.runtime import JST, Runtime
from pipeline.steps.erasure.carriers import cut_arrivals, cut_batches, files_of
from pipeline.steps.erasure.cut import doom, tell
from pipeline.steps.erasure.due import ended_before, retention_years
from pipeline.steps.erasure.losses import Cut
from pipeline.steps.intake_paper import SCANNER
from pipeline.steps.packs import newest_packs
from pipeline.store.bulk import parts
from pipeline.store.engine import read, write
from pipeline.store.tables import Arrival, Batch, Erasure, ReviewTask, Submission


@dataclass(frozen=True)
class Strays:
    """Ids of arrivals and of batches."""

    arrivals: tuple[str, ...]
    batches: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.arrivals or self.batches)


def find_strays(runtime: Runtime, procedure_id: str) -> Strays:
    """What lies about without an application and may go with this procedure's erasure.

    Sheets say of no procedure that they are its own; they go with the one that keeps its applications longest.
    """
    with read(runtime.engine) as session:
        years = max(retention_years(session, procedure_id).values())
        limit = datetime.combine(ended_before(runtime.today(), years), time(), JST).astimezone(UTC)
        arrivals = {*_came_again(session, procedure_id), *_exports(session, procedure_id, limit)}
        batches: list[str] = []
        if procedure_id == _keeps_longest(session):
            arrivals |= set(_scans_again(session))
            batches = _batches(session, limit)
        return Strays(tuple(sorted(arrivals)), tuple(sorted(batches)))


def _keeps_longest(session: Session) -> str:
    return max((max(retention_years(session, pack.id).values()), pack.id) for pack in newest_packs(session))[1]


def _repeats_erased() -> SelectOfScalar[str]:
    first = aliased(Arrival)
    erased = select(first.id).where(first.id == Arrival.repeats_id, first.blob == "").exists()
    task = select(ReviewTask.id).where(ReviewTask.arrival_id == Arrival.id, ReviewTask.status == TaskStatus.OPEN)
    return select(Arrival.id).where(Arrival.blob != "", erased, ~task.exists())


def _came_again(session: Session, procedure_id: str) -> list[str]:
    found = set(session.exec(_repeats_erased().where(_of_procedure(procedure_id))).all())
    return [*found, *files_of(session, found, (), ())]


def _of_procedure(procedure_id: str) -> ColumnElement[bool]:
    """Exports and requests of a procedure, and records that stood in one."""
    return or_(*(col(Arrival.source).like(f"{kind}{procedure_id}:%") for kind in ("", "export:", "request:")))


def _scans_again(session: Session) -> list[str]:
    query = _repeats_erased().where(Arrival.source == SCANNER)
    return list(session.exec(query).all())


def _exports(session: Session, procedure_id: str, limit: datetime) -> list[str]:
    """Exports, and records of none, that lie too long and of which no application is kept."""
    part = aliased(Arrival)
    alive = (
        select(Submission.id)
        .join(part, col(part.id) == Submission.arrival_id)
        .where(or_(part.part_of_id == Arrival.id, part.id == Arrival.id), col(Submission.erased_at).is_(None))
    )
    task = select(ReviewTask.id).where(ReviewTask.arrival_id == Arrival.id, ReviewTask.status == TaskStatus.OPEN)
    old = session.exec(
        select(Arrival.id).where(
            _of_procedure(procedure_id),
            Arrival.blob != "",
            Arrival.status != ArrivalStatus.STORED,
            Arrival.arrived_at < limit,
            ~alive.exists(),
            ~task.exists(),
        )
    ).all()
    return [*old, *files_of(session, old, (), ())]


def _batches(session: Session, limit: datetime) -> list[str]:
    """Batches of which nothing became an application."""
    became = select(Submission.id).where(Submission.batch_id == Batch.id)
    task = select(ReviewTask.id).where(ReviewTask.batch_id == Batch.id, ReviewTask.status == TaskStatus.OPEN)
    kept = select(Arrival.id).where(Arrival.batch_id == Batch.id, Arrival.blob != "")
    query = select(Batch.id).where(
        Batch.created_at < limit,
        Batch.status != BatchStatus.RECEIVED,
        ~became.exists(),
        ~task.exists(),
        kept.exists(),
    )
    return list(session.exec(query).all())


def cut_strays(runtime: Runtime, erasure: Erasure, strays: Strays, actor: str) -> None:
    """Takes them away in short writes."""
    for batch in strays.batches:
        _cut(runtime, erasure, actor, [batch], [])
    for part in parts(strays.arrivals, 100):
        _cut(runtime, erasure, actor, [], part)


def _cut(runtime: Runtime, erasure: Erasure, actor: str, batches: list[str], arrivals: list[str]) -> None:
    cut = Cut()
    with write(runtime.engine) as session:
        files = {*arrivals, *cut_batches(session, batches, cut)}
        cut_arrivals(session, runtime.secrets, files, cut)
        doom(session, erasure, cut.blobs)
        tell(session, erasure, cut, actor, runtime.clock())
