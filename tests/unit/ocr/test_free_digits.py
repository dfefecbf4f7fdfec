"""Numbers without cells: which ink is one digit, and what the network's word on every parting comes to."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from ocr.cutting.cut import Patch
from ocr.cutting.pieces import part, together, usual_height
from ocr.engine import Image
from ocr.fields.free_digits import Number, read_numbers
from ocr.glyphs import DUST, OTHER, GlyphModel, Measures, Pictures, Scores

CLASSES = (*"0123456789", "元", OTHER, DUST)
WIDE_SHARE = 0.45  # of the cell: wider than this is no bar


class Bars(GlyphModel):
    """A network that knows upright bars, which are ones; what is wider is none of its digits, what is low is dust."""

    def __init__(self, sure: float = 0.9) -> None:
        self.classes, self.engine_id, self.sure = CLASSES, "bars", sure
        self.looked_at = 0

    def log_probabilities(self, pictures: Pictures, measures: Measures) -> Scores:
        self.looked_at += len(pictures)
        out = np.full((len(measures), len(CLASSES)), (1 - self.sure) / (len(CLASSES) - 1), np.float32)
        for row, (width, height, *_) in zip(out, measures, strict=True):
            said = DUST if height < 0.3 else OTHER if width > WIDE_SHARE else "1"
            row[CLASSES.index(said)] = self.sure
        return np.log(out)


def place(draw: Callable[[Image], None]) -> Patch:
    """A free place of 12 x 7 mm at 10 px/mm."""
    flat = np.full((70, 120), 250, np.uint8)
    draw(flat)
    return Patch(flat, flat < 200, 10.0)


def bars(*lefts: int, top: int = 15, length: int = 40) -> Patch:
    def draw(flat: Image) -> None:
        for left in lefts:
            cv2.line(flat, (left, top), (left, top + length), 20, 4)

    return place(draw)


def read(patch: Patch, most: int = 2, sure: float = 0.9) -> Number:
    return read_numbers([patch], [most], Bars(sure))[0]


@pytest.mark.parametrize(
    ("lefts", "most", "text"), [((40,), 2, "1"), ((40, 62), 2, "11"), ((20, 42, 64, 86), 4, "1111")]
)
def test_strokes_with_a_gap_between_them_are_digits(lefts: tuple[int, ...], most: int, text: str) -> None:
    found = read(bars(*lefts), most)
    assert found.texts[0][0] == text
    assert found.texts[0][1] > 0.3 and found.clear > 0.6


def test_digits_that_touch_are_parted() -> None:
    def touching(flat: Image) -> None:
        for left in (40, 75):
            cv2.line(flat, (left, 15), (left, 55), 20, 4)
        cv2.line(flat, (40, 35), (75, 35), 20, 2)

    assert read(place(touching), sure=0.99).texts[0][0] == "11"


def test_a_broken_stroke_is_one_digit() -> None:
    def broken(flat: Image) -> None:
        cv2.line(flat, (40, 12), (40, 30), 20, 4)
        cv2.line(flat, (41, 36), (41, 55), 20, 4)

    patch = place(broken)
    assert len(part(patch, 40.0)) == 1
    assert read(patch).texts[0][0] == "1"


def test_a_place_without_writing_holds_nothing_and_is_not_looked_at() -> None:
    model = Bars()
    found = read_numbers([bars(), bars(40), bars(40, length=2)], [2, 2, 2], model)
    assert [bool(one.texts) for one in found] == [False, True, False]
    assert found[0].clear == 0.0
    assert model.looked_at == 2, "the one bar alone, and as a digit"


def test_dust_beside_a_digit_is_no_digit() -> None:
    def dusty(flat: Image) -> None:
        cv2.line(flat, (40, 15), (40, 55), 20, 4)
        cv2.line(flat, (85, 50), (99, 50), 20, 4)

    assert read(place(dusty)).texts[0][0] == "1"


def test_a_scrawl_is_not_clear() -> None:
    def scrawl(flat: Image) -> None:
        cv2.rectangle(flat, (30, 15), (90, 55), 20, -1)

    assert read(place(scrawl)).clear < 0.2


def test_neighbours_belong_together_by_their_gap() -> None:
    usual = usual_height([bars(40, 62)])
    apart = part(bars(40, 62), usual)
    assert usual == pytest.approx(45, abs=3)
    assert together(*apart) < 0.1
    whole = np.zeros((70, 120), np.bool_)
    left, right = whole.copy(), whole.copy()
    left[10:50, 20:41], right[10:50, 41:60] = True, True
    assert together(left, right) == 0.5
    right[10:50, 30:60] = True
    assert 0.1 < together(left, right) < 0.5
