"""Advancing submissions: pages are read side by side, then people are matched one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, cast

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.context import runtime
from flows.progress import with_progress
from pipeline.domain.next_step import Step
from pipeline.steps.advance import advance, due_submissions

CHUNK = 4
READERS = 2

# The declared type of a flow's runner does not admit the runners that Prefect itself ships.
RUNNER = cast(TaskRunner[PrefectFuture[Any]], ThreadPoolTaskRunner(max_workers=READERS))


@task(name="頁を読む", task_run_name="頁を読む {number}", retries=2, retry_delay_seconds=[1, 10])
def read_chunk(number: int, submission_ids: Sequence[str]) -> int:
    """Reads the pages of a few submissions; says how many."""
    for submission_id in submission_ids:
        advance(runtime(), submission_id, until=Step.READ)
    return len(submission_ids)


@task(name="照合して案件へ", retries=2, retry_delay_seconds=[1, 10])
def match_in_order(submission_ids: Sequence[str]) -> dict[str, int]:
    """Takes submissions to their cases or to review, in the order they were received; counts by status.

    One after the other, so that of two applications of one child the earlier one is always the first.
    """
    return dict(Counter(str(advance(runtime(), submission_id)) for submission_id in submission_ids))


def advance_all(submission_ids: Sequence[str]) -> dict[str, int]:
    """Reads side by side, then matches in order, with progress on the dashboard; called from within a flow."""
    pending = [read_chunk.submit(number, ids) for number, ids in _chunks(submission_ids)]
    for future in with_progress(pending, len(pending), "読み取りの進み"):
        future.result()
    return match_in_order(submission_ids)


def _chunks(submission_ids: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    for number, start in enumerate(range(0, len(submission_ids), CHUNK), start=1):
        yield number, submission_ids[start : start + CHUNK]


@flow(name="申請を進める", task_runner=RUNNER)
def advance_due(limit: int = 5000) -> dict[str, int]:
    """Advances every submission that waits for software, oldest first; counts by where they now stand."""
    counts = advance_all(due_submissions(runtime(), limit))
    create_table_artifact(
        key="advance-due",
        table=[{"状態": status, "件数": count} for status, count in sorted(counts.items())],
        description="申請を進めた結果",
    )
    return counts
