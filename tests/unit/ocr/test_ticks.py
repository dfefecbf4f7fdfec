"""Marks by the network: one option among several, what is struck out, and what the network is shown."""

from __future__ import annotations

import numpy as np
import pytest

from ocr.cutting.cut import View
from ocr.layout import Box
from ocr.marks.options import choose_marked
from ocr.marks.ticks import SIDE, mark_picture
from ocr.readings import ReadingReason

EMPTY, MARKED, STRUCK, STRAY = np.eye(4) * 0.96 + 0.01
UNSURE = np.array([0.3, 0.7, 0.0, 0.0])


@pytest.mark.parametrize(
    ("found", "value", "reasons"),
    [
        ((EMPTY, MARKED, EMPTY), "b", ()),
        ((EMPTY, EMPTY, EMPTY), None, ()),
        ((MARKED, EMPTY, STRUCK), "a", (ReadingReason.STRUCK_OUT,)),
        ((EMPTY, EMPTY, STRUCK), None, (ReadingReason.STRUCK_OUT,)),
        ((EMPTY, STRAY, EMPTY), None, (ReadingReason.FAINT_MARK,)),
        ((MARKED, EMPTY, MARKED), None, (ReadingReason.SEVERAL_MARKS,)),
        ((EMPTY, UNSURE, EMPTY), "b", (ReadingReason.FAINT_MARK,)),
    ],
)
def test_the_option_that_alone_is_marked(found: tuple[np.ndarray, ...], value: str | None, reasons: tuple) -> None:  # type: ignore[type-arg]
    chosen = choose_marked(["a", "b", "c"], np.array(found))
    assert (chosen.value, chosen.reasons) == (value, reasons)


def test_several_marks_are_named_and_not_accepted() -> None:
    chosen = choose_marked(["a", "b", "c"], np.array((MARKED, EMPTY, MARKED)))
    assert (chosen.raw, chosen.confidence) == ("a,c", 0.0)


def test_confidence_is_that_of_the_whole_choice() -> None:
    one = choose_marked(["a"], np.array([MARKED])).confidence
    three = choose_marked(["a", "b", "c"], np.array((MARKED, EMPTY, EMPTY))).confidence
    assert three < one == pytest.approx(0.97)


@pytest.mark.parametrize("corner", [(0.0, 0.0), (35.0, 25.0), (38.0, 28.0)])
def test_a_box_at_the_edge_of_the_page_has_paper_around_it(corner: tuple[float, float]) -> None:
    view = View(np.full((300, 400), 250, np.uint8), np.zeros((300, 400), np.bool_), 10.0)
    picture = mark_picture(view, Box(*corner, 5.0, 5.0))
    assert picture.shape == (SIDE, SIDE)
    assert picture.max() < 20


def test_a_stroke_past_the_box_is_shown() -> None:
    flat = np.full((200, 200), 250, np.uint8)
    flat[60:70, 90:170] = 20
    view = View(flat, flat < 128, 10.0)
    assert mark_picture(view, Box(7.5, 7.5, 5.0, 5.0))[:8].max() > 200
