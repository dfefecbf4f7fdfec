"""Working as a listener does, without Prefect."""

from __future__ import annotations

from collections import Counter

from pipeline.domain.statuses import OutboundStatus
from pipeline.runtime import Runtime
from pipeline.steps.deliver import deliver_due
from pipeline.steps.keeper import Keeper
from pipeline.steps.pieces import work_round


def work_until_done(keeper: Keeper) -> int:
    """Goes through all lanes, and what is to be delivered, until there is nothing for this worker; says how many
    pieces were done."""
    done = 0
    while now := work_round(keeper):
        done += now
    return done


def deliver_all(runtime: Runtime) -> Counter[OutboundStatus]:
    """Rounds of deliveries until none is due; counts of all attempts by how the event then stood."""
    done: Counter[OutboundStatus] = Counter()
    while now := deliver_due(runtime):
        done += now
    return done
