"""What reaches into cells from the rows beside them goes, and what was written in them stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ocr.cutting.cut import Patch
from ocr.cutting.intruders import without_intruders

Points = tuple[tuple[int, int], ...]
EIGHT: Points = ((20, 20), (40, 30), (20, 50), (40, 60), (20, 20))
FROM_BELOW: Points = ((24, 79), (30, 70), (36, 79))
FROM_ABOVE: Points = ((24, 0), (30, 8), (36, 0))


def cell(*strokes: Points) -> Patch:
    flat = np.full((80, 60), 250, np.uint8)
    for stroke in strokes:
        cv2.polylines(flat, [np.array(stroke, np.int32)], False, 20, 4)
    return Patch(flat, flat < 200, 10.0)


@pytest.mark.parametrize("stranger", [FROM_BELOW, FROM_ABOVE])
def test_a_piece_that_goes_on_in_another_row_is_left_out(stranger: Points) -> None:
    cleaned = without_intruders([cell(EIGHT), cell(EIGHT, stranger), cell()])
    assert (cleaned[1].ink == cell(EIGHT).ink).all()
    assert not cleaned[2].ink.any()


def test_a_character_stays_whole() -> None:
    kept = [
        cell(EIGHT, ((20, 70), (40, 70))),  # a stroke of its own near the edge
        cell(((20, 20), (40, 30), (20, 79))),  # long itself
        cell(((20, 20), (40, 20)), ((30, 10), (30, 79))),  # its strokes cross
        cell(EIGHT, ((58, 30), (58, 50))),  # beside it
    ]
    for before, after in zip(kept, without_intruders(kept), strict=True):
        assert (before.ink == after.ink).all()


def test_one_that_fell_to_pieces_stays_whole() -> None:
    broken = cell(((20, 20), (40, 22)), ((25, 79), (35, 72)))
    assert (without_intruders([cell(EIGHT), cell(EIGHT), broken])[2].ink == broken.ink).all()
