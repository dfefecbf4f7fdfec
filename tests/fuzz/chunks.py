"""Cases in chunks, each on a store of its own, in processes side by side; and what is counted of them."""

from __future__ import annotations

import faulthandler
import logging
import multiprocessing
import os
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from pipeline.channels import sandbox
from pipeline.steps.audit import audit
from tests.databases import Databases
from tests.fuzz import cases
from tests.fuzz.world import TAKEN, World
from tests.runtime import install, make_runtime

MOST_SECONDS = 30.0
MOST_BYTES = 2 * 1024**3
SLACK_S = 30.0
"""By the clock, for what goes on around a child that had all its 30 seconds, on a machine that has other work too. Of
CPU this process itself may use no more than MOST_SECONDS a case."""
GRACE_S = 90.0
KEPT = Path("build/fuzz")
CHUNK = 90
"""Cases on one store. In a store of thousands each case looks through what those before it left behind."""

Plan = Sequence[tuple[str, int]]


@dataclass
class Report:
    """Counts by format, the slowest case of each, and everything that must not be."""

    answers: dict[str, Counter[str]] = field(default_factory=dict)
    slowest: dict[str, tuple[float, int]] = field(default_factory=dict)
    seconds: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    peak_bytes: int = 0

    def add(self, other: Report) -> None:
        """What another process counted."""
        for name, counted in other.answers.items():
            self.answers.setdefault(name, Counter()).update(counted)
            self.slowest[name] = max(self.slowest.get(name, (0.0, 0)), other.slowest[name])
        self.seconds.update(other.seconds)
        self.faults += other.faults
        self.peak_bytes = max(self.peak_bytes, other.peak_bytes)

    def lines(self) -> list[str]:
        """The table, one line a format."""
        head = f"{'format':<10}{'cases':>7}{'taken':>7}{'refused':>9}{'a case':>10}{'slowest':>10}  refused as"
        return [head, *(self._line(name) for name in cases.NAMES if name in self.answers)]

    def _line(self, name: str) -> str:
        counted = self.answers[name]
        total, taken = counted.total(), counted[TAKEN]
        seconds, number = self.slowest[name]
        codes = ", ".join(f"{code} {count}" for code, count in counted.most_common() if code != TAKEN)
        times = f"{self.seconds[name] / total:>8.2f} s{seconds:>8.1f} s"
        return f"{name:<10}{total:>7}{taken:>7}{total - taken:>9}{times}  {codes} (slowest: {number})"


def run_case(world: World, report: Report, name: str, seed: int, number: int) -> None:
    """Tries one case and writes down what became of it."""
    began, used = time.monotonic(), time.process_time()
    _at().write_text(f"{name}:{number}")
    # A hang in C code of this very process could be ended by nothing else.
    faulthandler.dump_traceback_later(MOST_SECONDS + GRACE_S, exit=True)
    fault = None
    try:
        answer = world.try_case(name, seed, number)
    except Exception as error:
        answer, fault = "fault", f"{type(error).__name__}: {error}"
    faulthandler.cancel_dump_traceback_later()
    seconds = time.monotonic() - began
    report.answers.setdefault(name, Counter())[answer] += 1
    report.seconds[name] += seconds  # type: ignore[assignment]
    report.slowest[name] = max(report.slowest.get(name, (0.0, number)), (seconds, number))
    if fault is None and (seconds > MOST_SECONDS + SLACK_S or time.process_time() - used > MOST_SECONDS):
        fault = f"took {seconds:.0f} s"
    report.peak_bytes = max(report.peak_bytes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, _server())
    if fault is None and report.peak_bytes > MOST_BYTES:
        fault = f"{report.peak_bytes / 1024**3:.1f} GB"
    if fault is not None:
        report.faults.append(f"{name}:{number} {fault}")
        _keep(world, name, seed, number)
        print(f"\nFAULT seed {seed} {report.faults[-1]}", flush=True)


def _server() -> int:
    """Bytes in use by the warm process and the children it may have; a child cannot have more than its limit."""
    if sandbox._server is None:
        return 0
    try:
        return int(psutil.Process(sandbox._server.process.pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _keep(world: World, name: str, seed: int, number: int) -> None:
    if name in cases.FORMATS:
        KEPT.mkdir(parents=True, exist_ok=True)
        (KEPT / f"{name}-{seed}-{number}").write_bytes(cases.make_case(name, seed, number).data)


def _at() -> Path:
    """Where this process says which case it tries, should it not live to tell."""
    return KEPT / f"at-{os.getpid()}"


def run_chunk(plan: Plan, seed: int, url: str, folder: Path, tried: Path) -> Report:
    """Tries these cases one after the other on this migrated database, and audits it."""
    report = Report()
    runtime = make_runtime(url, folder)
    install(runtime)
    world = World(runtime, tried)
    for name, number in plan:
        run_case(world, report, name, seed, number)
    told = [f"{breach.rule} {breach.where}" for breach in audit(runtime).breaches]
    report.faults += [f"audit after {plan[0][0]}:{plan[0][1]} to {plan[-1][0]}:{plan[-1][1]}: {line}" for line in told]
    runtime.engine.dispose()
    _at().unlink()
    return report


def run_chunks(plan: Plan, seed: int, engine: str, workers: int) -> Iterator[Report]:
    """The report of each chunk, in order. Raises BrokenProcessPool when a process dies."""
    chunks = [plan[at : at + CHUNK] for at in range(0, len(plan), CHUNK)]
    with (
        tempfile.TemporaryDirectory() as top,
        ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), initializer=logging.disable, initargs=(logging.CRITICAL,)
        ) as processes,
        ThreadPoolExecutor(workers) as threads,
    ):
        databases, tried = Databases(Path(top)), Path(top) / "tried"
        tried.mkdir()
        with databases.migrated(engine):
            pass  # what all are copied from is made by one thread

        def on_a_store(chunk: Plan) -> Report:
            with databases.migrated(engine) as url, tempfile.TemporaryDirectory(dir=top) as folder:
                return processes.submit(run_chunk, chunk, seed, url, Path(folder), tried).result()

        yield from threads.map(on_a_store, chunks)
