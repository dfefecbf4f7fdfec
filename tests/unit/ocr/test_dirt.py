"""Dust and scanner streaks are no writing; writing stays whole."""

import numpy as np
import pytest

from ocr.cutting.cut import View, cut_box, is_written
from ocr.cutting.dirt import without_specks, without_streaks
from ocr.fields.line_fields import line_job
from ocr.layout import Box, Content, LineField
from ocr.marks.overflow import overflows

SCALE = 10.0
BOX = Box(10, 10, 60, 8)


def _page(*marks: tuple[int, int, int, int]) -> View:
    """A page with the frame of a field and black rectangles x0, y0, x1, y1 in pixels."""
    flat = np.full((300, 800), 250, np.uint8)
    for y in (100, 180):
        flat[y - 1 : y + 2, 100:700] = 0
    for x in (100, 700):
        flat[100:180, x - 1 : x + 2] = 0
    for x0, y0, x1, y1 in marks:
        flat[y0:y1, x0:x1] = 0
    return View(flat, flat < 128, SCALE)


STREAK = (400, 0, 402, 300)
LETTER = (200, 120, 240, 160)
DUST = (600, 140, 604, 144)


def _left(view: View) -> np.ndarray:
    return without_specks(without_streaks(view, cut_box(view, BOX))[1]).ink


def test_a_streak_down_the_page_is_no_writing() -> None:
    view = _page(STREAK)
    assert is_written(cut_box(view, BOX))
    assert not _left(view).any()
    assert line_job(view, LineField("a", BOX, Content.MONEY)).lines == ()


def test_a_leaning_streak_is_found_as_well() -> None:
    view = _page()
    for y in range(300):
        view.ink[y, 400 + y // 20 : 402 + y // 20] = True
    assert not _left(view).any()


def test_a_stroke_that_ends_near_the_field_is_kept() -> None:
    view = _page((400, 104, 402, 177))
    assert is_written(cut_box(view, BOX)) and _left(view).any()


def test_a_streak_is_no_stroke_that_runs_over_the_edge() -> None:
    view = _page((398, 0, 402, 300), LETTER)
    cleaned, patch = without_streaks(view, cut_box(view, BOX))
    assert overflows(view, BOX) and not overflows(cleaned, BOX)
    assert is_written(patch)


def test_writing_of_the_next_row_that_comes_near_the_rule_does_not_cross_it() -> None:
    above, below = (300, 150, 306, 177), (300, 184, 306, 220)
    assert not overflows(_page(above, below), BOX)
    assert overflows(_page((300, 150, 306, 220)), BOX)


@pytest.mark.parametrize("mark", [DUST, (110, 130, 113, 133)])
def test_dust_apart_from_writing_goes_and_the_writing_stays(mark: tuple[int, int, int, int]) -> None:
    with_dust, clean = _left(_page(LETTER, mark)), _left(_page(LETTER))
    assert np.array_equal(with_dust, clean) and clean.any()


def test_a_comma_and_the_dots_of_a_letter_stay() -> None:
    comma = (243, 155, 247, 163)
    assert _left(_page(LETTER, comma)).sum() == _left(_page(LETTER)).sum() + 4 * 8


def test_dust_alone_is_nothing_but_many_dots_may_be_faint_writing() -> None:
    dots = [(200 + 30 * n, 140, 204 + 30 * n, 144) for n in range(8)]
    assert not _left(_page(*dots[:3])).any()
    assert _left(_page(*dots)).any()


def test_three_short_strokes_close_to_each_other_are_a_letter_not_dust() -> None:
    strokes = [(600, 130 + 8 * n, 606, 133 + 8 * n) for n in range(3)]
    assert _left(_page(LETTER, *strokes)).sum() == _left(_page(LETTER)).sum() + 3 * 6 * 3
    assert np.array_equal(_left(_page(LETTER, *strokes[:2])), _left(_page(LETTER)))
    apart = [(560 + 20 * n, 140, 564 + 20 * n, 144) for n in range(4)]
    assert np.array_equal(_left(_page(LETTER, *apart)), _left(_page(LETTER)))
