"""The reading card: what only a lab can add up, since it knows how each field was written. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from benchmarks.card_rows import LabRow, PageRow
from fixtures.reading.split import FRESH_WRITERS, SEEN_WRITERS
from ocr.confidence.calibration import Calibration
from pipeline.score.bounds import ratio
from pipeline.score.rows import DATES, DIGIT_CELLS, MARKS
from pipeline.score.sums import Figures, acceptance, exactness, group_by, share, sum_fields


def sum_lab(pages: Sequence[PageRow]) -> Figures:
    """Every table of fields."""
    rows = [row for page in pages for row in page.fields]
    return {
        **sum_fields(rows),
        "pages": len(pages),
        "goals": goals(rows),
        "goals_by_writers": {
            name: goals(group)
            for name, writers in (("seen before", SEEN_WRITERS), ("fresh", FRESH_WRITERS))
            if (group := [row for row in rows if row.writer in writers])
        },
        "by_damage": group_by(rows, lambda row: row.damages, exactness),
        "by_layout": group_by(rows, lambda row: (row.layout,), exactness),
        "by_writer": group_by(rows, lambda row: (row.writer,), exactness),
        "by_kind": group_by(rows, lambda row: (row.kind,), by_kind),
        "by_mark": group_by([r for r in rows if r.mark], lambda row: (row.mark,), by_kind),
        "wrong": wrong(rows),
    }


def by_kind(rows: Sequence[LabRow]) -> Figures:
    """How a way of writing fares: read right, given a reason, accepted, and wrongly so."""
    accepted = [row for row in rows if row.accepted]
    return {
        "fields": len(rows),
        "right": share(sum(row.right for row in rows), len(rows)),
        "with_reason": ratio(sum(bool(row.reasons) for row in rows), len(rows)),
        "accepted": len(accepted),
        "accepted_wrong": sum(not row.right for row in accepted),
    }


def goals(rows: Sequence[LabRow]) -> list[Figures]:
    """The figures that are asked of the reader, each beside its goal (as a share)."""
    printed = [row for row in rows if row.hand == "printed"]
    clean = [row for row in printed if row.damages == ("clean",)]
    combined = [row for row in printed if "combined" in row.damages]
    hand = [row for row in rows if row.hand == "handwritten"]
    digits = [row for row in rows if row.sort in DIGIT_CELLS]
    hand_digits = [row for row in hand if row.sort in DIGIT_CELLS]
    parts: tuple[tuple[str, Sequence[LabRow], float], ...] = (
        ("printed, clean: exact", clean, 0.99),
        ("printed, blur + noise + JPEG + 2°: exact", combined, 0.97),
        ("digits in cells: exact", digits, 0.97),
        ("digits in cells, handwritten: exact", hand_digits, 0.97),
        ("katakana in cells: exact", [row for row in rows if row.sort == "katakana cells"], 0.99),
        ("dates: exact", [row for row in rows if row.sort in DATES], 0.98),
        ("ticks and circles: exact", [row for row in rows if row.sort in MARKS], 0.995),
    )
    exact = [{"goal": name, "least": least, **exactness(group)["exact_all"]} for name, group, least in parts]
    accepted: tuple[tuple[str, Sequence[LabRow], float, float], ...] = (
        ("digits in cells: accepted", digits, 0.85, 0.002),
        ("printed, clean: accepted", clean, 0.90, 0.001),
        ("digits in cells, handwritten: accepted", hand_digits, 0.60, 0.001),
        ("handwritten: accepted", hand, 0.0, 0.001),
        ("all: accepted", rows, 0.0, 0.001),
    )
    return exact + [
        {"goal": name, "least": least, "most_wrong": most, **acceptance(group)} for name, group, least, most in accepted
    ]


def by_target(rows: Sequence[LabRow], calibration: Calibration) -> Figures:
    """Target error -> what packs that want it accept, of all and of the groups that goals are set for."""
    groups = {
        "all": list(rows),
        "handwritten": [row for row in rows if row.hand == "handwritten"],
        "printed, clean": [row for row in rows if row.hand == "printed" and row.damages == ("clean",)],
        "digits in cells": [row for row in rows if row.sort in DIGIT_CELLS],
        "digits in cells, handwritten": [r for r in rows if r.sort in DIGIT_CELLS and r.hand == "handwritten"],
    }
    return {
        target: {name: acceptance([_at(row, float(target), calibration) for row in group])
                 for name, group in groups.items()}
        for target in calibration.thresholds
    }  # fmt: skip


def _at(row: LabRow, target: float, calibration: Calibration) -> LabRow:
    fits = row.signs is not None and calibration.fits(row.signs)
    return replace(row, threshold=calibration.threshold(row.sort, target) if fits else None)


def wrong(rows: Iterable[LabRow]) -> list[Figures]:
    """What goes wrong most: wrong readings by sort and kind, and how many of them have no reason."""
    groups = group_by([r for r in rows if not r.right], lambda r: (f"{r.sort}, {r.kind}",), list)
    table = [
        {"what": what, "wrong": len(group), "without_reason": sum(not row.reasons for row in group)}
        for what, group in groups.items()
    ]
    return sorted(table, key=lambda one: int(one["wrong"]), reverse=True)
