"""Fixtures of the integration tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.prefect_servers import PrefectForTests, prefect_for_tests
from tests.stores import both, decided, filled, rostered, runtime, small

# Stores of the pipeline's core, on both databases; tests/stores.py says what each holds.
__all__ = ["both", "decided", "filled", "rostered", "runtime", "small"]


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectForTests]:
    """A Prefect server for all tests of this worker; it takes about twenty seconds to start."""
    with prefect_for_tests(tmp_path_factory.mktemp("prefect")) as server:
        yield server
