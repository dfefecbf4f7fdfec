"""Fields read as blank although their ink fell to specks."""

from __future__ import annotations

import numpy as np

from ocr.cutting.cut import make_view
from ocr.fields.blanks import doubt_pale
from ocr.layout import Box, Content, LineField
from ocr.readings import Reading, ReadingReason

SCALE = 8.0
FIELDS = [LineField(f"f{n}", Box(10, 10 + 10 * n, 60, 8), Content.TEXT) for n in range(5)]


def page(*specks: int) -> np.ndarray:
    """A white page whose fields hold so many specks each, of a quarter of a millimetre."""
    picture = np.full((int(70 * SCALE), int(80 * SCALE)), 255, np.uint8)
    for field, count in zip(FIELDS, specks, strict=True):
        for n in range(count):
            x, y = round((field.box.x + 5 + 6 * n) * SCALE), round((field.box.y + 4) * SCALE)
            picture[y : y + 3, x : x + 3] = 0
    return picture


def pale(picture: np.ndarray, blank: bool = True) -> list[bool]:
    readings = [Reading(field.name, None if blank else "王", "" if blank else "王", 0.99) for field in FIELDS]
    found = doubt_pale(make_view(picture, SCALE), FIELDS, readings)
    return [ReadingReason.PALE in one.reasons for one in found]


def test_a_blank_field_strewn_with_specks_is_doubted() -> None:
    assert pale(page(0, 1, 3, 2, 0)) == [False, False, True, False, False]


def test_on_a_page_of_such_fields_one_speck_is_enough() -> None:
    assert pale(page(3, 4, 3, 1, 0)) == [True, True, True, True, False]


def test_what_was_read_is_not_doubted_for_specks() -> None:
    assert pale(page(3, 4, 3, 1, 0), blank=False) == [False] * 5
