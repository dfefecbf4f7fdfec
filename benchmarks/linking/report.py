"""Figures of links as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = tuple[str, ...]
_KEYS = (
    *("best_f1", "best_precision", "best_recall", "best_score", "recall_at_sure", "wrong_at_sure", "score_at_sure"),
    *("score_proven", "recall_proven", "twins_at_best", "twins_at_sure"),
    *("linked", "linked_wrong", "linked_explained", "linked_recall", "linked_twins"),
    *("blocking_recall", "capped", "candidates_mean", "index_s", "link_s", "records_per_s"),
    *("train_s", "predict_s", "peak_mb"),
)


def figure_rows(figures: Mapping[str, Any], who: Sequence[str]) -> list[Row]:
    """What, and the figure of each."""
    return [(key, *(_text(figures[one].get(key)) for one in who)) for key in _KEYS]


def elsewhere_rows(figures: Mapping[str, Any], who: Sequence[str]) -> list[Row]:
    """What, and the figure of each under thresholds that were set on another world."""
    found = {one: figures[one].get("thresholds_set_elsewhere", {}) for one in who}
    return [(key, *(_text(found[one].get(key)) for one in who)) for key in next(iter(found.values()))]


def rule_rows(figures: Mapping[str, Any]) -> list[Row]:
    """Each blocking rule: how much it finds, how much nobody else does, what it costs."""
    return [
        (rule, f"{one['found']:.4f}", f"{one['only']:.4f}", f"{one['keys']:.2f}", f"{one['pairs']:.1f}",
         f"{one['largest']:,}", f"{figures['capped'].get(rule, 0):,}")
        for rule, one in figures["rules"].items()
    ]  # fmt: skip


def twin_rows(figures: Mapping[str, Any]) -> list[Row]:
    """How they were linked, automatic links, wrong ones, and pairs of twins that were taken for one."""
    return [
        (name.replace("_", " "), f"{one['linked']:,}", str(one["wrong"]), str(one["merged"]))
        for name, one in figures["ways"].items()
    ]


def case_rows(figures: Mapping[str, Any], who: Sequence[str]) -> list[Row]:
    """Kind of application, how many of them have a row in the register, and the recall of each."""
    shares = {one: figures[one]["recall_by_case_sure"] for one in who}
    return [
        (tag, f"{of:,}", *(f"{shares[one][tag][0] / of:.3f}" for one in who))
        for tag, (_, of) in (shares[who[0]].items() if who else ())
    ]


def febrl_rows(figures: Mapping[str, Any]) -> list[Row]:
    """Set, records, true pairs, and F1, wrong and missed pairs of both."""
    return [
        (number, f"{one['records']:,}", f"{one['true_pairs']:,}", *_both(one["ours"]), *_both(one["splink"]))
        for number, one in figures.items()
    ]


def latency_rows(figures: Mapping[str, Any]) -> list[Row]:
    """What, and its figure."""
    one = figures["one_record"]
    return [
        ("people, keys", f"{figures['people']:,}, {figures['keys']:,}"),
        ("records asked", str(one["records"])),
        ("median / p95 / largest", f"{one['ms_median']} / {one['ms_p95']} / {one['ms_largest']} ms"),
        ("  finding, comparing, medians", f"{one['find_ms_median']} / {one['decide_ms_median']} ms"),
        ("  processor time, median / p95", f"{one['cpu_ms_median']} / {one['cpu_ms_p95']} ms"),
        ("people compared, median", f"{one['compared_median']:.0f}"),
        *((source, ", ".join(f"{name} {n}" for name, n in found.items())) for source, found in one["outcomes"].items()),
        ("memory of the process", f"{figures['peak_mb']} MiB"),
    ]


def _both(one: Mapping[str, Any]) -> Row:
    return f"{one['best_f1']:.4f}", str(one["wrong"]), str(one["missed"])


def _text(value: Any) -> str:
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else f"{value:,}"
