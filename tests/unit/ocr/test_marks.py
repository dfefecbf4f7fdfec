"""Ticks, circles and strokes, drawn and looked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ocr.cutting.cut import View, cut_box, is_written, make_view
from ocr.layout import Box, Mark, Option
from ocr.marks.options import read_options, tick_reading
from ocr.marks.overflow import overflows
from ocr.marks.strikes import is_struck_out
from ocr.readings import ReadingReason
from tests.unit.ocr.pages import Sheet

ERAS = tuple(Option(era, Box(50 + 8.5 * i, 70, 7.5, 8.0)) for i, era in enumerate("MTSHR"))
TICKS = tuple(Option(value, Box(50 + 14 * i, 100, 4.0, 4.0)) for i, value in enumerate("abc"))
LINE = Box(40, 120, 120, 9)


def view(draw: Callable[[Sheet], None], dpi: int = 200) -> View:
    sheet = Sheet(dpi)
    for option in ERAS:
        sheet.word(option.box)
    for option in TICKS:
        sheet.frame(option.box)
    sheet.frame(LINE)
    sheet.frame(Box(15, 69, 178, 10))
    draw(sheet)
    return make_view(sheet.image, sheet.scale)


@pytest.mark.parametrize("dpi", [200, 300])
@pytest.mark.parametrize(("size", "shift"), [(0.85, 0.0), (1.0, 0.5), (1.15, -0.6)])
@pytest.mark.parametrize("chosen", [0, 2, 4])
def test_the_circled_word_is_found(dpi: int, size: float, shift: float, chosen: int) -> None:
    found = read_options(view(lambda s: s.ring(ERAS[chosen].box, size, shift), dpi), ERAS, Mark.CIRCLE)
    assert (found.value, found.reasons) == (ERAS[chosen].value, ())
    assert found.confidence > 0.8


def test_words_alone_are_blank() -> None:
    found = read_options(view(lambda s: None), ERAS, Mark.CIRCLE)
    assert (found.value, found.raw) == (None, "")


def test_two_circles_are_no_choice() -> None:
    def draw(sheet: Sheet) -> None:
        sheet.ring(ERAS[1].box)
        sheet.ring(ERAS[3].box)

    found = read_options(view(draw), ERAS, Mark.CIRCLE)
    assert found.value is None
    assert found.reasons == (ReadingReason.SEVERAL_MARKS,)


def test_two_options_both_circled_are_no_choice() -> None:
    def draw(sheet: Sheet) -> None:
        sheet.ring(ERAS[0].box)
        sheet.ring(ERAS[1].box)

    assert read_options(view(draw), ERAS[:2], Mark.CIRCLE).reasons == (ReadingReason.SEVERAL_MARKS,)


def test_a_tick_among_boxes() -> None:
    found = read_options(view(lambda s: s.tick(TICKS[1].box)), TICKS, Mark.TICK)
    assert (found.value, found.reasons) == ("b", ())
    assert read_options(view(lambda s: None), TICKS, Mark.TICK).value is None


def test_two_ticks_are_no_choice() -> None:
    def draw(sheet: Sheet) -> None:
        sheet.tick(TICKS[0].box)
        sheet.tick(TICKS[2].box)

    assert read_options(view(draw), TICKS, Mark.TICK).reasons == (ReadingReason.SEVERAL_MARKS,)


def test_a_single_tick_box() -> None:
    assert tick_reading(view(lambda s: None), TICKS[0].box)[0] == "false"
    value, confidence, reasons = tick_reading(view(lambda s: s.tick(TICKS[0].box)), TICKS[0].box)
    assert (value, reasons) == ("true", ())
    assert confidence > 0.9


def test_a_dot_in_a_tick_box_is_faint() -> None:
    box = TICKS[0].box
    dot = ((box.x + 1.8, box.y + 2.0), (box.x + 2.2, box.y + 2.0))
    assert tick_reading(view(lambda s: s.stroke(*dot)), box)[2] == (ReadingReason.FAINT_MARK,)


def write(sheet: Sheet) -> None:
    for i in range(12):
        x = LINE.x + 5 + 4 * i
        sheet.stroke((x, LINE.y + 2.5), (x + 2.5, LINE.y + 6.5), (x, LINE.y + 6.5))


def test_a_double_line_takes_a_value_back() -> None:
    def struck(sheet: Sheet) -> None:
        write(sheet)
        for dy in (4.0, 5.2):
            sheet.stroke((LINE.x + 4, LINE.y + dy), (LINE.x + 55, LINE.y + dy + 0.3))

    assert is_struck_out(cut_box(view(struck), LINE))
    assert not is_struck_out(cut_box(view(write), LINE))


def test_writing_that_leaves_its_box() -> None:
    def outside(sheet: Sheet) -> None:
        write(sheet)
        sheet.stroke((LINE.x + 60, LINE.y + 5), (LINE.x + 61, LINE.y + 12), width=0.6)

    assert overflows(view(outside), LINE)
    assert not overflows(view(write), LINE)


@pytest.mark.parametrize("grey", [0, 60, 150])
@pytest.mark.parametrize("dpi", [200, 300])
def test_a_printed_cell_is_blank_until_a_one_is_written(grey: int, dpi: int) -> None:
    sheet = Sheet(dpi)
    empty, filled = Box(50, 150, 6.5, 7.8), Box(56.5, 150, 6.5, 7.8)
    sheet.frame(empty, grey)
    sheet.frame(filled, grey)
    sheet.digit_one(filled)
    page = make_view(sheet.image, sheet.scale)
    assert not is_written(cut_box(page, empty))
    assert is_written(cut_box(page, filled))
