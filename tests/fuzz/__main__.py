"""`make fuzz`: as many seeded cases as asked, a line of progress, a table of what became of them.

Ends with 1 on any crash, hang over 30 s, memory over 2 GB, or loss; such a case is kept under `build/fuzz`.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import logging
import resource
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from pipeline.channels import sandbox
from tests.databases import ENGINES, Databases
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


@dataclass
class Report:
    """Counts by format, the slowest case of each, and everything that must not be."""

    answers: dict[str, Counter[str]] = field(default_factory=dict)
    slowest: dict[str, tuple[float, int]] = field(default_factory=dict)
    seconds: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    peak_bytes: int = 0

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


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="cases in all, shared evenly by the formats")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--formats", default=",".join(cases.NAMES), help="comma separated")
    parser.add_argument("--engine", choices=ENGINES, default="sqlite")
    parser.add_argument("--only", help="one case, as a fault names it: pdf:123")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    names = given.formats.split(",")
    plan = [(names[at % len(names)], at // len(names)) for at in range(given.count)]
    if given.only:
        name, _, number = given.only.partition(":")
        plan = [(name, int(number))]
    report = Report()
    with tempfile.TemporaryDirectory() as folder, Databases(Path(folder)).migrated(given.engine) as url:
        runtime = make_runtime(url, Path(folder))
        install(runtime)
        world = World(runtime)
        began = time.monotonic()
        for done, (name, number) in enumerate(plan, start=1):
            run_case(world, report, name, given.seed, number)
            if done % 25 == 0 or done == len(plan):
                rate = done / (time.monotonic() - began)
                line = f"\r{done}/{len(plan)} cases, {rate:.0f} a second, {len(report.faults)} faults, last {name}"
                print(f"{line:<70}", end="", flush=True)
        runtime.engine.dispose()
    print("\n" + "\n".join(report.lines()))
    print(f"seed {given.seed}, {given.engine}; peak memory of this process {report.peak_bytes / 1024**2:.0f} MB")
    print("\n".join(report.faults) or "no crash, no hang, no memory over 2 GB, no loss")
    KEPT.mkdir(parents=True, exist_ok=True)
    told = {name: dict(counted) for name, counted in report.answers.items()}
    facts = {"seed": given.seed, "engine": given.engine, "answers": told, "faults": report.faults}
    (KEPT / "report.json").write_text(json.dumps(facts, indent=1))
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
