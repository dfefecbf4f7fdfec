"""The reading card: rows of fields added up. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from statistics import fmean
from typing import Any

from benchmarks.bounds import clopper_pearson, ratio, upper_bound
from benchmarks.card_rows import DATES, DIGIT_CELLS, MARKS, UNREGISTERED, FieldRow, PageRow
from fixtures.reading.truth import Kind

Figures = dict[str, Any]
WRONG = 0.002
"""Share of wrong ones among the accepted that a threshold is chosen for."""
AS_WRITTEN = (Kind.PLAIN, Kind.FIRST_YEAR, Kind.DITTO, Kind.BLANK)
_BINS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999, 1.0)


def sum_fields(
    pages: Sequence[PageRow], thresholds: Mapping[str, float], chosen: Mapping[str, float | None] | None = None
) -> Figures:
    """Every table of fields. thresholds: the pack's, by its field types; chosen: by sort, from a run for tuning.

    Without `chosen` the best thresholds are looked for in these very rows, and their error is that of what they were
    fitted to.
    """
    rows = [row for page in pages for row in page.fields]
    at_pack = {row.sort: thresholds.get(row.spec) for row in rows}
    found = best_thresholds(rows)
    at_best = found if chosen is None else chosen
    return {
        "pages": len(pages),
        "fields": len(rows),
        "goals": goals(rows, at_pack, at_best),
        "by_sort": group_by(rows, lambda row: (row.sort,), exactness),
        "by_hand_and_sort": group_by(rows, lambda row: (f"{row.hand}, {row.sort}",), exactness),
        "by_hand": group_by(rows, lambda row: (row.hand,), exactness),
        "by_damage": group_by(rows, lambda row: row.damages, exactness),
        "by_layout": group_by(rows, lambda row: (row.layout,), exactness),
        "by_writer": group_by(rows, lambda row: (row.writer,), exactness),
        "by_kind": group_by(rows, lambda row: (row.kind,), lambda group: by_kind(group, at_pack)),
        "by_mark": group_by(
            [r for r in rows if r.mark], lambda row: (row.mark,), lambda group: by_kind(group, at_pack)
        ),
        "acceptance_pack": _by_hand_and_sort(rows, at_pack),
        "acceptance_best": _by_hand_and_sort(rows, at_best),
        "thresholds_pack": at_pack,
        "thresholds_best": at_best,
        "thresholds_fitted_on_these": chosen is None,
        "reliability": reliability(rows),
        "reliability_by_sort": group_by(rows, lambda row: (row.sort,), reliability),
        "missed": missed(rows),
        "reasons": reasons(rows),
        "wrong": wrong(rows),
    }


def group_by(
    rows: Iterable[FieldRow], names: Callable[[FieldRow], Sequence[str]], figure: Callable[[list[FieldRow]], Any]
) -> Figures:
    groups: dict[str, list[FieldRow]] = {}
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
    usual = [row for row in valued if row.kind in AS_WRITTEN]
    return {
        "exact": share(sum(row.right for row in usual), len(usual)),
        "exact_all": share(sum(row.right for row in valued), len(valued)),
        "cer": ratio(sum(row.edits for row in usual), sum(row.length for row in usual)),
    }


def acceptance(rows: Sequence[FieldRow], thresholds: Mapping[str, float | None]) -> Figures:
    """Of the fields in which something was written or read: how many nobody would look at, how many of these are
    wrong, and the one-sided 95 % bound of that share. thresholds: by sort."""
    counted = [row for row in rows if row.counted]
    accepted = [row for row in counted if row.accepted(thresholds.get(row.sort))]
    wrong = sum(not row.right for row in accepted)
    return {
        "accepted": len(accepted),
        "of": len(counted),
        "share": ratio(len(accepted), len(counted)),
        "wrong": wrong,
        "wrong_share": ratio(wrong, len(accepted)),
        "wrong_at_most_95": round(upper_bound(wrong, len(accepted)), 5),
    }


def _by_hand_and_sort(rows: Sequence[FieldRow], thresholds: Mapping[str, float | None]) -> Figures:
    def figure(group: Sequence[FieldRow]) -> Figures:
        return acceptance(group, thresholds)

    return {
        "all": figure(rows),
        **group_by(rows, lambda row: (row.hand,), figure),
        **group_by(rows, lambda row: (row.sort,), figure),
        **group_by(rows, lambda row: (f"{row.hand}, {row.sort}",), figure),
    }


def best_thresholds(rows: Iterable[FieldRow]) -> dict[str, float | None]:
    """By sort: the confidence from which most are accepted with at most WRONG of them wrong; None for none."""
    return group_by(rows, lambda row: (row.sort,), best_threshold)


def best_threshold(rows: Iterable[FieldRow]) -> float | None:
    """The lowest confidence at and above which at most WRONG of the readings without a reason are wrong."""
    sure = [
        (r.confidence, r.right) for r in rows if r.counted and r.clear and not r.nothing and r.confidence is not None
    ]
    sure.sort(key=lambda pair: pair[0], reverse=True)
    best, wrong, total = None, 0, 0
    for confidence, group in groupby(sure, key=lambda pair: pair[0]):
        for _, right in group:
            wrong, total = wrong + (not right), total + 1
        if wrong <= WRONG * total:
            best = confidence
    return best


def by_kind(rows: Sequence[FieldRow], thresholds: Mapping[str, float | None]) -> Figures:
    """How a way of writing fares: read right, given a reason, accepted at the pack's thresholds, and wrongly so."""
    accepted = [row for row in rows if row.accepted(thresholds.get(row.sort))]
    return {
        "fields": len(rows),
        "right": share(sum(row.right for row in rows), len(rows)),
        "with_reason": ratio(sum(bool(row.reasons) for row in rows), len(rows)),
        "accepted": len(accepted),
        "accepted_wrong": sum(not row.right for row in accepted),
    }


