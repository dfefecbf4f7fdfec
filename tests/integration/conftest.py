"""Fixtures of the integration tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.prefect_servers import PrefectForTests, prefect_for_tests
from tests.receiver import receiver, world
from tests.sender import sender, sqlite_runtime, sqlite_sender
from tests.stores import both, decided, filled, rostered, runtime, small
from tests.workers import online

# Stores of the pipeline's core, on both databases; tests/stores.py says what each holds.
__all__ = ["both", "decided", "filled", "online", "rostered", "runtime", "small"]
# A sending system and its receiver: tests/sender.py, tests/receiver.py.
__all__ += ["receiver", "sender", "sqlite_runtime", "sqlite_sender", "world"]


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectForTests]:
    """A Prefect server for all tests of this worker; it takes about twenty seconds to start."""
    with prefect_for_tests(tmp_path_factory.mktemp("prefect")) as server:
        yield server
