"""Rows of fields added up: exactness, acceptance and its error, how true the confidence is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import log
from statistics import fmean
from typing import Any, TypeVar

from pipeline.score.bounds import clopper_pearson, ratio, upper_bound
from pipeline.score.rows import UNREGISTERED, FieldRow

Figures = dict[str, Any]
Row = TypeVar("Row", bound=FieldRow)
_BINS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999, 0.9999)


def sum_fields(rows: Sequence[FieldRow]) -> Figures:
    """Every table that needs no more than rows."""
    return {
        "fields": len(rows),
        "by_sort": group_by(rows, lambda row: (row.sort,), exactness),
        "by_hand_and_sort": group_by(rows, lambda row: (f"{row.hand}, {row.sort}",), exactness),
        "by_hand": group_by(rows, lambda row: (row.hand,), exactness),
        "acceptance": accepted_by(rows),
        "thresholds": group_by([r for r in rows if r.measured], lambda row: (row.sort,), _threshold),
        "reliability": reliability(rows),
        "calibration": {"all": calibration(rows), **group_by(rows, lambda row: (row.sort,), calibration)},
        "missed": missed(rows),
        "reasons": reasons(rows),
    }


def group_by(rows: Iterable[Row], names: Callable[[Row], Sequence[str]], figure: Callable[[list[Row]], Any]) -> Figures:
    """The figure of each group; a row may belong to several."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        for name in names(row):
            groups.setdefault(name, []).append(row)
    return {name: figure(groups[name]) for name in sorted(groups)}


def share(hits: int, of: int) -> Figures:
    """Hits, trials, their share and its exact two-sided 95 % bounds."""
    low, high = clopper_pearson(hits, of)
    return {"hits": hits, "of": of, "share": ratio(hits, of), "bounds_95": [round(low, 4), round(high, 4)]}


def exactness(rows: Sequence[FieldRow]) -> Figures:
    """Fields with a value that were read exactly: as written, and with those in which something went wrong; CER."""
    valued = [row for row in rows if row.has_value]
    usual = [row for row in valued if row.as_written]
    return {
        "exact": share(sum(row.right for row in usual), len(usual)),
        "exact_all": share(sum(row.right for row in valued), len(valued)),
        "cer": ratio(sum(row.edits for row in usual), sum(row.length for row in usual)),
    }


def acceptance(rows: Iterable[FieldRow]) -> Figures:
    """Of the fields in which something was written or read: how many nobody would look at, how many of these are
    wrong, and the one-sided 95 % bound of that share."""
    counted = [row for row in rows if row.counted]
    accepted = [row for row in counted if row.accepted]
    wrong = sum(not row.right for row in accepted)
    return {
        "accepted": len(accepted),
        "of": len(counted),
        "share": ratio(len(accepted), len(counted)),
        "wrong": wrong,
        "wrong_share": ratio(wrong, len(accepted)),
        "wrong_at_most_95": round(upper_bound(wrong, len(accepted)), 5),
    }


def accepted_by(rows: Sequence[FieldRow]) -> Figures:
    """All, by hand, by sort, and by both."""
    return {
        "all": acceptance(rows),
        **group_by(rows, lambda row: (row.hand,), acceptance),
        **group_by(rows, lambda row: (row.sort,), acceptance),
        **group_by(rows, lambda row: (f"{row.hand}, {row.sort}",), acceptance),
    }


def _threshold(rows: Sequence[FieldRow]) -> float | None:
    """The lowest of a sort: it has several where engines or the pack's types differ."""
    return min((row.threshold for row in rows if row.threshold is not None), default=None)


def judged(rows: Iterable[FieldRow]) -> list[tuple[float, bool]]:
    """Confidence, and whether it is right, of every reading of which the confidence decides."""
    return [(row.confidence, row.right) for row in rows if row.measured and row.confidence is not None]


def reliability(rows: Iterable[FieldRow]) -> list[Figures]:
    """By confidence: mean confidence and share right."""
    sure = judged(rows)
    table = []
    for low, high in zip(_BINS, (*_BINS[1:], 2.0), strict=True):
        group = [(confidence, right) for confidence, right in sure if low <= confidence < high]
        if group:
            hits = sum(right for _, right in group)
            mean = round(fmean(confidence for confidence, _ in group), 5)
            table.append({"from": low, "mean_confidence": mean, **share(hits, len(group))})
    return table


def calibration(rows: Iterable[FieldRow]) -> Figures:
    """How true the confidence is, and the engines' own score before calibration."""
    known = [row for row in rows if row.measured]
    raw = [(row.signs.score, row.right) for row in known if row.signs]
    return {"fields": len(known), "confidence": truth_of(judged(known)), "score": truth_of(raw)}


def truth_of(pairs: Sequence[tuple[float, bool]]) -> Figures:
    """Expected calibration error over the bins of the reliability diagram, and mean log loss in nats (bounded at
    confidences of 1e-6 and 1 - 1e-6); None without readings."""
    if not pairs:
        return {"ece": None, "log_loss": None}
    gaps = 0.0
    for low, high in zip(_BINS, (*_BINS[1:], 2.0), strict=True):
        group = [pair for pair in pairs if low <= pair[0] < high]
        gaps += abs(sum(confidence - right for confidence, right in group))
    loss = fmean(-log(min(max(p if right else 1 - p, 1e-6), 1 - 1e-6)) for p, right in pairs)
    return {"ece": round(gaps / len(pairs), 5), "log_loss": round(loss, 5)}


def missed(rows: Sequence[FieldRow]) -> Figures:
    """Ink not seen, and ink seen where there is none: fields, and how many of them nobody would look at."""
    seen = [row for row in rows if row.registered]
    inked = [row for row in seen if not row.bare and row.truth not in (None, "false")]
    bare = [row for row in seen if row.bare]
    blank = [row for row in inked if row.empty]
    invented = [row for row in bare if not row.empty]
    return {
        "written_read_blank": share(len(blank), len(inked)),
        "written_read_blank_without_reason": sum(row.clear for row in blank),
        "blank_read_written": share(len(invented), len(bare)),
        "blank_read_written_without_reason": sum(row.clear for row in invented),
        "written_read_blank_by_sort": group_by(blank, lambda row: (row.sort,), len),
        "blank_read_written_by_sort": group_by(invented, lambda row: (row.sort,), len),
    }


def reasons(rows: Iterable[FieldRow]) -> Figures:
    """How often each reason was given, to right and to wrong readings."""
    return group_by(
        [row for row in rows if row.reasons and row.reasons != (UNREGISTERED,)],
        lambda row: row.reasons,
        lambda group: {"right": sum(row.right for row in group), "wrong": sum(not row.right for row in group)},
    )
