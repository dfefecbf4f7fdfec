"""Real worker processes side by side on PostgreSQL, one of them frozen in the middle of its work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from sqlmodel import col, select

from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.keeper import workers
from pipeline.store.engine import read
from pipeline.store.tables import Worker, WorkLease
from tests.crash import roles
from tests.databases import Databases
from tests.prefect_servers import PrefectForTests
from tests.recorded_runtime import ROOT, fail_when_outdated
from tests.store_summary import Summary, differing, summarise

LEASE_S = 3.0
PATIENCE_S = 400.0

T = TypeVar("T")


def wait_for(look: Callable[[], T | None], what: str) -> T:
    """The first answer; fails with `what` when none came in time."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(0.02)
    raise AssertionError(what)


@contextmanager
def listeners(folder: Path, url: str, prefect: PrefectForTests, count: int) -> Iterator[dict[str, int]]:
    """Worker processes on one store: name to process id."""
    started: dict[str, subprocess.Popen[bytes]] = {}
    for number in range(1, count + 1):
        environment = {
            **os.environ,
            **prefect.environment,
            "ICHIMADO_RUNTIME": "tests.recorded_runtime:open_recorded_runtime",
            "ICHIMADO_DATA_DIR": str(folder),
            "ICHIMADO_DATABASE_URL": url,
            "ICHIMADO_LEASE_S": str(LEASE_S),
            "ICHIMADO_READERS": "1",
            "ICHIMADO_WORKER_NAME": f"w{number}",
            "OMP_NUM_THREADS": "1",
        }
        with (folder / f"w{number}.log").open("ab") as log:
            started[f"w{number}"] = subprocess.Popen(
                [sys.executable, "-m", "ichimado.cli", "worker", "--only", "listener"],
                cwd=ROOT, env=environment, stdout=log, stderr=log,
            )  # fmt: skip
    try:
        yield {name: process.pid for name, process in started.items()}
        for process in started.values():
            process.terminate()
        assert [process.wait(timeout=120) for process in started.values()] == [0] * count
    finally:
        for process in started.values():
            process.kill()
            process.wait()


def reader_at_work(runtime: Runtime) -> tuple[str, str] | None:
    """The name of a worker that is reading, and the subject of one lease of its."""
    with read(runtime.engine) as session:
        return session.exec(
            select(Worker.name, WorkLease.subject)
            .join(WorkLease, col(WorkLease.owner) == Worker.id)
            .where(col(WorkLease.subject).startswith("submission:"))
        ).first()


def taken_over(runtime: Runtime, subject: str, frozen: str) -> bool | None:
    with read(runtime.engine) as session:
        lease = session.get(WorkLease, subject)
        name = session.exec(select(Worker.name).where(Worker.id == (lease.owner if lease else ""))).first()
    return None if lease is not None and name == frozen else True


@pytest.fixture(scope="module")
def undisturbed(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    fail_when_outdated()
    folder = tmp_path_factory.mktemp("undisturbed")
    with databases.migrated("sqlite") as url:
        runtime = roles.open_store(folder, url)
        roles.receive_all(runtime, "")
        roles.work_to_the_end(runtime)
        summary = summarise(runtime.engine)
        runtime.engine.dispose()
    return summary


@pytest.mark.slow
def test_three_workers_one_of_them_frozen_end_in_the_same_store(
    databases: Databases, tmp_path: Path, prefect_server: PrefectForTests, undisturbed: Summary
) -> None:
    with databases.migrated("postgresql") as url:
        runtime = roles.open_store(tmp_path, url)
        with listeners(tmp_path, url, prefect_server, 3) as processes:
            wait_for(lambda: len(workers(runtime)) == 3 or None, "three workers are known")
            roles.receive_all(runtime, "")
            frozen, subject = wait_for(lambda: reader_at_work(runtime), "somebody reads")
            os.kill(processes[frozen], signal.SIGSTOP)
            since = time.monotonic()
            wait_for(lambda: taken_over(runtime, subject, frozen), "its work is taken over")
            after_s = time.monotonic() - since
            wait_for(lambda: None if roles.is_unfinished(runtime) else True, "everything is done")
            os.kill(processes[frozen], signal.SIGCONT)
            time.sleep(LEASE_S)  # what it was writing it now tries to write
        assert after_s < 10 * LEASE_S
        assert differing(undisturbed, summarise(runtime.engine)) == {}
        assert audit(runtime).breaches == ()
        assert workers(runtime) == []
        runtime.engine.dispose()
