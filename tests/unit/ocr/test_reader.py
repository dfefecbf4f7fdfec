"""The reader with engines that read nothing, or always the same: cutting, blanks, reasons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from ocr.engine import Image, Logits, NullRecogniser, Recogniser
from ocr.imaging import turn
from ocr.layout import Box, CellsField, ChoiceField, Content, DateField, LineField, Mark, Option, TickField
from ocr.reader import UnregisteredPageError, read_field, read_page
from ocr.readings import Reading, ReadingReason
from tests.unit.ocr.pages import Sheet, layout


class Ones:
    """Reads a one wherever a picture has a dark column group."""

    alphabet = ("", *"0123456789")
    engine_id = "ones"

    def __init__(self) -> None:
        self.asked: list[Image] = []

    def logits(self, lines: Sequence[Image]) -> list[Logits]:
        self.asked += lines
        return [self._read(line) for line in lines]

    def _read(self, line: Image) -> Logits:
        dark = (line < 128).any(axis=0)
        matrix = np.full((len(dark), len(self.alphabet)), -20.0, np.float32)
        matrix[:, 0] = np.where(dark, -4.0, -0.01)
        matrix[:, 2] = np.where(dark, -0.02, -9.0)
        return matrix


def cells(x: float, y: float, count: int, size: float = 6.5) -> tuple[Box, ...]:
    return tuple(Box(x + size * i, y, size, 8.0) for i in range(count))


CODE = CellsField("code", cells(50, 50, 7), Content.DIGITS)
NAME = LineField("name", Box(50, 70, 100, 10), Content.NAME)
ERAS = tuple(Option(era, Box(50 + 8.5 * i, 90, 7.5, 8)) for i, era in enumerate("SHR"))
BORN = DateField("born", ERAS, Mark.CIRCLE, cells(80, 90, 2), cells(100, 90, 2), cells(120, 90, 2))
TICKS = tuple(Option(v, Box(50 + 14 * i, 112, 4, 4)) for i, v in enumerate(("yes", "no")))
CHOICE = ChoiceField("choice", TICKS, Mark.TICK)
CONSENT = TickField("consent", Box(50, 130, 5, 5))
PAGE = layout((CODE, NAME, BORN, CHOICE, CONSENT))


def empty(dpi: int = 200) -> Sheet:
    sheet = Sheet(dpi)
    for box in (*CODE.cells, *BORN.year, *BORN.month, *BORN.day, NAME.box, CONSENT.box):
        sheet.frame(box)
    for option in (*TICKS,):
        sheet.frame(option.box)
    for option in ERAS:
        sheet.word(option.box)
    return sheet


def by_name(readings: Sequence[Reading]) -> dict[str, Reading]:
    return {reading.name: reading for reading in readings}


@pytest.mark.parametrize("engine", [NullRecogniser(), Ones()])
def test_an_empty_form_asks_the_engine_nothing(engine: Recogniser) -> None:
    page = read_page(empty().image, PAGE, engine)
    found = by_name(page.readings)
    assert [reading.name for reading in page.readings] == ["code", "name", "born", "choice", "consent"]
    assert all(found[name].blank for name in ("code", "name", "born", "choice"))
    assert found["consent"].value == "false"
    assert not getattr(engine, "asked", [])
    assert found["code"].box_mm == Box(50, 50, 45.5, 8.0)


@pytest.mark.parametrize("turned", [0, 180])
def test_only_filled_cells_are_read_and_dates_must_exist(turned: int) -> None:
    sheet = empty()
    for box in (*CODE.cells[:5], BORN.year[1], BORN.month[0], BORN.month[1], BORN.day[1]):
        sheet.digit_one(box)
    sheet.ring(ERAS[1].box)
    sheet.tick(TICKS[1].box)
    page = read_page(turn(sheet.image, turned), PAGE, Ones())
    found = by_name(page.readings)
    assert page.rotation == turned
    assert page.registration_error_mm < 0.2
    assert found["code"].value == "11111"
    assert found["born"].value == "1989-11-01"
    assert found["choice"].value == "no"
    assert found["code"].confidence is not None and found["code"].confidence > 0.8
    x0, y0, x1, y1 = found["code"].box_px or (0, 0, 0, 0)
    scale = 200 / 25.4
    if not turned:
        assert (x0 / scale, y1 / scale) == pytest.approx((50, 58), abs=0.4)
    else:
        assert (x1 / scale, y0 / scale) == pytest.approx((160, 239), abs=0.4)


def test_a_date_without_an_era_is_not_a_date() -> None:
    sheet = empty()
    for box in (BORN.year[1], BORN.month[1], BORN.day[1]):
        sheet.digit_one(box)
    born = by_name(read_page(sheet.image, PAGE, Ones()).readings)["born"]
    assert (born.value, born.raw) == (None, "?01-01-01")
    assert ReadingReason.NOT_A_DATE in born.reasons


def test_ink_that_nothing_reads_is_not_blank() -> None:
    sheet = empty()
    sheet.digit_one(NAME.box)
    name = by_name(read_page(sheet.image, PAGE, NullRecogniser()).readings)["name"]
    assert name.value is None
    assert not name.blank
    assert ReadingReason.BAD_FORMAT in name.reasons


def test_a_page_without_markers_cannot_be_read() -> None:
    with pytest.raises(UnregisteredPageError):
        read_page(np.full((2339, 1654), 255, np.uint8), PAGE, NullRecogniser())


def test_a_single_row_of_cells_without_a_page() -> None:
    sheet = empty(300)
    for box in CODE.cells[1:]:
        sheet.digit_one(box)
    top, left = sheet.px(49.5), sheet.px(49.5)
    crop = sheet.image[top : sheet.px(58.5), left : sheet.px(96)]
    reading = read_field(crop, Content.DIGITS, Ones(), cells=7)
    assert reading.value == "111111"
    assert reading.box_mm is None
    assert read_field(np.full((60, 300), 255, np.uint8), Content.DIGITS, Ones()).blank
