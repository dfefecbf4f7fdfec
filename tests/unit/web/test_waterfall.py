"""The picture of a total: bars that follow each other, inside the width."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchers.explain import Words
from matchers.waterfall import BOUND, Step
from pipeline.review.explanations import Explanation
from web.waterfall import LABELS, ROOM, draw_waterfall

WEIGHTS = st.lists(st.floats(-12, 12).filter(lambda one: abs(one) > 0.05), max_size=12)


def told(
    weights: list[float], line: float | None = 10.5, rival: float | None = None, bound: float = 0.0
) -> Explanation:
    steps, at = [], 0.0
    for place, weight in enumerate([*weights, *([bound] if bound else [])]):
        field = BOUND if place == len(weights) else f"field{place}"
        steps.append(Step(field, "exact", weight, at, at + weight, Words("", "")))
        at += weight
    return Explanation((), (), tuple(steps), at, None, line, rival, "4")


@given(WEIGHTS, st.none() | st.floats(-20, 40), st.none() | st.floats(-20, 40))
def test_everything_lies_between_the_names_and_the_figures(
    weights: list[float], line: float | None, rival: float | None
) -> None:
    drawn = draw_waterfall(told(weights, line, rival))
    assert len(drawn.bars) == len(weights) + 1
    marks = [mark for mark in (drawn.zero, drawn.line, drawn.rival) if mark is not None]
    for place in [*marks, *(bar.x for bar in drawn.bars), *(bar.end for bar in drawn.bars)]:
        assert LABELS - 0.01 <= place <= LABELS + ROOM + 0.01


@given(WEIGHTS)
def test_each_bar_begins_where_the_one_before_ended(weights: list[float]) -> None:
    steps = draw_waterfall(told(weights)).bars[:-1]
    for before, after in pairwise(steps):
        start = after.x if after.weight > 0 else after.x + after.width
        assert start == pytest.approx(before.end, abs=0.7), "but for the least width that is seen"
        assert after.y > before.y


def test_bars_say_what_they_are_not_by_colour_alone() -> None:
    drawn = draw_waterfall(told([8.0, -3.0], bound=-2.0, rival=1.0))
    assert [bar.kind for bar in drawn.bars] == ["for", "against", "bound", "total"]
    assert [bar.weight for bar in drawn.bars] == [8.0, -3.0, -2.0, 3.0]
    assert drawn.line is not None and drawn.rival is not None and drawn.line > drawn.rival > drawn.zero
