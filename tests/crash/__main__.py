"""Kills one process after the other at seeded moments and lets the rest, or a fresh one, finish.

    python -m tests.crash --runs 100 --seed 7 [--json]

Every run begins with a copy of a store at the beginning of its stage, has one or three workers, and ends with the
store compared to that of an undisturbed run. Importing takes seconds, so this process imports once and forks.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import ocr.reader  # noqa: F401  everything a run needs is imported before the first fork
from ichimado.prefect_server import die_with_parent
from pipeline.store.engine import open_engine
from pipeline.store.migrate import upgrade
from tests.crash import roles
from tests.crash.moments import NEVER, Moments
from tests.crash.stores import MIGRATION, STAGES, Place, fill, look_at
from tests.databases import start_server
from tests.store_summary import differing

POLL_S = 0.005
RUN_PATIENCE_S = 120.0
TRIES = 8
PATH = ("intake", "advance", "delivery", "decision")
"""Each of these stages begins with what the one before it left."""


@dataclass(frozen=True)
class Plan:
    """One run. moment: 0 to 1, how far into the victim's work; by_clock: a kill from outside, at no boundary."""

    number: int
    stage: str
    database: str
    workers: int
    moment: float
    after: bool
    by_clock: bool


@dataclass
class Outcome:
    """What a run came to. differences: of its store to an undisturbed one; {} is what it should be. leases: left of
    pieces that were done, by a worker killed before it could say so; they are forgotten a day later."""

    plan: Plan
    killed: bool
    seconds: float
    differences: dict[str, Any] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)
    undelivered: int = 0
    delivered_again: int = 0
    leases: int = 0

    @property
    def good(self) -> bool:
        """Nothing lost, nothing doubled."""
        return self.killed and not (self.differences or self.breaches or self.undelivered)


