"""Writing that runs out of its box is cut out whole, and nothing else with it."""

from __future__ import annotations

import numpy as np

from ocr.cutting.beyond import cut_beyond, without_rules
from ocr.cutting.cut import View
from ocr.layout import Box

SCALE = 10.0
BOX = Box(10, 10, 40, 8)
Mark = tuple[int, int, int, int]


def page(*marks: Mark) -> View:
    """A page with the frame of a field and black rectangles x0, y0, x1, y1 in pixels."""
    flat = np.full((300, 700), 250, np.uint8)
    for y in (100, 180):
        flat[y - 1 : y + 2, 100:500] = 0
    for x in (100, 500):
        flat[100:180, x - 1 : x + 2] = 0
    for x0, y0, x1, y1 in marks:
        flat[y0:y1, x0:x1] = 0
    return View(flat, flat < 128, SCALE)


def extent(view: View) -> Mark | None:
    """x0, y0, x1, y1 of what is cut, in pixels of the page."""
    patch = cut_beyond(view, BOX)
    if patch is None:
        return None
    rows, columns = np.flatnonzero(patch.ink.any(axis=1)), np.flatnonzero(patch.ink.any(axis=0))
    return (
        patch.x + int(columns[0]),
        patch.y + int(rows[0]),
        patch.x + int(columns[-1]) + 1,
        patch.y + int(rows[-1]) + 1,
    )


def test_letters_that_hang_below_the_box_are_whole() -> None:
    assert extent(page((200, 150, 206, 205), (230, 150, 236, 205))) == (200, 150, 236, 205)


def test_text_that_goes_on_behind_the_box_is_followed_letter_by_letter() -> None:
    letters = [(x, 125, x + 22, 155) for x in (440, 468, 506, 534)]
    assert extent(page(*letters)) == (440, 125, 556, 155)
    assert extent(page(*letters[:2], letters[3])) == (440, 125, 490, 155)


def test_writing_of_the_next_row_stays_there() -> None:
    assert extent(page((200, 120, 206, 160), (300, 178, 306, 215))) == (200, 120, 206, 160)
    assert extent(page((300, 190, 306, 215))) is None


def test_a_stroke_across_a_rule_is_joined_again() -> None:
    ink = page((200, 150, 206, 205)).ink
    assert without_rules(ink, SCALE)[150:205, 202].all()
    assert not without_rules(ink, SCALE)[180, 300]
