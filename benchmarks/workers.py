"""How throughput grows with one and two worker processes, on SQLite and on PostgreSQL: one campaign, run each way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.campaign import measure_campaign
from benchmarks.stores import DATABASES


def measure_workers(
    applications: int,
    paper_share: float,
    counts: Sequence[int] = (1, 2),
    databases: Sequence[str] = DATABASES,
) -> dict[str, Any]:
    """Throughput of the same applications for each number of workers on each database, the first number as measure."""
    runs = []
    for kind in databases:
        first: float | None = None
        for workers in counts:
            done = measure_campaign(applications, paper_share, workers, kind, anew=True)
            first = first or done["applications_per_hour"]
            runs.append(
                {
                    "database": kind,
                    "workers": workers,
                    "wall_s": done["wall_s"],
                    "applications_per_hour": done["applications_per_hour"],
                    "times_one_worker": round(done["applications_per_hour"] / first, 3),
                    "cpu_s_per_application": done["cpu_s_per_application"],
                    "memory_mb": done["memory_mb"],
                    "breaches": done["audit"]["breaches"],
                }
            )
    return {"applications": applications, "paper_share": paper_share, "runs": runs}
