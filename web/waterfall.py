"""The waterfall picture of a total: where its bars lie, in per cent of the width, so that its words keep their size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.review.explanations import Explanation

LABELS, ROOM = 34.0, 56.0
"""Per cent of the width: what the names of the fields take, and the bars after them; the rest is for the figures."""
ROW = 26
"""Pixels from one bar to the next."""
_LEAST = 0.6


@dataclass(frozen=True)
class Bar:
    """One bar. x, width, end: per cent; y: pixels of its top. kind: "for", "against", "bound" or "total". end: where
    the next bar starts."""

    name: str
    weight: float
    kind: str
    x: float
    width: float
    end: float
    y: int


@dataclass(frozen=True)
class Picture:
    """The bars and the lines across them: zero, the total from which one is linked, the best other candidate."""

    bars: tuple[Bar, ...]
    height: int
    zero: float
    line: float | None
    rival: float | None


def draw_waterfall(told: Explanation) -> Picture:
    """The picture of an explanation; its last bar is the total."""
    spans = [(step.field, step.weight, step.start, step.end) for step in told.steps]
    marks = [mark for mark in (told.line, told.rival) if mark is not None]
    at = _scale([0.0, told.total, *marks, *(end for _, _, start, stop in spans for end in (start, stop))])
    bars = [
        Bar(name, weight, _kind(name, weight), *_extent(at(start), at(stop)), at(stop), number * ROW)
        for number, (name, weight, start, stop) in enumerate(spans)
    ]
    bars.append(Bar("total", told.total, "total", *_extent(at(0.0), at(told.total)), at(told.total), len(bars) * ROW))
    line, rival = (None if mark is None else at(mark) for mark in (told.line, told.rival))
    return Picture(tuple(bars), len(bars) * ROW, at(0.0), line, rival)


class _Scale:
    def __init__(self, low: float, high: float) -> None:
        self.low, self.wide = low, max(high - low, 1e-9)

    def __call__(self, value: float) -> float:
        return round(LABELS + ROOM * (value - self.low) / self.wide, 2)


def _scale(values: Sequence[float]) -> _Scale:
    return _Scale(min(values), max(values))


def _extent(start: float, stop: float) -> tuple[float, float]:
    return min(start, stop), round(max(abs(stop - start), _LEAST), 2)


def _kind(name: str, weight: float) -> str:
    if name == "household_bound":
        return "bound"
    return "for" if weight > 0 else "against"
