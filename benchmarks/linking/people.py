"""A register and its applications, linked by us and by Splink, and what came of it."""

from __future__ import annotations

import csv
import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.linking.cases import Cases, draw_cases, write_table
from benchmarks.linking.mistakes import list_wrong
from benchmarks.linking.ours import link
from benchmarks.linking.scores import (
    Point,
    Scored,
    at_precision,
    at_score,
    best_f1,
    best_of_each,
    curve,
    merged_twins,
    recall_by,
)
from fixtures.matching.split import Part
from matchers.thresholds import choose_threshold

SURE = 0.999


def measure_people(
    seed: int, people: int, part: Part, *, sample: int | None, ours: str, python: Path | None, folder: Path,
    like: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """All figures of one world. ours: "both", "ink", "plain" or "no"; python: the peers', None for us alone; like: the
    figures of another world, whose thresholds are held against this one too.

    "splink" scores pairs as Splink gives them, "splink_best" only the best of each application.
    """
    began = time.perf_counter()
    cases = draw_cases(seed, people, part, sample=sample)
    figures: dict[str, Any] = {
        "seed": seed, "part": part.value, "precision": SURE, "people": len(cases.register.records),
        "applications": len(cases.applications.records), "true_links": len(cases.truth),
        "draw_and_normalise_s": round(time.perf_counter() - began, 1),
    }  # fmt: skip
    if ours in ("both", "plain"):
        figures["ours"] = _ours(cases, ink=False)
    if ours in ("both", "ink"):
        figures["ours_with_ink"] = _ours(cases, ink=True)
    if python is not None:
        scored, spent = run_splink(cases, python, folder)
        figures["splink"] = measure(cases, scored) | spent
        figures["splink_best"] = measure(cases, best_of_each(scored, lambda one: one.left))
    for who in ("ours", "ours_with_ink", "splink", "splink_best"):
        if like and who in like and who in figures:
            figures[who]["thresholds_set_elsewhere"] = elsewhere(figures[who].pop("curve"), len(cases.truth), like[who])
        figures.get(who, {}).pop("curve", None)
    return figures


def elsewhere(points: Sequence[Point], truths: int, other: Mapping[str, Any]) -> dict[str, Any]:
    """What the thresholds of the other world's best F1 and of its proven precision give here."""
    best, sure = (at_score(points, other[name]) for name in ("best_score", "score_proven"))
    return {
        "best_f1": best.f1(truths), "best_precision": best.precision(), "best_recall": best.recall(truths),
        "sure_precision": sure.precision(), "sure_recall": sure.recall(truths), "sure_wrong": sure.links - sure.right,
    }  # fmt: skip


def _ours(cases: Cases, *, ink: bool) -> dict[str, Any]:
    links = link(cases, ink=ink)
    right = sum((one.left, one.right) in cases.truth for one in links.linked)
    return measure(cases, links.scored) | {
        "linked": len(links.linked),
        "linked_wrong": len(links.linked) - right,
        "linked_explained": links.explained,
        "linked_recall": right / len(cases.truth),
        "linked_twins": merged_twins(links.linked, cases.twins, dict(cases.truth), float("-inf")),
        "blocking_recall": links.near / len(cases.truth),
        "capped": links.capped,
        "candidates_mean": sum(links.compared) / len(links.compared),
        "index_s": round(links.index_s, 1),
        "link_s": round(links.link_s, 1),
        "records_per_s": round(len(links.compared) / links.link_s),
        "worst": list_wrong(cases, links),
    }


def measure(cases: Cases, scored: Sequence[Scored]) -> dict[str, Any]:
    """The figures of scored links."""
    points, truths, own = curve(scored, cases.truth), len(cases.truth), dict(cases.truth)
    proven = choose_threshold([(one.score, (one.left, one.right) in cases.truth) for one in scored], truths, SURE)
    best, sure = best_f1(points, truths), at_precision(points, SURE)
    by_case = {
        name: {tag: list(counts) for tag, counts in recall_by(cases.tags, cases.truth, scored, point.score).items()}
        for name, point in (("sure", sure), ("best", best))
    }
    return {
        "best_f1": best.f1(truths),
        "best_precision": best.precision(),
        "best_recall": best.recall(truths),
        "best_score": best.score,
        "recall_at_sure": sure.recall(truths),
        "score_at_sure": sure.score,
        "wrong_at_sure": sure.links - sure.right,
        "score_proven": proven.score,
        "recall_proven": proven.recall,
        "twins_at_best": merged_twins(scored, cases.twins, own, best.score),
        "twins_at_sure": merged_twins(scored, cases.twins, own, sure.score),
        "recall_by_case_sure": by_case["sure"],
        "recall_by_case_best": by_case["best"],
        "curve": points,
    }


def run_splink(cases: Cases, python: Path, folder: Path) -> tuple[list[Scored], dict[str, Any]]:
    """Splink's links with their scores, and what it took."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.csv" for name in ("register", "applications", "links")]
    write_table(cases.register, paths[0])
    write_table(cases.applications, paths[1])
    script = Path(__file__).with_name("splink_links.py")
    done = subprocess.run([python, script, *paths], check=True, capture_output=True, text=True)
    with paths[2].open(newline="", encoding="utf-8") as file:
        scored = [Scored(row["left"], row["right"], float(row["score"])) for row in csv.DictReader(file)]
    return scored, json.loads(done.stdout.splitlines()[-1])
