"""Stores for tests of the pipeline's core, on both databases; `tests.integration.conftest` hands them out.

| fixture | what a test gets |
|---|---|
| `runtime` | an empty store with the sample procedure |
| `rostered` | the same, with the roster of the small sample |
| `small` | the small sample's roster and online exports, advanced as far as software goes |
| `both` | the same and one paper application in review, sealed once |
| `decided` | as `both`, with an approved, a returned and a circulating draft |
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from pipeline.channels.slip import BatchSlip
from pipeline.domain.drafts import DraftScope, Proposal
from pipeline.domain.statuses import Outcome
from pipeline.review.approvals import approve_draft, return_draft
from pipeline.review.drafts import clear_cases, make_draft
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance_batch
from pipeline.steps.audit import audit
from pipeline.steps.intake_paper import receive_files
from pipeline.store.engine import read
from tests.databases import ENGINES, Databases
from tests.papers import application, blank, tiff
from tests.runtime import (
    CHIEF,
    DEPARTMENT,
    PROCEDURE,
    REVIEWER,
    advance_all,
    import_small_online,
    import_small_roster,
    install,
    make_runtime,
)


@pytest.fixture
def runtime(database_url: str, tmp_path: Path) -> Iterator[Runtime]:
    made = make_runtime(database_url, tmp_path)
    install(made)
    yield made
    made.engine.dispose()


class Filled:
    """Fills stores, once per worker, and hands out copies of store and blobs."""

    def __init__(self, databases: Databases, folder: Path) -> None:
        self._databases = databases
        self._folder = folder

    @contextmanager
    def copy(self, engine: str, folder: Path, *fills: Callable[[Runtime], None]) -> Iterator[Runtime]:
        """A runtime of its own, in `folder`, on a store that `fills` filled one after the other."""
        with self._databases.built(engine, *map(self._build, fills)) as url:
            if (self._folder / "blobs").exists():
                shutil.copytree(self._folder / "blobs", folder / "blobs", dirs_exist_ok=True)
            made = make_runtime(url, folder)
            yield made
            made.engine.dispose()

    def _build(self, fill: Callable[[Runtime], None]) -> Callable[[str], None]:
        def build(url: str) -> None:
            made = make_runtime(url, self._folder)
            fill(made)
            made.engine.dispose()

        build.__name__ = fill.__name__
        return build


def roster(runtime: Runtime) -> None:
    """The sample procedure and the eligible list of the small sample."""
    install(runtime)
    import_small_roster(runtime)


def online(runtime: Runtime) -> None:
    """The online exports of the small sample, advanced."""
    import_small_online(runtime)
    advance_all(runtime)


def paper(runtime: Runtime) -> None:
    """One paper application and a blank page."""
    slip = BatchSlip(received_on=date(2026, 11, 18), source="mail", counted_sheets=3)
    stack = tiff(application(1), application(1, page=2), blank())
    received = receive_files(runtime, slip, [("a.tif", stack)], actor="test")
    assert received.batch_id is not None
    advance_batch(runtime, received.batch_id)
    advance_all(runtime)
    assert audit(runtime).breaches == ()


def drafts(runtime: Runtime) -> None:
    """Three drafts of two cases each: one approved, with a refusal; one returned; one still circulating."""
    scope = DraftScope(PROCEDURE, DEPARTMENT)
    with read(runtime.engine) as session:
        ids = clear_cases(session, REVIEWER, scope)[:6]
    plans = [[Proposal(one), Proposal(two)] for one, two in zip(ids[::2], ids[1::2], strict=True)]
    plans[0][1] = Proposal(ids[1], Outcome.REFUSE, "基準日に住所がないため")
    made = [make_draft(runtime, REVIEWER, scope, plan) for plan in plans]
    approve_draft(runtime, CHIEF, made[0], 1)
    return_draft(runtime, CHIEF, made[1], 1, "口座を確かめてください")


@pytest.fixture(scope="session")
def filled(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    return Filled(databases, tmp_path_factory.mktemp("filled"))


@pytest.fixture(params=ENGINES)
def rostered(request: pytest.FixtureRequest, filled: Filled, tmp_path: Path) -> Iterator[Runtime]:
    with filled.copy(request.param, tmp_path, roster) as made:
        yield made


@pytest.fixture(params=ENGINES)
def small(request: pytest.FixtureRequest, filled: Filled, tmp_path: Path) -> Iterator[Runtime]:
    with filled.copy(request.param, tmp_path, roster, online) as made:
        yield made


@pytest.fixture(params=ENGINES)
def both(request: pytest.FixtureRequest, filled: Filled, tmp_path: Path) -> Iterator[Runtime]:
    with filled.copy(request.param, tmp_path, roster, online, paper) as made:
        yield made


@pytest.fixture(params=ENGINES)
def decided(request: pytest.FixtureRequest, filled: Filled, tmp_path: Path) -> Iterator[Runtime]:
    with filled.copy(request.param, tmp_path, roster, online, drafts, paper) as made:
        yield made
