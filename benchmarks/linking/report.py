"""Figures of links as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = tuple[str, ...]
_KEYS = (
    *("best_f1", "best_precision", "best_recall", "recall_at_sure", "wrong_at_sure", "score_at_sure", "twins_at_best"),
    *("twins_at_sure", "linked", "linked_wrong", "linked_recall", "linked_twins", "blocking_recall", "capped"),
    *("candidates_mean", "index_s", "link_s", "records_per_s", "train_s", "predict_s", "peak_mb"),
)


def figure_rows(figures: Mapping[str, Any], who: Sequence[str]) -> list[Row]:
    """What, and the figure of each."""
    return [(key, *(_text(figures[one].get(key)) for one in who)) for key in _KEYS]


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


def _both(one: Mapping[str, Any]) -> Row:
    return f"{one['best_f1']:.4f}", str(one["wrong"]), str(one["missed"])


def _text(value: Any) -> str:
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else f"{value:,}"
