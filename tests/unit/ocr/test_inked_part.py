"""Where the ink of a sheet is, so that full-page reading looks there only."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.engine import Image
from ocr.fullpage import inked_part


def _sheet(height: int = 1000, width: int = 707) -> Image:
    return np.full((height, width), 250, np.uint8)


def test_a_card_on_a_sheet_is_found_with_a_margin() -> None:
    sheet = _sheet()
    sheet[200:400, 100:380] = 200
    left, top, right, bottom = inked_part(sheet)
    assert (left, top, right, bottom) == pytest.approx((70, 170, 410, 430), abs=6)


def test_an_empty_sheet_is_looked_at_as_a_whole() -> None:
    assert inked_part(_sheet()) == (0, 0, 707, 1000)
    dusty = _sheet()
    dusty[700, 300] = 0
    assert inked_part(dusty) == (0, 0, 707, 1000)


def test_a_full_sheet_stays_whole() -> None:
    sheet = _sheet()
    sheet[5:995:20, 5:700] = 0
    assert inked_part(sheet) == (0, 0, 707, 1000)


def test_colour_is_seen_as_well_as_black() -> None:
    sheet = np.full((1000, 707, 3), 250, np.uint8)
    sheet[500:540, 300:500] = (60, 60, 220)
    left, top, right, bottom = inked_part(sheet)
    assert left <= 300 and top <= 500 and right >= 500 and bottom >= 540
    assert bottom - top < 200


@settings(max_examples=40, deadline=None)
@given(st.integers(30, 600), st.integers(30, 900), st.integers(20, 90), st.integers(12, 60), st.integers(60, 255))
def test_no_ink_lies_outside(x: int, y: int, wide: int, high: int, paper: int) -> None:
    sheet = np.full((1000, 707), paper, np.uint8)
    sheet[y : y + high, x : x + wide] = max(0, paper - 60)
    left, top, right, bottom = inked_part(sheet)
    assert left <= x and top <= y and right >= min(707, x + wide) and bottom >= min(1000, y + high)
