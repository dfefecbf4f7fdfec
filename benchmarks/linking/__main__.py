"""`make bench-matching`: whom does an application mean? Ours beside Splink's, on the same people in the same run.

python -m benchmarks.linking [--people 10000] [--seed 1] [--part tune|held_out] [--no-splink] [--no-ink]
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.linking.cases import Cases, draw_cases, write_table
from benchmarks.linking.ours import link
from benchmarks.linking.scores import Scored, at_precision, best_f1, best_of_each, curve, merged_twins, recall_by
from benchmarks.machine import ROOT
from benchmarks.report import keep, show
from fixtures.matching.split import Part

PEERS = ROOT / "build" / "bench-peers" / "bin" / "python"
FOLDER = ROOT / "build" / "bench-data" / "linking"
SURE = 0.999


def main(arguments: Sequence[str] | None = None) -> None:
    """Draws, links, scores and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", choices=[part.value for part in Part], default=Part.TUNE.value)
    parser.add_argument("--no-splink", action="store_true")
    parser.add_argument("--no-ours", action="store_true")
    parser.add_argument("--no-ink", action="store_true")
    given = parser.parse_args(arguments)
    command = "python -m benchmarks.linking " + " ".join(sys.argv[1:] if arguments is None else arguments)
    began = time.perf_counter()
    cases = draw_cases(given.seed, given.people, Part(given.part))
    drawn = time.perf_counter() - began
    figures: dict[str, Any] = {
        "seed": given.seed, "part": given.part, "people": len(cases.register.records),
        "applications": len(cases.applications.records), "true_links": len(cases.truth), "draw_s": round(drawn, 1),
    }  # fmt: skip
    if not given.no_ours:
        figures["ours"] = _ours(cases, ink=False)
        if not given.no_ink:
            figures["ours_with_ink"] = _ours(cases, ink=True)
    if not given.no_splink:
        scored, spent = run_splink(cases)
        figures["splink"] = measure(cases, scored) | spent
        figures["splink_best_of_each"] = measure(cases, best_of_each(scored, lambda one: one.left))
    keep(f"linking_{given.part}_{given.people}_{given.seed}", figures, command)
    _print(figures)


def _ours(cases: Cases, *, ink: bool) -> dict[str, Any]:
    links = link(cases, ink=ink)
    truth = cases.truth
    right = sum((one.left, one.right) in truth for one in links.linked)
    return measure(cases, links.scored) | {
        "linked": len(links.linked),
        "linked_wrong": len(links.linked) - right,
        "linked_recall": right / len(truth),
        "linked_twins": merged_twins(links.linked, cases.twins, dict(truth), float("-inf")),
        "blocking_recall": links.near / len(truth),
        "candidates_mean": sum(links.compared) / len(links.compared),
        "index_s": round(links.index_s, 1),
        "link_s": round(links.link_s, 1),
        "records_per_s": round(len(links.compared) / links.link_s),
    }


def measure(cases: Cases, scored: Sequence[Scored]) -> dict[str, Any]:
    """The figures of scored links."""
    points, truths = curve(scored, cases.truth), len(cases.truth)
    best, sure = best_f1(points, truths), at_precision(points, SURE)
    hard = recall_by(cases.tags, cases.truth, scored, sure.score)
    return {
        "best_f1": best.f1(truths),
        "best_precision": best.precision(),
        "best_recall": best.recall(truths),
        "best_score": best.score,
        "recall_at_999": sure.recall(truths),
        "score_at_999": sure.score,
        "twins_at_best_f1": merged_twins(scored, cases.twins, dict(cases.truth), best.score),
        "twins_at_999": merged_twins(scored, cases.twins, dict(cases.truth), sure.score),
        "recall_by_case": {tag: [found, of] for tag, (found, of) in hard.items()},
        "recall_by_case_at_best_f1": {
            tag: list(counts) for tag, counts in recall_by(cases.tags, cases.truth, scored, best.score).items()
        },
    }


def run_splink(cases: Cases) -> tuple[list[Scored], dict[str, Any]]:
    """Splink's links with their scores, and what it took."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    paths = [FOLDER / f"{name}.csv" for name in ("register", "applications", "links")]
    write_table(cases.register, paths[0])
    write_table(cases.applications, paths[1])
    script = Path(__file__).with_name("splink_links.py")
    done = subprocess.run([PEERS, script, *paths], check=True, capture_output=True, text=True)
    with paths[2].open(newline="", encoding="utf-8") as file:
        scored = [Scored(row["left"], row["right"], float(row["score"])) for row in csv.DictReader(file)]
    return scored, json.loads(done.stdout.splitlines()[-1])


def _print(figures: dict[str, Any]) -> None:
    names = [name for name in ("ours", "ours_with_ink", "splink", "splink_best_of_each") if name in figures]
    rows = [(key, *(_text(figures[name].get(key)) for name in names)) for key in (
        "best_f1", "best_precision", "best_recall", "recall_at_999", "score_at_999", "twins_at_best_f1", "twins_at_999",
        "linked", "linked_wrong", "linked_recall", "linked_twins", "blocking_recall", "candidates_mean", "link_s",
        "train_s", "predict_s", "peak_mb")]  # fmt: skip
    cases = sorted({tag for name in names for tag in figures[name]["recall_by_case"]})
    rows += [(tag, *(_share(figures[name]["recall_by_case"].get(tag)) for name in names)) for tag in cases]
    size = f"{figures['people']:,} people, {figures['applications']:,} applications"
    title = f"{size}, {figures['part']}, seed {figures['seed']}"
    show(title, ("", *names), rows)


def _text(value: Any) -> str:
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else f"{value}"


def _share(counts: list[int] | None) -> str:
    return f"{counts[0] / counts[1]:.3f} ({counts[1]})" if counts else ""


if __name__ == "__main__":
    main()
