"""Rows of cells cut out: rules go, and what was written beside or over them stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from ocr.cutting.cell_cut import cut_cells
from ocr.cutting.cut import PAPER, Patch, View, cut_box, is_written, make_view, set_as_line
from ocr.layout import Box
from tests.unit.ocr.pages import Sheet

WIDTH, HEIGHT = 6.0, 8.0
ROW = tuple(Box(50 + WIDTH * n, 150, WIDTH, HEIGHT) for n in range(5))


def view_of(write: Callable[[Sheet], None], cells: Sequence[Box] = ROW, grey: int = 60, dpi: int = 200) -> View:
    sheet = Sheet(dpi)
    for cell in cells:
        sheet.frame(cell, grey)
    write(sheet)
    return make_view(sheet.image, sheet.scale)


def seven(sheet: Sheet, cell: Box, below_rule_mm: float) -> None:
    """A seven with its bar so far below the middle of the upper rule."""
    y = cell.y + below_rule_mm
    sheet.stroke((cell.x + 0.8, y), (cell.x + 5.2, y), (cell.x + 3.0, cell.y + 6.5))


def inked(patch: Patch) -> tuple[float, float]:
    """Width of the ink in its upper third and height of all of it, in millimetres."""
    rows = np.flatnonzero(patch.ink.any(axis=1))
    upper = np.flatnonzero(patch.ink[rows[0] : rows[0] + round(2 * patch.scale)].any(axis=0))
    return (upper[-1] - upper[0]) / patch.scale, (rows[-1] - rows[0]) / patch.scale


@pytest.mark.parametrize("dpi", [150, 200, 300])
@pytest.mark.parametrize("grey", [0, 60, 150])
@pytest.mark.parametrize("below_mm", [0.3, 0.5, 0.8, 1.1])
def test_a_bar_near_the_rule_stays(below_mm: float, grey: int, dpi: int) -> None:
    patch = cut_cells(view_of(lambda s: seven(s, ROW[2], below_mm), grey=grey, dpi=dpi), ROW)[2]
    width, height = inked(patch)
    assert width > 3.0, "the bar of the seven is there"
    assert height > 4.5


def test_cut_alone_such_a_bar_passes_for_a_rule() -> None:
    page = view_of(lambda s: seven(s, ROW[2], 0.6))
    assert inked(cut_box(page, ROW[2]))[0] < 3.0


def test_bars_in_most_of_the_cells_are_no_rule_either() -> None:
    def write(sheet: Sheet) -> None:
        for cell in ROW[1:]:
            seven(sheet, cell, 0.8)

    assert all(inked(patch)[0] > 3.0 for patch in cut_cells(view_of(write), ROW)[1:])


def test_in_two_cells_the_lower_rule_tells_how_thick_the_upper_one_is() -> None:
    two = ROW[:2]

    def write(sheet: Sheet) -> None:
        for cell in two:
            seven(sheet, cell, 0.35)

    assert all(inked(patch)[0] > 3.0 for patch in cut_cells(view_of(write, two), two))


@pytest.mark.parametrize("grey", [0, 60, 150])
@pytest.mark.parametrize("dpi", [150, 200, 300])
@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.3, -0.3), (-0.4, 0.4)])
def test_empty_cells_are_blank_also_a_little_beside_their_place(
    shift: tuple[float, float], dpi: int, grey: int
) -> None:
    page = view_of(lambda s: None, grey=grey, dpi=dpi)
    sought = [Box(cell.x + shift[0], cell.y + shift[1], cell.w, cell.h) for cell in ROW]
    assert not any(is_written(patch) for patch in cut_cells(page, sought))


def test_a_line_down_the_whole_page_is_no_one() -> None:
    def write(sheet: Sheet) -> None:
        x = ROW[3].x + 3.3
        sheet.stroke((x, 100), (x, 200), width=0.5)
        x = ROW[1].x + 3.0
        sheet.stroke((x, ROW[1].y + 0.1), (x, ROW[1].y + HEIGHT - 0.1))

    written = [is_written(patch) for patch in cut_cells(view_of(write), ROW)]
    assert written == [False, True, False, False, False], "a tall one from rule to rule is a character"


def test_a_digit_under_such_a_line_is_still_there() -> None:
    def write(sheet: Sheet) -> None:
        seven(sheet, ROW[3], 1.5)
        sheet.stroke((ROW[3].x + 2.0, 100), (ROW[3].x + 2.0, 200), width=0.3)

    width, height = inked(cut_cells(view_of(write), ROW)[3])
    assert width > 3.0 and height > 4.0


def test_cells_without_rules_are_cut_at_their_place() -> None:
    blank = Sheet(200)
    blank.digit_one(ROW[1])
    patches = cut_cells(make_view(blank.image, blank.scale), ROW)
    assert [is_written(patch) for patch in patches] == [False, True, False, False, False]
    assert {patch.ink.shape[0] for patch in patches} == {patches[0].ink.shape[0]}


def test_a_picture_too_small_for_cells_is_given_back_whole() -> None:
    tiny = View(np.full((3, 30), 250, np.uint8), np.zeros((3, 30), np.bool_), 1.0)
    assert len(cut_cells(tiny, [Box(0, 0, 10, 3), Box(10, 0, 10, 3)])) == 2


def test_a_line_of_cells_of_unequal_heights_keeps_the_lowest_ink() -> None:
    high, low = np.full((80, 60), 250, np.uint8), np.full((72, 60), 250, np.uint8)
    high[74:78, 10:50] = 20
    low[20:60, 28:32] = 20
    line = set_as_line([Patch(low, low < 128, 10.0), Patch(high, high < 128, 10.0)])
    assert line is not None
    assert (line[:, line.shape[1] // 2 :] < 128).any(), "the bar below the shorter cell is on the line"
    assert line.max() == PAPER
