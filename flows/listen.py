"""A worker's long run: it looks for work every few seconds, so that nothing waits for a process to start."""

from __future__ import annotations

from threading import Event

import structlog
from prefect import tags
from prefect.exceptions import TerminationSignal
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from flows.context import at_work, worker_name
from flows.lanes import work_round
from pipeline.store.outages import find_outage

POLL_S = 2.0
LONGEST_PAUSE_S = 30.0

log = structlog.get_logger(__name__)


def listen(stop: Event) -> None:
    """Works until `stop` is set; what is begun is then given back, or done when no flow is at it.

    When something around us is away it tries again, ever more slowly. When the process ends because a piece of work
    hangs, who looks after it starts another one at once.
    """
    pause_s = POLL_S
    # The worker's own beat says that it lives; Prefect's would add up to a second to each of many short runs.
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}), at_work() as keeper:
        while not stop.is_set():
            try:
                with tags(worker_tag(worker_name())):
                    done = work_round(keeper)
                pause_s = POLL_S
            except TerminationSignal:
                # Within a flow Prefect takes SIGTERM for itself; what was held has been given back.
                break
            except Exception as error:
                done = 0
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                log.error("round_failed", error=type(error).__name__, outage=find_outage(error), again_in_s=pause_s)
            if not done:
                stop.wait(pause_s)


def worker_tag(name: str) -> str:
    """The tag of the runs of one worker."""
    return f"worker:{name}"
