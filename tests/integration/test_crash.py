"""SIGKILL at random moments of the demo's flows; running again ends in the store of an undisturbed run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.steps.audit import audit
from pipeline.store.engine import open_engine
from tests.databases import Databases
from tests.prefect_servers import PrefectForTests
from tests.recorded_runtime import RECORD_AGAIN, ROOT, SMALL, fail_when_outdated, make_recorded_runtime
from tests.store_summary import Summary, differing, summarise

SEED = 20261122
BATCHES = ("b02_mail_grey200", "b06_branch_bw200")
KILLS = {"sqlite": 10, "postgresql": 3}


@dataclass(frozen=True)
class Run:
    """One process of the flows. store: the name of its folder, beginning with the kind of database."""

    store: Path
    database: str
    killed: bool
    seconds: float


def make_sample(folder: Path) -> Path:
    """Two batches and all exports of the small sample: a run of a few seconds that meets every step."""
    (folder / "scans").mkdir(parents=True)
    for batch in BATCHES:
        (folder / "scans" / batch).symlink_to(SMALL / "scans" / batch)
    for name in ("online", "roster.csv"):
        (folder / name).symlink_to(SMALL / name)
    return folder


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases, prefect_server: PrefectForTests
) -> Iterator[list[Run]]:
    """All runs, in order: one undisturbed, then those that were killed and those that came to their end."""
    fail_when_outdated()
    folder = tmp_path_factory.mktemp("crash")
    with databases.migrated("postgresql") as first, databases.migrated("postgresql") as second:
        command = [
            sys.executable, "-m", "tests.crash_worker", str(folder),
            "--sample", str(make_sample(folder / "sample")), "--seed", str(SEED),
            "--sqlite-kills", str(KILLS["sqlite"]), "--postgresql-kills", str(KILLS["postgresql"]),
            "--postgresql", first, second,
        ]  # fmt: skip
        environment = {**os.environ, **prefect_server.environment, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        logs = "\n".join(log.read_text()[-2000:] for log in folder.glob("*/child.log"))
        if "RecordAgain" in logs:
            pytest.fail(RECORD_AGAIN)
        assert done.returncode == 0, f"{done.stderr}\n{logs}"
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        yield [Run(Path(line.pop("store")), **line) for line in lines]


def finished(runs: list[Run], kind: str) -> list[Run]:
    return [run for run in runs if run.store.name.startswith(kind) and not run.killed]


@pytest.fixture(scope="module")
def whole(runs: list[Run]) -> Summary:
    return summary_of(finished(runs, "whole")[0])


def summary_of(run: Run) -> Summary:
    engine = open_engine(run.database or f"sqlite:///{run.store / 'ichimado.db'}")
    try:
        return summarise(engine)
    finally:
        engine.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KILLS)
def test_runs_were_killed_before_they_were_done(runs: list[Run], kind: str) -> None:
    killed = [run for run in runs if run.store.name.startswith(kind) and run.killed]
    assert len(killed) == KILLS[kind]
    assert len({run.seconds for run in killed}) == KILLS[kind]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KILLS)
def test_killed_runs_end_in_the_same_store(runs: list[Run], whole: Summary, kind: str) -> None:
    ends = finished(runs, kind)
    assert ends
    for run in ends:
        assert differing(whole, summary_of(run)) == {}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["whole", *KILLS])
def test_audit_finds_nothing(runs: list[Run], kind: str) -> None:
    for run in finished(runs, kind):
        runtime = make_recorded_runtime(run.store, run.database)
        report = audit(runtime)
        runtime.engine.dispose()
        assert report.breaches == ()
        assert report.checked["pages_accounted"] > 0


@pytest.mark.slow
def test_undisturbed_store_holds_the_whole_sample(whole: Summary) -> None:
    """The comparison above could not fail on empty stores."""
    held = {table: len(lines) for table, lines in whole.items()}
    assert held["Batch"] == len(BATCHES)
    assert held["Page"] == 18
    assert held["Submission"] == 22
    assert min(held[table] for table in ("FieldValue", "Link", "Case", "ReviewTask", "Candidate", "Event")) > 0


def test_a_differing_store_would_be_seen(whole: Summary) -> None:
    other = {**whole, "Link": whole["Link"][1:]}
    assert differing(whole, other) == {"Link": {"only first": whole["Link"][:1], "only second": []}}
