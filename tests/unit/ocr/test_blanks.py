"""Fields read as blank although their ink fell to specks."""

from __future__ import annotations

import numpy as np

from ocr.cutting.cut import make_view
from ocr.fields.blanks import UNREAD, doubt_pale, doubt_unread
from ocr.layout import REFERENCE_DPI, Box, Content, LineField, PageLayout, TickField
from ocr.readings import Reading, ReadingReason
from ocr.signs import Signs

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


def layout(reference: np.ndarray | None = None) -> PageLayout:
    return PageLayout("form", 1, 80.0, 70.0, (), tuple(FIELDS), reference)


def pale(picture: np.ndarray, blank: bool = True, reference: np.ndarray | None = None) -> list[bool]:
    readings = [Reading(field.name, None if blank else "王", "" if blank else "王", 0.99) for field in FIELDS]
    found = doubt_pale(make_view(picture, SCALE), layout(reference), readings)
    return [ReadingReason.PALE in one.reasons for one in found]


def test_a_blank_field_strewn_with_specks_is_doubted() -> None:
    assert pale(page(0, 1, 3, 2, 0)) == [False, False, True, False, False]


def test_on_a_page_of_such_fields_every_blank_one_is_doubted() -> None:
    assert pale(page(3, 4, 3, 1, 0)) == [True] * 5


def test_what_was_read_is_not_doubted_for_specks() -> None:
    assert pale(page(3, 4, 3, 1, 0), blank=False) == [False] * 5


def test_dust_that_lies_beside_the_fields_as_well_is_no_writing() -> None:
    picture, empty = (
        page(3, 4, 3, 1, 0),
        np.full((round(70 * REFERENCE_DPI / 25.4), round(80 * REFERENCE_DPI / 25.4)), 255, np.uint8),
    )
    assert all(pale(picture, reference=empty))
    for n in range(40):
        x, y = round((10 + 1.5 * n) * SCALE), round((8.6 if n % 2 else 61.5) * SCALE)
        picture[y : y + 3, x : x + 3] = 0
    assert pale(picture, reference=empty) == [False] * 5


def hardly_written(written: int = 0, black_white: bool = True) -> int:
    """How many of 20 fields, and then a tick, are doubted, where so many hold something."""
    fields = [LineField(f"f{n}", Box(10, 10, 5, 5), Content.TEXT) for n in range(20)]
    tick = TickField("tick", Box(1, 1, 3, 3))
    readings = [
        Reading(field.name, "王" if n < written else None, "王" if n < written else "", 0.99)
        for n, field in enumerate(fields)
    ]
    readings.append(Reading("tick", "false", "", 0.99))
    page = PageLayout("form", 1, 80.0, 70.0, (), (*fields, tick))
    blank = make_view(np.full((560, 640), 255, np.uint8), SCALE)
    return sum(ReadingReason.PALE in one.reasons for one in doubt_pale(blank, page, readings, black_white))


def test_a_black_and_white_scan_of_a_form_on_which_nothing_stands_may_have_lost_it_all() -> None:
    assert hardly_written() == 21
    assert hardly_written(1) == 20
    assert hardly_written(3) == 0


def test_a_grey_scan_of_an_empty_form_shows_that_it_is_empty() -> None:
    assert hardly_written(black_white=False) == 0


def test_nothing_is_surely_blank_on_a_page_that_could_not_be_read() -> None:
    def page_of(evidence: float, count: int = 6) -> list[bool]:
        signs = Signs("text line", "line", 0.5, 1, page=evidence)
        read = [Reading(f"r{n}", "王", "王", 0.5, signs=signs) for n in range(count)]
        found = doubt_unread([*read, Reading("b", None, "", 0.99)])
        assert found[:count] == read
        return [ReadingReason.PALE in one.reasons for one in found[count:]]

    assert page_of(UNREAD - 0.1) == [True] and page_of(UNREAD + 0.1) == [False]
    assert page_of(UNREAD - 0.1, count=2) == [False], "two readings tell nothing of a page"
