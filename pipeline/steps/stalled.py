"""What stopped half-way: batches not split, exports not taken, letters not made. Submissions are found by `due`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import col, select

from pipeline.domain.statuses import ArrivalStatus, BatchStatus
from pipeline.runtime import Runtime
from pipeline.store.engine import read
from pipeline.store.tables import Arrival, Batch


@dataclass(frozen=True)
class Stalled:
    """batches: (id, number) of those not yet split; exports: ids of stored exports whose records are not taken."""

    batches: tuple[tuple[str, str], ...]
    exports: tuple[str, ...]


def find_stalled(runtime: Runtime, older_than: timedelta) -> Stalled:
    """What arrived longer ago than this and was not taken, oldest first."""
    before = runtime.clock() - older_than
    with read(runtime.engine) as session:
        batches = session.exec(
            select(Batch.id, Batch.number)
            .where(Batch.status == BatchStatus.RECEIVED, col(Batch.created_at) <= before)
            .order_by(col(Batch.created_at))
        ).all()
        exports = session.exec(
            select(Arrival.id)
            .where(
                col(Arrival.source).startswith("export:"),
                Arrival.status == ArrivalStatus.STORED,
                col(Arrival.arrived_at) <= before,
            )
            .order_by(col(Arrival.arrived_at))
        ).all()
    return Stalled(tuple((row[0], row[1]) for row in batches), tuple(exports))
