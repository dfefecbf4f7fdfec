"""`make fuzz`: as many seeded cases as asked, a line of progress, a table of what became of them.

The cases go in chunks, each on a store of its own that is audited at its end, to as many processes as there are cores.
Ends with 1 on any crash, hang over 30 s, memory over 2 GB, or loss; such a case is kept under `build/fuzz`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from concurrent.futures.process import BrokenProcessPool

from tests.databases import ENGINES
from tests.fuzz import cases
from tests.fuzz.chunks import KEPT, Plan, Report, run_chunks


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="cases in all, shared evenly by the formats")
    parser.add_argument("--first", type=int, default=0, help="leaves out as many cases, which another run had")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--formats", default=",".join(cases.NAMES), help="comma separated")
    parser.add_argument("--engine", choices=ENGINES, default="sqlite")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes side by side")
    parser.add_argument("--only", help="one case, as a fault names it: pdf:123")
    given = parser.parse_args()
    names = given.formats.split(",")
    plan = [(names[at % len(names)], at // len(names)) for at in range(given.first, given.first + given.count)]
    if given.only:
        name, _, number = given.only.partition(":")
        plan = [(name, int(number))]
    KEPT.mkdir(parents=True, exist_ok=True)
    report = _run(plan, given.seed, given.engine, given.workers)
    print("\n" + "\n".join(report.lines()))
    print(f"seed {given.seed}, {given.engine}; peak memory of a process {report.peak_bytes / 1024**2:.0f} MB")
    print("\n".join(report.faults) or "no crash, no hang, no memory over 2 GB, no loss")
    told = {name: dict(counted) for name, counted in report.answers.items()}
    facts = {"seed": given.seed, "engine": given.engine, "answers": told, "faults": report.faults}
    (KEPT / "report.json").write_text(json.dumps(facts, indent=1))
    return 1 if report.faults else 0


def _run(plan: Plan, seed: int, engine: str, workers: int) -> Report:
    report, began = Report(), time.monotonic()
    try:
        for part in run_chunks(plan, seed, engine, workers):
            report.add(part)
            done = sum(counted.total() for counted in report.answers.values())
            rate = done / (time.monotonic() - began)
            print(f"\r{done}/{len(plan)} cases, {rate:.1f} a second, {len(report.faults)} faults  ", end="", flush=True)
    except BrokenProcessPool:
        suspects = " or ".join(path.read_text() for path in KEPT.glob("at-*"))
        report.faults.append(f"a process died at {suspects}")
    finally:
        for path in KEPT.glob("at-*"):
            path.unlink()
    return report


if __name__ == "__main__":
    sys.exit(main())
