"""Working as a listener does, without Prefect."""

from __future__ import annotations

from pipeline.steps.deliver import deliver_due
from pipeline.steps.due import Lane
from pipeline.steps.keeper import Keeper
from pipeline.steps.pieces import work_lane


def work_until_done(keeper: Keeper) -> int:
    """Goes through all lanes, and what is to be delivered, until there is nothing for this worker; says how many
    pieces were done."""
    done = 0
    while now := sum(work_lane(keeper, lane) for lane in Lane) + deliver_due(keeper.runtime).sent:
        done += now
    return done
