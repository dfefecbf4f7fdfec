"""Stores for tests of the pipeline's core, on both databases; `tests.integration.conftest` hands them out.

| fixture | what a test gets |
|---|---|
| `runtime` | an empty store with the sample procedure |
| `rostered` | the same, with the roster of the small sample |
| `small` | the small sample's roster and online exports, advanced as far as software goes |
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.runtime import Runtime
from tests.databases import ENGINES, Databases
from tests.runtime import advance_all, import_small_online, import_small_roster, install, make_runtime


@pytest.fixture(scope="session")
def small_blobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("small")


@pytest.fixture
def runtime(database_url: str, tmp_path: Path) -> Iterator[Runtime]:
    made = make_runtime(database_url, tmp_path)
    install(made)
    yield made
    made.engine.dispose()


@pytest.fixture(params=ENGINES)
def rostered(
    request: pytest.FixtureRequest, databases: Databases, small_blobs: Path, tmp_path: Path
) -> Iterator[Runtime]:
    """A store with procedure and roster, and nothing received."""

    def build(url: str) -> None:
        made = make_runtime(url, small_blobs)
        install(made)
        import_small_roster(made)
        made.engine.dispose()

    with databases.built(request.param, "rostered", build) as url:
        made = make_runtime(url, tmp_path)
        yield made
        made.engine.dispose()


@pytest.fixture(params=ENGINES)
def small(
    request: pytest.FixtureRequest, databases: Databases, small_blobs: Path, tmp_path: Path
) -> Iterator[Runtime]:
    def build(url: str) -> None:
        made = make_runtime(url, small_blobs)
        install(made)
        import_small_roster(made)
        import_small_online(made)
        advance_all(made)
        made.engine.dispose()

    with databases.built(request.param, "small", build) as url:
        shutil.copytree(small_blobs / "blobs", tmp_path / "blobs")
        made = make_runtime(url, tmp_path)
        yield made
        made.engine.dispose()