def goals(
    rows: Sequence[FieldRow], at_pack: Mapping[str, float | None], at_best: Mapping[str, float | None]
) -> list[Figures]:
    """The figures that are asked of the reader, each beside its goal (as a share)."""
    printed = [row for row in rows if row.hand == "printed"]
    clean = [row for row in printed if row.damages == ("clean",)]
    combined = [row for row in printed if "combined" in row.damages]
    hand = [row for row in rows if row.hand == "handwritten"]
    digits = [row for row in rows if row.sort in DIGIT_CELLS]
    hand_digits = [row for row in hand if row.sort in DIGIT_CELLS]
    parts: tuple[tuple[str, Sequence[FieldRow], float], ...] = (
        ("printed, clean: exact", clean, 0.99),
        ("printed, blur + noise + JPEG + 2°: exact", combined, 0.97),
        ("digits in cells: exact", digits, 0.97),
        ("digits in cells, handwritten: exact", hand_digits, 0.97),
        ("katakana in cells: exact", [row for row in rows if row.sort == "katakana cells"], 0.99),
        ("dates: exact", [row for row in rows if row.sort in DATES], 0.98),
        ("ticks and circles: exact", [row for row in rows if row.sort in MARKS], 0.995),
    )
    exact = [{"goal": name, "least": least, **exactness(group)["exact_all"]} for name, group, least in parts]
    accepted: tuple[tuple[str, Sequence[FieldRow], float, float], ...] = (
        ("digits in cells: accepted", digits, 0.85, 0.002),
        ("printed, clean: accepted", clean, 0.90, 0.001),
        ("digits in cells, handwritten: accepted", hand_digits, 0.60, 0.001),
        ("handwritten: accepted", hand, 0.0, 0.001),
        ("all: accepted", rows, 0.0, 0.001),
    )
    return exact + [
        {"goal": f"{name}, {words}", "least": least, "most_wrong": most, **acceptance(group, at)}
        for name, group, least, most in accepted
        for words, at in (("pack's thresholds", at_pack), ("best thresholds", at_best))
    ]


def reliability(rows: Iterable[FieldRow]) -> list[Figures]:
    """By confidence: mean confidence and share right, of readings without a reason in which something was read."""
    sure = [
        (r.confidence, r.right) for r in rows if r.counted and r.clear and not r.nothing and r.confidence is not None
    ]
    table = []
    for low, high in zip(_BINS, (*_BINS[1:], 2.0), strict=True):
        group = [(confidence, right) for confidence, right in sure if low <= confidence < high]
        if group:
            hits = sum(right for _, right in group)
            mean = round(fmean(confidence for confidence, _ in group), 4)
            table.append({"from": low, "mean_confidence": mean, **share(hits, len(group))})
    return table


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


def wrong(rows: Iterable[FieldRow]) -> list[Figures]:
    """What goes wrong most: wrong readings by sort and kind, and how many of them have no reason."""
    groups = group_by([r for r in rows if not r.right], lambda r: (f"{r.sort}, {r.kind}",), list)
    table = [
        {"what": what, "wrong": len(group), "without_reason": sum(not row.reasons for row in group)}
        for what, group in groups.items()
    ]
    return sorted(table, key=lambda one: int(one["wrong"]), reverse=True)


def reasons(rows: Iterable[FieldRow]) -> Figures:
    """How often each reason was given, to right and to wrong readings."""
    return group_by(
        [row for row in rows if row.reasons and row.reasons != (UNREGISTERED,)],
        lambda row: row.reasons,
        lambda group: {"right": sum(row.right for row in group), "wrong": sum(not row.right for row in group)},
    )
