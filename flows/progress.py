"""A progress bar on the dashboard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar, cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

Item = TypeVar("Item")


def with_progress(items: Iterable[Item], total: int, description: str) -> Iterator[Item]:
    """The items, one by one, while an artifact of the running flow shows how many of `total` are done."""
    # Called from a flow that is not async, Prefect answers with the value itself.
    bar = cast(UUID, create_progress_artifact(progress=0.0, description=description))
    for done, item in enumerate(items, start=1):
        yield item
        update_progress_artifact(bar, progress=100.0 * done / max(total, 1))
    if total == 0:
        update_progress_artifact(bar, progress=100.0)
