"""`make bench`: what reading, matching and whole campaigns take and give here and now; docs/benchmarks.md.

    python -m benchmarks [reading|matching|campaign|workers ...] [--quick] [--pages N] [--people N ...]
                         [--applications N] [--paper-share 0.3] [--workers 2] [--database sqlite|postgresql] [--anew]

Every figure is written under build/bench/ with machine, load, version, seed and weights. Without names: all of them.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

import structlog

from benchmarks.report import campaign_rows, keep, reading_rows, show, workers_rows
from benchmarks.samples import DATA, MATCHING_SEED
from benchmarks.stores import DATABASES

NAMES = ("reading", "matching", "campaign", "workers")


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the benchmarks that were asked for, one after the other, each kept as soon as it is done."""
    given = _parse(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    command = "python -m benchmarks " + " ".join(sys.argv[1:] if arguments is None else arguments)
    for name in given.names or NAMES:
        {"reading": _reading, "matching": _matching, "campaign": _campaign, "workers": _workers}[name](given, command)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", choices=NAMES, default=[], metavar="|".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="small sizes: minutes instead of an hour")
    parser.add_argument("--pages", type=int, help="form pages to read (default 20, quick 4)")
    parser.add_argument("--people", type=int, nargs="+", help="sizes of the store (default 10000 100000, quick 3000)")
    parser.add_argument("--records", type=int, default=300, help="records to look up in each store")
    parser.add_argument("--applications", type=int, help="of a campaign (default 200, quick 30)")
    parser.add_argument("--paper-share", type=float, help="share of paper (default 0.3; campaign: 0.3 and 0.7)")
    parser.add_argument("--workers", type=int, default=2, help="worker processes of a campaign")
    parser.add_argument("--database", choices=DATABASES, help="default: both; campaign: sqlite")
    parser.add_argument("--anew", action="store_true", help="begin again also where a campaign was cut short")
    given = parser.parse_args(arguments)
    given.pages = given.pages or (4 if given.quick else 20)
    given.people = given.people or ([3000] if given.quick else [10_000, 100_000])
    given.applications = given.applications or (30 if given.quick else 200)
    return given


def _reading(given: argparse.Namespace, command: str) -> None:
    from benchmarks.reading import measure_reading

    figures = measure_reading(given.pages)
    keep("reading", figures, command)
    header = ("reader", "CPU s/page", "wall s/page", "CPU times ours", "written exact", "found anywhere", "marks exact")
    show(f"Reading {figures['pages']} form pages, one thread, same weights", header, reading_rows(figures))


def _matching(given: argparse.Namespace, command: str) -> None:
    from benchmarks.linking.latency import measure_latency
    from benchmarks.linking.report import latency_rows

    for people in given.people:
        for kind in _databases(given):
            figures = measure_latency(MATCHING_SEED, people, given.records, kind, DATA / "linking" / "stores")
            keep(f"linking_latency_{people}_{kind}", figures, command)
            show(f"One record against {figures['people']:,} people, {kind}", ("", "figure"), latency_rows(figures))


def _campaign(given: argparse.Namespace, command: str) -> None:
    from benchmarks.campaign import measure_campaign

    kind = given.database or DATABASES[0]
    for share in (given.paper_share,) if given.paper_share is not None else (0.3, 0.7):
        figures = measure_campaign(given.applications, share, given.workers, kind, anew=given.anew)
        keep(f"campaign_{given.applications}_paper{round(100 * share)}_{given.workers}w_{kind}", figures, command)
        title = f"{figures['applications']} applications, {share:.0%} paper, {given.workers} workers, {kind}"
        show(title, ("", "figure"), campaign_rows(figures))


def _workers(given: argparse.Namespace, command: str) -> None:
    from benchmarks.workers import measure_workers

    share = 0.3 if given.paper_share is None else given.paper_share
    figures = measure_workers(given.applications, share, databases=_databases(given))
    keep("workers", figures, command)
    header = ("database", "workers", "wall", "applications an hour", "times one worker")
    show(f"{given.applications} applications, {share:.0%} paper, by workers", header, workers_rows(figures))


def _databases(given: argparse.Namespace) -> tuple[str, ...]:
    return (given.database,) if given.database else DATABASES


if __name__ == "__main__":
    main()
