"""What leaves the house: letters are made, status events are delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prefect import flow, task
from prefect.artifacts import create_table_artifact

from flows.context import at_work, runtime
from flows.faults import without_values
from pipeline.domain.statuses import OutboundStatus
from pipeline.steps.deliver import deliver
from pipeline.steps.due import Piece
from pipeline.steps.pieces import work_on


@task(name="手紙を作る", task_run_name="手紙を作る {subject}")
@without_values
def make_letter(subject: str) -> bool:
    """Makes one claimed letter; False when it is to be tried again."""
    with at_work() as keeper:
        return work_on(keeper, Piece.of_subject(subject))


@flow(name="手紙を作る")
@without_values
def make_letters(subjects: Sequence[str]) -> int:
    """Makes claimed letters; says how many are made."""
    return sum(make_letter(subject) for subject in subjects)


@flow(name="連携を送る")
@without_values
def send_events(outbound_ids: Sequence[str]) -> Mapping[OutboundStatus, int]:
    """One attempt at each status event; counts of them by how the event then stood. Each has its own calendar of
    attempts and its limit (`pipeline.steps.deliver`), so that nothing is tried again here."""
    counts = deliver(runtime(), outbound_ids)
    create_table_artifact(
        key="delivered",
        table=[{"状態": status.value, "件数": count} for status, count in sorted(counts.items())],
        description="連携を送った結果",
    )
    return counts
