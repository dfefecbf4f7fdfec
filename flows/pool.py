"""The work pool, its queue, its deployments and their schedules, as this release wants them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import ObjectAlreadyExists
from prefect.schedules import Cron, Schedule
from prefect.states import Crashed
from prefect.types.entrypoint import EntrypointType
from prefect.workers.process import ProcessWorker

from flows.intake import intake_online, intake_paper
from flows.lanes import catch_up
from flows.nightly import audit_and_seal, tidy_up

POOL = "ichimado"
NIGHT = "夜間"
ON_REQUEST = "随時"
AUDIT_AT = Cron("30 2 * * *", timezone="Asia/Tokyo")
TIDY_AT = Cron("30 3 * * *", timezone="Asia/Tokyo")

_WORKER_TAG = "worker:"
_UNFINISHED = (StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)


def deploy() -> tuple[str, ...]:
    """Makes or renews the pool and everything in it; gives the names of the deployments. Doing it again changes
    nothing. Flows are found by their place in the installed code, so there is no image and nothing to fetch."""
    with get_client(sync_client=True) as client:
        _make_pool(client)
    return tuple(
        _deploy(cast(Flow[Any, Any], flow), name, schedule)
        for flow, name, schedule in (
            (audit_and_seal, NIGHT, AUDIT_AT),
            (tidy_up, NIGHT, TIDY_AT),
            (catch_up, ON_REQUEST, None),
            (intake_paper, ON_REQUEST, None),
            (intake_online, ON_REQUEST, None),
        )
    )


def close_abandoned(living: Collection[str]) -> int:
    """Marks as crashed the runs that no living worker (by name) is at any more; says how many those were."""
    with get_client(sync_client=True) as client:
        left = [run for run in _unfinished(client) if (name := _worker_of(run)) and name not in living]
        for run in left:
            client.set_flow_run_state(run.id, Crashed(message="its worker is gone"), force=True)
    return len(left)


def _make_pool(client: SyncPrefectClient) -> None:
    template = ProcessWorker.get_default_base_job_template()
    try:
        client.create_work_pool(WorkPoolCreate(name=POOL, type=ProcessWorker.type, base_job_template=template))
    except ObjectAlreadyExists:
        return


def _deploy(flow: Flow[Any, Any], name: str, schedule: Schedule | None) -> str:
    # Called from code that is not async, Prefect answers with the values themselves.
    made = flow.to_deployment(
        name,
        schedule=schedule,
        work_pool_name=POOL,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    cast(Any, made).apply()
    return f"{flow.name}/{name}"


def _unfinished(client: SyncPrefectClient) -> list[FlowRun]:
    wanted = FlowRunFilter.model_validate({"state": {"type": {"any_": [state.value for state in _UNFINISHED]}}})
    return list(client.read_flow_runs(flow_run_filter=wanted, limit=200))


def _worker_of(run: FlowRun) -> str | None:
    return next((tag.removeprefix(_WORKER_TAG) for tag in run.tags if tag.startswith(_WORKER_TAG)), None)
