"""The watched folder: one worker at a time looks into it; a run stands on the dashboard when there is news."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from prefect import flow
from prefect.artifacts import create_table_artifact

from flows.faults import without_values
from pipeline.steps.hot_folder import describe_problem, take_settled
from pipeline.steps.keeper import Keeper
from pipeline.steps.work import hold_alone, rest

FOLDER = "folder:hot"
LOOK_EVERY_S = 5.0

_told: list[tuple[str, ...]] = [()]


def look_into_folder(keeper: Keeper) -> int:
    """Receives what has settled, unless another worker looks or has just looked; says how many batches that were."""
    folder = os.environ.get("ICHIMADO_HOT_FOLDER", "")
    if not folder or not hold_alone(keeper.runtime, keeper.worker, FOLDER):
        return 0
    try:
        settle_s = float(os.environ.get("ICHIMADO_HOT_FOLDER_SETTLE_S", "5"))
        look = take_settled(keeper.runtime, Path(folder), settle_s)
    finally:
        rest(keeper.runtime, keeper.worker, FOLDER, LOOK_EVERY_S)
    problems = tuple(sorted(look.problems))
    if look.received or problems != _told[0]:
        watch_hot_folder([one.batch_number for one in look.received], problems)
        _told[0] = problems
    return len(look.received)


@flow(name="監視フォルダ")
@without_values
def watch_hot_folder(received: Sequence[str], problems: Sequence[str]) -> None:
    """What a look came to: the numbers of new batches, and what stays where it is and why."""
    create_table_artifact(
        key="hot-folder",
        table=[
            *({"結果": "受け付けた束", "説明": number, "数": 1} for number in received),
            *(
                {"結果": code, "説明": describe_problem(code), "数": count}
                for code, count in sorted(Counter(problems).items())
            ),
        ],
        description="監視フォルダ",
    )
