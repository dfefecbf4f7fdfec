"""A file from outside that cannot be taken: refused by name, and before the mailroom."""

from __future__ import annotations

from pipeline.channels.errors import ArrivalError
from pipeline.domain.statuses import ArrivalStatus, ReasonCode
from pipeline.runtime import Runtime
from pipeline.steps.tasks import Doubt, open_mailroom_task
from pipeline.store.engine import write
from pipeline.store.tables import Arrival


def refuse_file(runtime: Runtime, arrival_id: str, department: str, error: ArrivalError) -> None:
    """Refuses a stored file under the error's name and opens its task; nothing happens when it is stored no more."""
    now = runtime.clock()
    with write(runtime.engine) as session:
        arrival = session.get_one(Arrival, arrival_id, with_for_update=True)
        if arrival.status is not ArrivalStatus.STORED:
            return
        arrival.status, arrival.problem_code = ArrivalStatus.REFUSED, error.code
        session.add(arrival)
        open_mailroom_task(
            session,
            key=f"file:{arrival_id}",
            department=department,
            doubts=[Doubt(ReasonCode.FILE_REFUSED, arrival_id, error.code)],
            at=now,
            batch_id=arrival.batch_id,
            arrival_id=arrival_id,
        )
