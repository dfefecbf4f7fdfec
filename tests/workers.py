"""Working as a listener does, without Prefect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest

from pipeline.channels.slip import BatchSlip
from pipeline.domain.statuses import OutboundStatus
from pipeline.runtime import Runtime
from pipeline.steps.deliver import deliver_due
from pipeline.steps.due import Lane
from pipeline.steps.intake_online import store_export
from pipeline.steps.intake_paper import receive_files
from pipeline.steps.keeper import Keeper
from pipeline.steps.pieces import work_lane, work_round
from pipeline.steps.work import begin, claim_due
from tests.leases import expire_leases
from tests.papers import application, tiff
from tests.runtime import PROCEDURE, small_export


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


def hand_over(runtime: Runtime, number: int = 1, day: int = 18) -> str:
    slip = BatchSlip(received_on=date(2026, 11, day), source="mail")
    stack = tiff(application(number, 1), application(number, 2))
    received = receive_files(runtime, slip, [(f"{number}.tif", stack)], actor="test")
    assert received.batch_id is not None
    return received.batch_id


def take_in(runtime: Runtime) -> None:
    """All intake, so that submissions are due for reading."""
    with Keeper(runtime, "intake") as keeper:
        while work_lane(keeper, Lane.INTAKE):
            pass


@pytest.fixture
def online(rostered: Runtime) -> Iterator[Runtime]:
    """Eight submissions of an export, received and not read."""
    store_export(rostered, PROCEDURE, "portal", "export.csv", *small_export("portal_utf8/portal_20261106.csv"))
    take_in(rostered)
    yield rostered


def die_of(runtime: Runtime, worker: str, lane: Lane) -> None:
    """A worker begins the first piece of a lane, and is never heard of again."""
    for piece in claim_due(runtime, worker, lane, 1):
        assert begin(runtime, worker, piece)
    expire_leases(runtime)