def plans(runs: int, seed: int) -> list[Plan]:
    """Every stage, database and number of workers in turn (all of them within twenty), at seeded moments."""
    chance = random.Random(seed)
    return [
        Plan(
            number=number,
            stage=STAGES[number % len(STAGES)],
            database=("sqlite", "postgresql")[number % 2],
            workers=(1, 3)[number // 2 % 2],
            moment=chance.random(),
            after=chance.random() < 0.5,
            by_clock=chance.random() < 0.3,
        )
        for number in range(1, runs + 1)
    ]


def in_child(act: Callable[[], Any], log: Path) -> int:
    """The process id of a child that does this and ends with 0; what it says goes to `log`."""
    child = os.fork()
    if child:
        return child
    try:
        with log.open("a") as out:
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
        act()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(1)


def finished(child: int, log: Path) -> bool:
    """Waits for a child: True at its end, False when it was killed. Raises RuntimeError when it failed by itself."""
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    if status:
        raise RuntimeError(f"a run failed: {log.read_text()[-3000:]}")
    return True


def act(place: Place, role: str, moments: Moments, seen: Path | None = None) -> None:
    """What one process does until it is done or killed; `seen` gets the number of its moments."""
    if role == MIGRATION:
        engine = open_engine(place.url)
        moments.watch_statements(engine)
        upgrade(engine)
    else:
        runtime = roles.open_store(place.folder, place.url)
        moments.watch(runtime)
        if role == "decision":
            roles.work_to_the_end(runtime, "clerk")  # what a killed request left behind comes first
            roles.decide_all(runtime)
        roles.work_to_the_end(runtime)
    if seen is not None:
        seen.write_text(str(moments.seen))


class Arena:
    """The server, the receiver of events, the stores at the beginning of each stage, and how each ends undisturbed."""

    def __init__(self, folder: Path, wanted: Collection[tuple[str, str]]) -> None:
        """wanted: database and stage of every run to come; nothing else is prepared."""
        self.folder, self.log = folder, folder / "children.log"
        databases = sorted({database for database, _ in wanted}, reverse=True)
        self._server = str(start_server().get_uri()) if "postgresql" in databases else ""
        self._heard = folder / "heard"
        self._heard.touch()
        self._receiver, hook = self._start_receiver()
        self.begin: dict[tuple[str, str], Place] = {}
        self.moments: dict[tuple[str, str], int] = {}
        self.seconds: dict[tuple[str, str], float] = {}
        self.ends: dict[str, dict[str, Any]] = {}
        for database in databases:
            self._prepare(database, hook, [stage for stage in STAGES if (database, stage) in wanted])

    def _start_receiver(self) -> tuple[int, str]:
        heard = self._heard

        class Receiver(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                with heard.open("a") as file:
                    file.write(f"{self.headers['webhook-id']}\n")
                self.send_response(204)
                self.end_headers()

        server = HTTPServer(("127.0.0.1", 0), Receiver)

        def serve() -> None:
            die_with_parent()
            server.serve_forever()

        return in_child(serve, self.log), f"http://127.0.0.1:{server.server_port}/"

    def close(self) -> None:
        """Ends the receiver."""
        os.kill(self._receiver, signal.SIGKILL)
        os.waitpid(self._receiver, 0)

    def _prepare(self, database: str, hook: str, stages: Sequence[str]) -> None:
        before: Place | None = None
        last = max((PATH.index(stage) for stage in stages if stage in PATH), default=-1)
        for stage in (*PATH[: last + 1], *(stage for stage in stages if stage == MIGRATION)):
            name = f"{database}_{stage}"
            if before is None or stage == MIGRATION:
                place = Place(self.folder / name, self._server, name if database == "postgresql" else "")
                place.make()
            else:
                place = before.copy(self.folder / name)
            finished(in_child(lambda place=place, stage=stage: fill(place, stage, hook), self.log), self.log)  # type: ignore[misc]
            self.begin[database, stage] = before = place
            if stage in stages:
                self._run_undisturbed(database, stage)

    def _run_undisturbed(self, database: str, stage: str) -> None:
        place, seen = self.begin[database, stage].copy(self.folder / f"whole_{database}_{stage}"), self.folder / "seen"
        started = time.monotonic()
        finished(in_child(lambda: act(place, stage, Moments(), seen), self.log), self.log)
        self.seconds[database, stage] = time.monotonic() - started
        self.moments[database, stage] = int(seen.read_text())
        found = self.look(place)
        if found["breaches"] or found["leases"]:
            raise RuntimeError(f"an undisturbed run is not clean: {found['breaches']} {found['leases']}")
        # The first of the stages and databases that end in the same store says which.
        end = self.ends.setdefault(_end_of(stage, database), found["summary"])
        if differences := differing(end, found["summary"]):
            raise RuntimeError(f"undisturbed runs differ: {database} {stage} {differences}")
        place.remove()
        moments, seconds = self.moments[database, stage], self.seconds[database, stage]
        print(f"undisturbed {stage:9} {database:10} {moments} writes, {seconds:.1f} s", file=sys.stderr)

    def look(self, place: Place) -> dict[str, Any]:
        """`look_at`, in a process of its own."""
        answer = self.folder / "look.json"
        finished(in_child(lambda: answer.write_text(json.dumps(look_at(place))), self.log), self.log)
        return dict(json.loads(answer.read_text()))

    def heard(self) -> Counter[str]:
        """Ids of the events that the receiver got, with how often."""
        return Counter(self._heard.read_text().split())


def _end_of(stage: str, database: str) -> str:
    if stage == MIGRATION:
        return f"{stage} {database}"  # the stores of the previous release were filled one by one
    return stage if stage == "decision" else "path"


def run(arena: Arena, plan: Plan) -> Outcome:
    """One run on a fresh copy. A victim that was done before its moment came is met earlier, on another copy."""
    began = arena.begin[plan.database, plan.stage]
    total = arena.moments[plan.database, plan.stage]
    share = plan.moment / (1 if plan.workers == 1 or plan.stage in ("decision", MIGRATION) else plan.workers)
    started = time.monotonic()
    for attempt in range(TRIES):
        share_now = share / 2**attempt
        place = began.copy(arena.folder / f"run{plan.number}_{attempt}")
        before = arena.heard()
        chosen = NEVER if plan.by_clock else 1 + int(share_now * total)
        after_s = share_now * arena.seconds[plan.database, plan.stage] if plan.by_clock else None
        killed = _kill_one(arena, plan, place, Moments(chosen, after=plan.after), after_s)
        if killed or attempt == TRIES - 1:
            break
        place.remove()
    found = arena.look(place)
    heard = arena.heard() - before
    outcome = Outcome(
        plan,
        killed,
        round(time.monotonic() - started, 2),
        differing(arena.ends[_end_of(plan.stage, plan.database)], found["summary"]),
        found["breaches"],
        undelivered=0 if plan.stage == MIGRATION else _undelivered(plan, found["events"], heard, before),
        delivered_again=sum(heard.values()) - len(heard),
        leases=len(found["leases"]),
    )
    if outcome.good:
        place.remove()
    return outcome


def _undelivered(plan: Plan, events: list[str], heard: Counter[str], before: Counter[str]) -> int:
    # What the stage of decision begins with was delivered when its store was made.
    return len([key for key in events if not heard[key] and not (plan.stage == "decision" and before[key])])


def _kill_one(arena: Arena, plan: Plan, place: Place, moments: Moments, after_s: float | None) -> bool:
    """Whether the victim was killed; afterwards somebody has finished its work."""
    log = arena.log
    role = "advance" if plan.stage not in ("decision", MIGRATION) else plan.stage
    beside = MIGRATION if role == MIGRATION else "advance"
    others = [in_child(lambda: act(place, beside, Moments()), log) for _ in range(plan.workers - 1)]
    victim = in_child(lambda: act(place, role, moments), log)
    if after_s is not None:
        time.sleep(after_s)
        os.kill(victim, signal.SIGKILL)  # a process that has ended is a zombie still, and does not mind
    killed = not finished(victim, log)
    if killed and (plan.workers == 1 or role in ("decision", MIGRATION)):
        finished(in_child(lambda: act(place, role, Moments()), log), log)
    for other in others:
        finished(other, log)
    return killed


def main() -> int:
    """One line for every run, then the counts; 1 when a run was not good."""
    arguments = argparse.ArgumentParser(prog="make crash")
    arguments.add_argument("--runs", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=20261122)
    arguments.add_argument("--json", action="store_true", help="one JSON line for every run")
    given = arguments.parse_args()
    wanted = plans(given.runs, given.seed)
    with tempfile.TemporaryDirectory(prefix="ichimado-crash-") as folder:
        arena = Arena(Path(folder), {(plan.database, plan.stage) for plan in wanted})
        outcomes = []
        for plan in wanted:
            try:
                outcome = run(arena, plan)
            except RuntimeError as error:
                outcome = Outcome(plan, killed=True, seconds=0.0, breaches=[str(error)])
            outcomes.append(outcome)
            print(json.dumps(asdict(outcome) | {"good": outcome.good}) if given.json else _line(outcome), flush=True)
        arena.close()
    if not given.json:
        _show(outcomes)
    return int(not all(outcome.good for outcome in outcomes))


def _line(outcome: Outcome) -> str:
    plan = outcome.plan
    how = "by the clock" if plan.by_clock else "after a write" if plan.after else "before a write"
    said = "good" if outcome.good else json.dumps(asdict(outcome), ensure_ascii=False)
    what = f"{plan.stage:9} {plan.database:10} {plan.workers} worker(s) {how:14}"
    return f"{plan.number:4} {what} {outcome.seconds:6} s {said}"


def _show(outcomes: Sequence[Outcome]) -> None:
    for what in ("stage", "database", "workers", "by_clock"):
        counts = Counter(str(getattr(outcome.plan, what)) for outcome in outcomes if outcome.killed)
        print(f"{what:9}", "  ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    good = sum(outcome.good for outcome in outcomes)
    again = sum(outcome.delivered_again for outcome in outcomes)
    print(f"killed {sum(o.killed for o in outcomes)}, good {good} of {len(outcomes)}; events delivered again {again}")


if __name__ == "__main__":
    sys.exit(main())
