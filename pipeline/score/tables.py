"""A score as rows of words, for whatever draws tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]
Row = tuple[str, ...]


def hits(share: Figures) -> str:
    """Hits and trials, with the share."""
    return f"{share['hits']} of {share['of']} ({100 * (share['share'] or 0):.1f} %)"


def percent(share: float | None) -> str:
    """As a percentage; a dash for none."""
    return "-" if share is None else f"{100 * share:.2f} %"


def exact_rows(groups: Figures) -> list[Row]:
    """Group, exact as written, its bounds, exact with those in which something went wrong, CER."""
    rows: list[Row] = []
    for name, one in groups.items():
        low, high = one["exact"]["bounds_95"]
        bounds = f"{100 * low:.1f}-{100 * high:.1f}"
        rows.append((name, hits(one["exact"]), bounds, hits(one["exact_all"]), percent(one["cer"])))
    return rows


def accepted_rows(groups: Figures, thresholds: Figures) -> list[Row]:
    """Group, threshold, accepted, wrong, bound."""
    rows: list[Row] = []
    for name, one in groups.items():
        threshold = thresholds.get(name)
        share = {"hits": one["accepted"], "of": one["of"], "share": one["share"]}
        at = "" if threshold is None else f"{threshold:.4f}"
        wrong = f"{one['wrong']} ({percent(one['wrong_share'])})"
        rows.append((name, at, hits(share), wrong, percent(one["wrong_at_most_95"])))
    return rows


def reliability_rows(bins: Sequence[Figures]) -> list[Row]:
    """Least confidence, mean confidence, share right."""
    return [(f"{one['from']:.3f}", f"{one['mean_confidence']:.4f}", hits(one)) for one in bins]


def calibration_rows(groups: Figures) -> list[Row]:
    """Group, readings, then calibration error and log loss of the engines' score and of the confidence."""
    return [
        (name, str(one["fields"]), _truth(one["score"]), _truth(one["confidence"]))
        for name, one in groups.items()
        if one["fields"]
    ]


def _truth(one: Figures) -> str:
    return "-" if one["ece"] is None else f"{one['ece']:.4f}, {one['log_loss']:.4f}"
