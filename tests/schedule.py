"""Which worker of a test run gets which files, and in which order."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

# A Prefect server takes many seconds to start: one worker runs all that need the shared one.
NEED_PREFECT = {"test_flows_runs.py", "test_house_prefect.py", "test_workers.py"}


class ByFile(LoadFileScheduling):
    """A worker runs a file from end to end, and files begin in the order of `slow_files_first`."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "prefect" if PurePath(file).name in NEED_PREFECT else file


def slow_files_first(items: list[pytest.Item]) -> None:
    """Sorts by file: those with slow tests, then what needs a database or a browser, then the small ones, which even
    out how long each worker has. Within a file the order stays."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in slow, "unit" in item.path.parts))
