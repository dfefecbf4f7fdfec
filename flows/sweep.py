"""Schedules: taking up what stopped half-way, and looking into the watched folder."""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import cast

from prefect import flow, serve, task
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment

from flows.advance import RUNNER, advance_all, advance_due
from flows.context import runtime
from flows.intake import intake_online, intake_paper
from pipeline.steps.advance import due_submissions
from pipeline.steps.hot_folder import describe_problem, take_settled
from pipeline.steps.letters import due_letters, write_letter
from pipeline.steps.stalled import find_stalled

# Every run is a process of its own that takes seconds to load: these are as often as an idle office machine bears.
SWEEP_EVERY = timedelta(minutes=1)
LOOK_EVERY = timedelta(seconds=30)
STALLED_AFTER = timedelta(seconds=20)
ONE_AT_A_TIME = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
"""A long run is not joined by the next one of its schedule."""


@task(name="補正依頼の手紙を作る", retries=2, retry_delay_seconds=[1, 10])
def make_letter(outbound_id: str) -> None:
    """Makes one letter that was asked for."""
    write_letter(runtime(), outbound_id)


@flow(name="再開 停止した申請", task_runner=RUNNER)
def sweep(stalled_after_s: float = STALLED_AFTER.total_seconds()) -> dict[str, int]:
    """Takes up batches, exports, submissions and letters that nobody works on: uploaded in the window, or left behind
    by a crash. Counts of each."""
    stalled = find_stalled(runtime(), timedelta(seconds=stalled_after_s))
    for batch_id, number in stalled.batches:
        intake_paper(batch_id, number)
    for arrival_id in stalled.exports:
        intake_online(arrival_id)
    due = due_submissions(runtime())
    if due:
        advance_all(due)
    letters = due_letters(runtime())
    for outbound_id in letters:
        make_letter(outbound_id)
    counts = {
        "束": len(stalled.batches),
        "申請データ": len(stalled.exports),
        "申請": len(due),
        "手紙": len(letters),
    }
    if any(counts.values()):
        create_table_artifact(
            key="sweep", table=[{"再開したもの": k, "件数": v} for k, v in counts.items()], description="再開"
        )
    return counts


@flow(name="監視フォルダを見る")
def watch_hot_folder() -> int:
    """One look into the watched folder; says how many batches were received."""
    folder = os.environ.get("ICHIMADO_HOT_FOLDER", "")
    if not folder:
        return 0
    settle = float(os.environ.get("ICHIMADO_HOT_FOLDER_SETTLE_S", "5"))
    look = take_settled(runtime(), Path(folder), settle)
    for one in look.received:
        if one.batch_id is not None:
            intake_paper(one.batch_id, one.batch_number)
    if look.received:
        advance_due()
    if look.problems:
        create_table_artifact(
            key="hot-folder-problems",
            table=[
                {"問題": code, "説明": describe_problem(code), "フォルダー数": count}
                for code, count in sorted(Counter(look.problems).items())
            ],
            description="監視フォルダに残っている束",
        )
    return len(look.received)


def serve_flows() -> None:
    """Serves every flow until stopped: the scheduled ones by the clock, the others on request."""
    deployments = [
        sweep.to_deployment("定期", interval=SWEEP_EVERY, concurrency_limit=ONE_AT_A_TIME),
        intake_paper.to_deployment("随時"),
        intake_online.to_deployment("随時"),
        advance_due.to_deployment("随時"),
    ]
    if os.environ.get("ICHIMADO_HOT_FOLDER"):
        deployments.append(watch_hot_folder.to_deployment("定期", interval=LOOK_EVERY, concurrency_limit=ONE_AT_A_TIME))
    # Called from code that is not async, Prefect answers with the deployments themselves.
    serve(*cast(list[RunnerDeployment], deployments), pause_on_shutdown=False, limit=4)
