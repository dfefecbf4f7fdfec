"""The lanes after intake: pages are read side by side, people are matched one after the other, answers are sent."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, cast

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.context import at_work, runtime
from flows.faults import without_values
from flows.progress import with_progress
from pipeline.steps.advance import count_statuses
from pipeline.steps.due import Piece
from pipeline.steps.pieces import work_on

READERS = int(os.environ.get("ICHIMADO_READERS", "2"))
"""Threads of one worker that read pages."""

# The declared type of a flow's runner does not admit the runners that Prefect itself ships.
RUNNER = cast(TaskRunner[PrefectFuture[Any]], ThreadPoolTaskRunner(max_workers=READERS))


@task(name="頁を読む", task_run_name="頁を読む {subject}")
@without_values
def read_one(subject: str) -> bool:
    """Reads the pages of one submission; False when it is to be tried again."""
    with at_work() as keeper:
        return work_on(keeper, Piece.of_subject(subject))


@flow(name="頁を読む", task_runner=RUNNER)
@without_values
def read_claimed(subjects: Sequence[str]) -> int:
    """Reads claimed submissions side by side, with progress on the dashboard; says how many were read."""
    pending = [read_one.submit(subject) for subject in subjects]
    return sum(future.result() for future in with_progress(pending, len(pending), "読み取りの進み"))


@task(name="照合して案件へ")
@without_values
def match_in_order(subjects: Sequence[str]) -> int:
    """Takes claimed submissions to their cases or to review, one after the other as given, so that of two
    applications of one child the earlier one is always the first; says how many got there."""
    with at_work() as keeper:
        return sum(work_on(keeper, Piece.of_subject(subject)) for subject in subjects)


@flow(name="照合して案件へ")
@without_values
def match_claimed(subjects: Sequence[str]) -> int:
    """Matches claimed submissions in order and shows where they now stand; says how many were matched."""
    done = match_in_order(subjects)
    counts = count_statuses(runtime(), [Piece.of_subject(subject).id for subject in subjects])
    create_table_artifact(
        key="matched",
        table=[{"状態": status, "件数": count} for status, count in sorted(counts.items())],
        description="申請を進めた結果",
    )
    return done
