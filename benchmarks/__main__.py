"""`make bench`: what reading and matching take and give here and now, printed and kept under build/bench/.

    python -m benchmarks [--pages N] [--households N] [--only reading|matching]

Times are of this machine while whatever else runs on it; the ratio of the two readers is of one run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from benchmarks.matching import measure_matching
from benchmarks.reading import measure_reading
from benchmarks.truth import ROOT

OUT = ROOT / "build" / "bench"


def main() -> None:
    """Runs the benchmarks that were asked for, one JSON document for all."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pages", type=int, default=6, help="form pages of fixtures/sample to read")
    arguments.add_argument("--households", type=int, default=2900, help="2900 are ten thousand people")
    arguments.add_argument("--only", choices=("reading", "matching"))
    given = arguments.parse_args()
    benchmarks: dict[str, Callable[[], dict[str, Any]]] = {
        "reading": lambda: measure_reading(most=given.pages),
        "matching": lambda: measure_matching(given.households),
    }
    figures = {name: run() for name, run in benchmarks.items() if given.only in (None, name)}
    answer = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), **figures}
    text = json.dumps(answer, ensure_ascii=False, indent=2)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "bench.json").write_text(text + "\n")
    print(text)


def machine() -> dict[str, Any]:
    """What the times are of. load: processes waiting for a processor in the last minute, before we began."""
    return {
        "processors": os.cpu_count(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    main()
