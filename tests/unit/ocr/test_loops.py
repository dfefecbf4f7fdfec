"""Digits written over by others: what they close in."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ocr.cutting.cut import Patch
from ocr.engine import Image
from ocr.fields.cells import CellRow
from ocr.fields.jobs import CLEAR, CLEAR_KANA, row_reasons
from ocr.glyphs import glyph_picture
from ocr.marks.loops import QUESTIONED, count_loops, is_knotted
from ocr.readings import CharReading, ReadingReason

OVER = (ReadingReason.OVERWRITTEN,)


def picture(*strokes: str) -> Image:
    """A ring, the bar of a 1 through its middle, or two rings one above the other."""
    flat = np.full((80, 60), 250, np.uint8)
    for stroke in strokes:
        if stroke == "ring":
            cv2.ellipse(flat, (30, 40), (16, 24), 0, 0, 360, 20, 4)
        elif stroke == "bar":
            cv2.line(flat, (30, 12), (30, 68), 20, 4)
        else:
            for y in (28, 52):
                cv2.circle(flat, (30, y), 12, 20, 4)
    return glyph_picture(Patch(flat, flat < 200, 10.0))


@pytest.mark.parametrize(
    ("strokes", "loops"), [(("bar",), 0), (("ring",), 1), (("rings",), 2), (("ring", "bar"), 2), (("rings", "bar"), 4)]
)
def test_loops_are_what_strokes_close_in(strokes: tuple[str, ...], loops: int) -> None:
    assert count_loops([picture(*strokes)], [0.1]) == (loops,)
    assert count_loops([picture(*strokes)], [QUESTIONED / 2]) == (0,)


@pytest.mark.parametrize(
    ("loops", "text", "knotted"),
    [((1, 0), "01", False), ((2, 0), "01", True), ((0, 1), "01", True), ((2, 5), "8-", False), ((0, 0), "86", False)],
)
def test_more_loops_than_a_digit_has(loops: tuple[int, ...], text: str, knotted: bool) -> None:
    assert is_knotted(loops, text) is knotted


@pytest.mark.parametrize(
    ("clear", "loops", "over"),
    [
        (CLEAR + 0.01, (1, 0), False),
        (CLEAR - 0.01, (1, 0), True),
        (CLEAR + 0.01, (2, 0), True),
        (CLEAR - 0.01, (), False),
        (CLEAR_KANA - 0.01, (), True),
    ],
)
def test_a_row_of_doubtful_or_knotted_digits_is_overwritten(clear: float, loops: tuple[int, ...], over: bool) -> None:
    row = CellRow(("", "0", "1"), (True, True), (True, True), np.zeros((2, 2)), clear, loops)
    read = [CharReading("0", 0.9), CharReading("1", 0.9)]
    assert row_reasons(row, read) == (OVER if over else ())
