"""The demo's flows in processes that get killed; started by tests/integration/test_crash.py as a program.

Importing takes seconds, so this process imports once and forks a child for every run: each is a process of its
own, ended by SIGKILL at a random moment, or by itself when it is done. One JSON line goes out for every child:
{"store", "database", "killed", "seconds"}.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import signal
import sys
import time
import traceback
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

import flows.sweep  # noqa: F401  everything a run needs is imported before the first fork
import ocr.reader  # noqa: F401
from flows.context import runtime
from ichimado.demo import PROCEDURE, run_flows
from ichimado.reading import find_pack
from pipeline.steps.packs import install_pack
from pipeline.steps.roster import import_roster
from pipeline.store import columns
from tests.recorded_runtime import make_recorded_runtime

POLL_S = 0.005
PATIENCE_S = 300.0
LATEST = 0.5
"""The latest moment of a kill, as a share of an undisturbed run."""


@dataclass(frozen=True)
class Place:
    """A store: its folder, and its database where that is not SQLite in there."""

    folder: Path
    database_url: str = ""


def run_child(place: Place, sample: Path) -> int:
    """The process id of a child that runs the flows on this store and then ends with 0."""
    child = os.fork()
    if child:
        return child
    try:
        os.environ["ICHIMADO_DATA_DIR"] = str(place.folder)
        os.environ["ICHIMADO_DATABASE_URL"] = place.database_url
        os.environ["ICHIMADO_RUNTIME"] = "tests.recorded_runtime:open_recorded_runtime"
        with open(place.folder / "child.log", "a") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        # Heartbeats say nothing to us, and waiting for their thread adds up to a second to each flow.
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            run_flows(runtime(), sample)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(1)


def wait_or_kill(child: int, after_s: float) -> tuple[bool, float]:
    """Whether the child was killed, and the seconds it ran. Raises RuntimeError when it failed by itself."""
    started = time.monotonic()
    while (ran := time.monotonic() - started) < after_s:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            if status:
                raise RuntimeError(f"a run ended with status {status}; child.log says why")
            return False, ran
        time.sleep(POLL_S)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, ran


def prepare(place: Place, sample: Path) -> Place:
    """Procedure and roster, in every store under the same ids, so that equal candidates rank alike.

    In a child, so that this process never opens a database.
    """
    place.folder.mkdir(parents=True)
    child = os.fork()
    if not child:
        try:
            ids = random.Random("roster")
            columns.uuid4 = lambda: uuid.UUID(int=ids.getrandbits(128), version=4)  # type: ignore[attr-defined]
            made = make_recorded_runtime(place.folder, place.database_url)
            install_pack(made, find_pack(PROCEDURE))
            import_roster(made, PROCEDURE, (sample / "roster.csv").read_bytes())
            os._exit(0)
        finally:
            os._exit(1)
    if os.waitpid(child, 0)[1]:
        raise RuntimeError("the store could not be prepared")
    return place


def tell(place: Place, killed: bool, ran_s: float) -> None:
    line = {"store": str(place.folder), "database": place.database_url, "killed": killed, "seconds": round(ran_s, 2)}
    print(json.dumps(line), flush=True)


def kill_until_done(
    places: Iterator[Place], sample: Path, kills: int, duration_s: float, chance: random.Random
) -> None:
    """Kills as many runs as told, each on the store the one before left; then lets one come to its end.

    A run that is done before its moment came leaves a finished store to compare, and the next place follows.
    """
    place, killed = prepare(next(places), sample), 0
    while killed < kills:
        # What was done is not done again, so runs get shorter: later moments lie further into what is left.
        moment = duration_s * LATEST * (killed + chance.random()) / kills
        was_killed, ran = wait_or_kill(run_child(place, sample), after_s=moment)
        tell(place, was_killed, ran)
        killed += was_killed
        if not was_killed and killed < kills:
            place = prepare(next(places), sample)
    tell(place, *wait_or_kill(run_child(place, sample), after_s=PATIENCE_S))


def main() -> None:
    """Runs undisturbed first, which also says how long a run takes; then through the kills, on both databases."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--sample", type=Path, required=True)
    arguments.add_argument("--seed", type=int, required=True)
    arguments.add_argument("--sqlite-kills", type=int, required=True)
    arguments.add_argument("--postgresql-kills", type=int, required=True)
    arguments.add_argument("--postgresql", nargs="+", required=True, help="databases with the schema")
    given = arguments.parse_args()
    folder: Path = given.folder
    chance = random.Random(given.seed)
    whole = prepare(Place(folder / "whole"), given.sample)
    killed, duration_s = wait_or_kill(run_child(whole, given.sample), after_s=PATIENCE_S)
    tell(whole, killed, duration_s)
    sqlite = (Place(folder / f"sqlite{number}") for number in itertools.count(1))
    kill_until_done(sqlite, given.sample, given.sqlite_kills, duration_s, chance)
    postgresql = (Place(folder / f"postgresql{n}", url) for n, url in enumerate(given.postgresql, start=1))
    kill_until_done(postgresql, given.sample, given.postgresql_kills, duration_s, chance)


if __name__ == "__main__":
    main()
