"""Fits `ocr/models/calibration.json` to rows of the reading card on sheets for tuning.

    python -m benchmarks.reading_card --part tune --sheets 600 --seed 950000
    python -m benchmarks.calibrate build/bench/reading_card_tune.jsonl ... [--dry-run]

Prints how true the confidence is on hands that a fit had not seen, beside the engines' own score, then the thresholds.
Rows of sheets that are held out are refused.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.report import show
from fixtures.reading.layouts import layouts_of
from fixtures.reading.split import Part
from ocr import glyphs
from ocr.confidence.calibration import FILE, Calibration, Threshold, save
from ocr.confidence.calibration_fit import Case, fit, foretell
from ocr.confidence.confirm import with_evidence
from ocr.marks import ticks
from ocr.readings import ReadingReason
from ocr.signs import Signs
from pipeline.score.bounds import upper_bound
from pipeline.score.sums import truth_of
from pipeline.score.thresholds import Outcome, choose

TARGETS = (0.001, 0.002, 0.005, 0.01)


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads rows, fits, shows before and after, and writes the file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibrate")
    parser.add_argument("rows", type=Path, nargs="+", help="the .jsonl of cards on sheets for tuning")
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    given = parser.parse_args(arguments)
    made = calibrate(list(read_rows(given.rows)))
    if not given.dry_run:
        save(made, FILE)


def read_rows(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """All rows. ValueError for a sheet that is held out."""
    known = set(layouts_of(Part.TUNE))
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            if row["layout"] not in known:
                raise ValueError(f"{path.name}: {row['layout']} is no layout for tuning")
            yield {**row, "signs": Signs(**row["signs"]) if row["signs"] else None}


def decides(row: dict[str, Any]) -> bool:
    """Something was read, and no reason but its confidence would send it to a person."""
    doubts = set(row["reasons"]) - {ReadingReason.LOW_CONFIDENCE.value}
    return row["signs"] is not None and row["confidence"] is not None and not (doubts or row["problem"])


def calibrate(all_rows: Sequence[dict[str, Any]]) -> Calibration:
    """The calibration of these rows, with its thresholds."""
    rows = [row for row in all_rows if decides(row)]
    cases = [Case(row["signs"], row["right"], row["writer"]) for row in rows]
    fitted = fit(cases)
    told = [with_evidence(float(p), row["evidence"]) for p, row in zip(foretell(cases), rows, strict=True)]
    outcomes = [
        Outcome(row["sort"], p, row["right"])
        for p, row in zip(told, rows, strict=True)
        if fitted.fits(row["signs"]) and counts(row)
    ] + unseen(all_rows)
    thresholds = {str(target): choose(outcomes, target) for target in TARGETS}
    data = {**data_of(rows), "accepted": {target: accepted_by(outcomes, sorts) for target, sorts in thresholds.items()}}
    made = replace(fitted, thresholds=thresholds, data=data)
    show_truth(rows, told)
    show_thresholds(made, outcomes)
    return made


def accepted_by(outcomes: Sequence[Outcome], thresholds: Mapping[str, Threshold]) -> dict[str, Any]:
    """What all thresholds together accept of these readings, unseen ink with it, and the bound of its wrong share."""
    taken = [one for one in outcomes if one.confidence >= (thresholds[one.sort].confidence or 1.0)]
    wrong = sum(not one.right for one in taken)
    return {
        "accepted": len(taken),
        "of": len(outcomes),
        "wrong": wrong,
        "wrong_at_most_95": round(upper_bound(wrong, len(taken)), 5),
    }


def counts(row: dict[str, Any]) -> bool:
    """Somebody wrote there, or something was read: what the card counts acceptance over."""
    return not (row["bare"] and row["empty"])


def unseen(rows: Sequence[dict[str, Any]]) -> list[Outcome]:
    """Ink that was taken for none: accepted whatever the thresholds."""
    return [
        Outcome(row["sort"], 1.0, row["right"])
        for row in rows
        if row["nothing"] and counts(row) and not (row["reasons"] or row["problem"])
    ]


def data_of(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What stands behind the numbers."""
    seeds = sorted({row["seed"] for row in rows})
    return {
        "part": Part.TUNE.value,
        "sheets": len(seeds),
        "seeds": [seeds[0], seeds[-1]],
        "writers": len({row["writer"] for row in rows}),
        "layouts": sorted({row["layout"] for row in rows}),
        "readings": len(rows),
        "wrong": sum(not row["right"] for row in rows),
        "networks": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (glyphs.MODEL, ticks.MODEL)},
    }


def show_truth(rows: Sequence[dict[str, Any]], told: Sequence[float]) -> None:
    """Expected calibration error and log loss, by sort and by hand: of the engines' score, and as foretold."""
    table: list[tuple[str, ...]] = []
    for name in ("all", *sorted({row["hand"] for row in rows}), *sorted({row["sort"] for row in rows})):
        picked = [(row, p) for row, p in zip(rows, told, strict=True) if name in ("all", row["hand"], row["sort"])]
        before = truth_of([(row["signs"].score, row["right"]) for row, _ in picked])
        after = truth_of([(p, row["right"]) for row, p in picked])
        wrong = sum(not row["right"] for row, _ in picked)
        table.append((name, str(len(picked)), str(wrong), *(f"{one[key]:.4f}" for key in ("ece", "log_loss")
                      for one in (before, after))))  # fmt: skip
    show(
        "calibration error and log loss: engines' score, and calibrated by other hands",
        ("", "readings", "wrong", "ECE", "calibrated", "log loss", "calibrated"),
        table,
    )


def show_thresholds(made: Calibration, outcomes: Sequence[Outcome]) -> None:
    """By target error and sort: the threshold, and what of these rows it accepts."""
    for target, sorts in made.thresholds.items():
        rows: list[tuple[str, ...]] = []
        for sort, one in sorts.items():
            of = sum(outcome.sort == sort for outcome in outcomes)
            at = "-" if one.confidence is None else f"{one.confidence:.5f}"
            rows.append((sort, at, f"{one.accepted} of {of}", str(one.wrong), f"{100 * one.wrong_at_most_95:.2f} %"))
        all_of = made.data["accepted"][target]
        at_most = f"{100 * all_of['wrong_at_most_95']:.3f} %"
        rows.append(("all", "", f"{all_of['accepted']} of {all_of['of']}", str(all_of["wrong"]), at_most))
        show(f"target {target}", ("", "from", "accepted", "wrong", "at most (95 %)"), rows)


if __name__ == "__main__":
    main()
