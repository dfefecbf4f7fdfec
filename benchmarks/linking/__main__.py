"""`make bench-matching`: whom does an application mean? Ours beside Splink's, on the same people in the same run.

    python -m benchmarks.linking [people|blocking|twins|febrl|latency ...] [--people 10000] [--sample 10000] [--seed 1]
                                 [--part tune|held_out] [--peers no] [--records 500] [--database sqlite|postgresql]

people: a register and its applications, --like NAME with the thresholds of an earlier run as well; blocking: what each
key is worth; twins: a register in which nearly every birth is of twins; febrl: the public sets; latency: one record
against a stored register, on both databases. Without names: people and febrl.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.linking.report import (
    case_rows,
    elsewhere_rows,
    febrl_rows,
    figure_rows,
    latency_rows,
    rule_rows,
    twin_rows,
)
from benchmarks.machine import ROOT
from benchmarks.report import OUT, keep, show
from benchmarks.stores import DATABASES
from fixtures.matching.split import Part

NAMES = ("people", "blocking", "twins", "febrl", "latency")
PEERS = ROOT / "build" / "bench-peers" / "bin" / "python"
FOLDER = ROOT / "build" / "bench-data" / "linking"


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs what was asked for, one after the other, each kept as soon as it is done."""
    given = _parse(arguments)
    command = "python -m benchmarks.linking " + " ".join(sys.argv[1:] if arguments is None else arguments)
    runs = {"people": _people, "blocking": _blocking, "twins": _twins, "febrl": _febrl, "latency": _latency}
    for name in given.names or ("people", "febrl"):
        runs[name](name, given, command)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", choices=NAMES, default=[], metavar="|".join(NAMES))
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--sample", type=int, help="link so many applications only, against the whole register")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", choices=[part.value for part in Part], default=Part.TUNE.value)
    parser.add_argument("--peers", choices=("yes", "no"), default="yes", help="whether Splink runs too")
    parser.add_argument(
        "--ours", choices=("both", "ink", "plain", "no"), default="both", help="with ink, without, both"
    )
    parser.add_argument("--like", help="a run of build/bench whose thresholds are used too")
    parser.add_argument("--records", type=int, default=500, help="records to look up for latency")
    parser.add_argument("--database", choices=DATABASES, help="for latency; default: both")
    return parser.parse_args(arguments)


def _people(name: str, given: argparse.Namespace, command: str) -> None:
    from benchmarks.linking.people import measure_people

    figures = measure_people(
        given.seed, given.people, Part(given.part), sample=given.sample, ours=given.ours,
        python=PEERS if given.peers == "yes" else None, folder=FOLDER,
        like=json.loads((OUT / f"{given.like}.json").read_text("utf-8"))["figures"] if given.like else None,
    )  # fmt: skip
    keep(f"linking_{name}_{given.part}_{given.people}_{given.seed}", figures, command)
    size = f"{figures['people']:,} people, {figures['applications']:,} applications"
    who = [one for one in ("ours", "ours_with_ink", "splink", "splink_best") if one in figures]
    show(f"{size}, {given.part}, seed {given.seed}", ("", *who), figure_rows(figures, who))
    if given.like:
        show(f"with the thresholds of {given.like}", ("", *who), elsewhere_rows(figures, who))
    show(f"recall at precision {figures['precision']} by case", ("", "links", *who), case_rows(figures, who))


def _twins(_: str, given: argparse.Namespace, command: str) -> None:
    from benchmarks.linking.twins import measure_twins

    figures = measure_twins(given.seed, given.people, Part(given.part))
    keep(f"linking_twins_{given.part}_{given.people}_{given.seed}", figures, command)
    size = f"{figures['twin_pairs']:,} pairs of twins, {figures['applications']:,} applications of theirs"
    show(f"{size}, {given.part}, seed {given.seed}", ("", "links", "wrong", "pairs merged"), twin_rows(figures))


def _blocking(_: str, given: argparse.Namespace, command: str) -> None:
    from benchmarks.linking.blocking import measure_rules

    figures = measure_rules(given.seed, given.people, Part(given.part), given.sample)
    keep(f"linking_blocking_{given.part}_{given.people}_{given.seed}", figures, command)
    size = f"{figures['people']:,} people, {figures['records']:,} applications"
    header = ("rule", "found", "found by it alone", "keys a person", "people met", "largest block", "above the cap")
    show(f"{size}: recall {figures['recall']:.4f}", header, rule_rows(figures))


def _febrl(_: str, __: argparse.Namespace, command: str) -> None:
    from benchmarks.linking.febrl import measure_febrl

    figures: dict[str, Any] = {str(number): measure_febrl(number, PEERS, FOLDER / "febrl") for number in range(1, 5)}
    keep("linking_febrl", figures, command)
    header = ("set", "records", "pairs", "ours F1", "wrong", "missed", "Splink F1", "wrong", "missed")
    show("FEBRL, best F1", header, febrl_rows(figures))


def _latency(_: str, given: argparse.Namespace, command: str) -> None:
    from benchmarks.linking.latency import measure_latency

    for kind in (given.database,) if given.database else DATABASES:
        figures = measure_latency(given.seed, given.people, given.records, kind, FOLDER / "stores")
        keep(f"linking_latency_{given.people}_{kind}", figures, command)
        show(f"One record against {figures['people']:,} people, {kind}", ("", "figure"), latency_rows(figures))


if __name__ == "__main__":
    main()
