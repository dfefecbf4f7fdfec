"""Writing that was taken back or rubbed out: lines and scrawls through it, pale traces, and what is none of them."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from ocr.cutting.cut import View, cut_box, make_view
from ocr.fields.doubts import row_doubts, with_doubts, without_common_traces
from ocr.fields.jobs import done
from ocr.layout import Box
from ocr.marks.overflow import runs_on
from ocr.marks.strikes import is_row_struck_out, is_struck_out
from ocr.marks.traces import is_erased
from ocr.readings import Reading, ReadingReason
from tests.unit.ocr.pages import Sheet

LINE = Box(30, 40, 90, 9)
CELLS = tuple(Box(30 + 6 * n, 80, 6, 8) for n in range(8))


def write(sheet: Sheet, count: int, at: Box = LINE, step: float = 4.5) -> tuple[float, float, float, float]:
    """Something like characters, 4 mm high; gives left, top, right and bottom."""
    rng = Random(count)
    left, top = at.x + 4, at.y + 2.5
    for n in range(count):
        x = left + step * n
        sheet.stroke((x, top + rng.uniform(0, 1)), (x + 3.2, top + 4 - rng.uniform(0, 1)))
        sheet.stroke((x + 0.2, top + 3.8), (x + 1.6, top + 0.2), (x + 3.2, top + 1))
    return left, top, left + step * (count - 1) + 3.2, top + 4


def strike(sheet: Sheet, how: str, place: tuple[float, float, float, float]) -> None:
    x0, y0, x1, y1 = place
    middle = (y0 + y1) / 2
    lines = {
        "single": [((x0 - 0.6, middle), (x1 + 0.8, middle + 0.3))],
        "double": [((x0 - 0.6, middle + dy), (x1 + 0.8, middle + dy)) for dy in (-0.6, 0.6)],
        "wavy": [tuple((x0 + (x1 - x0) * n / 20, middle + (0.5 if n % 2 else -0.5)) for n in range(21))],
        "scrawl": [tuple((x0 + (x1 - x0) * n / 24, y1 if n % 2 else y0) for n in range(25))],
        "cross": [((x0, y0), (x1, y1)), ((x0, y1), (x1, y0))],
    }
    for line in lines[how]:
        sheet.stroke(*line)


def view(sheet: Sheet) -> View:
    return make_view(sheet.image, sheet.scale)


@pytest.mark.parametrize(("count", "dpi"), [(2, 200), (5, 150), (12, 300)])
@pytest.mark.parametrize("how", ["single", "double", "wavy", "scrawl", "cross"])
def test_a_stroke_through_writing_takes_it_back(how: str, count: int, dpi: int) -> None:
    sheet = Sheet(dpi)
    sheet.frame(LINE)
    place = write(sheet, count)
    assert not is_struck_out(cut_box(view(sheet), LINE))
    strike(sheet, how, place)
    assert is_struck_out(cut_box(view(sheet), LINE))


def test_what_is_struck_out_beside_its_correction_is_seen() -> None:
    sheet = Sheet()
    strike(sheet, "double", write(sheet, 6))
    write(sheet, 6, Box(LINE.x + 40, LINE.y, 50, 9))
    assert is_struck_out(cut_box(view(sheet), LINE))


def test_a_crease_through_writing_is_no_stroke() -> None:
    sheet = Sheet()
    write(sheet, 8)
    row = sheet.px(LINE.y + 4.5)
    shade = sheet.image[row - 3 : row + 4].astype(np.float32) * 0.72
    sheet.image[row - 3 : row + 4] = shade.astype(np.uint8)
    assert not is_struck_out(cut_box(view(sheet), LINE))


def test_a_few_characters_that_touch_are_not_struck_out() -> None:
    sheet = Sheet()
    write(sheet, 9)
    write(sheet, 3, Box(LINE.x + 50, LINE.y, 30, 9), step=3.0)
    assert not is_struck_out(cut_box(view(sheet), LINE))


@pytest.mark.parametrize(("first", "last", "struck"), [(0, 7, True), (2, 4, True), (3, 3, False)])
def test_a_line_from_cell_to_cell_takes_the_row_back(first: int, last: int, struck: bool) -> None:
    sheet = Sheet()
    for cell in CELLS:
        sheet.frame(cell)
        sheet.stroke((cell.x + 1.5, cell.y + 2), (cell.x + 4.5, cell.y + 2), (cell.x + 2.5, cell.y + 6))
    assert not is_row_struck_out(view(sheet), CELLS)
    x0, x1 = CELLS[first].x + 0.4, CELLS[last].x + 5.6
    sheet.stroke((x0, 84.1), (x1, 84.4))
    assert is_row_struck_out(view(sheet), CELLS) is struck


def faded(sheet: Sheet, share: float) -> None:
    """All ink so far as what a rubber leaves of it."""
    sheet.image[:] = (255 - (255 - sheet.image.astype(np.float32)) * share).astype(np.uint8)


@pytest.mark.parametrize(("share", "erased"), [(0.2, True), (0.02, False)])
def test_pale_traces_beside_new_writing_were_rubbed_out(share: float, erased: bool) -> None:
    sheet = Sheet()
    write(sheet, 9, step=4.3)
    faded(sheet, share)
    sheet.frame(LINE)
    write(sheet, 5)
    assert is_erased(view(sheet), [LINE]) is erased


def test_a_shadow_across_the_page_is_no_trace() -> None:
    sheet = Sheet()
    sheet.frame(LINE)
    write(sheet, 5)
    sheet.image[:, sheet.px(70) : sheet.px(72)] = np.minimum(sheet.image[:, sheet.px(70) : sheet.px(72)], 225)
    assert not is_erased(view(sheet), [LINE])


def test_reasons_join_what_was_read_and_leave_a_blank_alone() -> None:
    sheet = Sheet()
    strike(sheet, "double", write(sheet, 8, Box(26, 79.5, 50, 8), step=6))
    page = view(sheet)
    read = Reading("a", "1", "1", 0.9, reasons=(ReadingReason.LOW_CONFIDENCE,))
    job = with_doubts(done(read), lambda: row_doubts(page, CELLS))
    assert job.finish((), ()).reasons == (ReadingReason.LOW_CONFIDENCE, ReadingReason.STRUCK_OUT)
    blank = with_doubts(done(Reading("a", None, "", 0.99)), lambda: row_doubts(page, CELLS))
    assert blank.finish((), ()).reasons == ()


@pytest.mark.parametrize(("marked", "kept"), [(2, 2), (3, 3), (5, 0)])
def test_traces_in_many_fields_of_a_page_were_not_rubbed_out(marked: int, kept: int) -> None:
    why = (ReadingReason.ERASED, ReadingReason.LOW_CONFIDENCE)
    readings = [Reading(str(n), "1", "1", 0.9, reasons=why if n < marked else ()) for n in range(20)]
    found = without_common_traces(readings)
    assert sum(ReadingReason.ERASED in one.reasons for one in found) == kept
    assert sum(ReadingReason.LOW_CONFIDENCE in one.reasons for one in found) == marked


def test_text_that_goes_on_behind_its_box_is_seen_where_the_form_is_known() -> None:
    for count, outside in ((4, False), (20, True)):
        sheet = Sheet()
        write(sheet, count, Box(LINE.x - 1.5, LINE.y, LINE.w, LINE.h))
        page = make_view(sheet.image, sheet.scale, Sheet(100).image)
        assert runs_on(page, LINE) is outside


@pytest.mark.parametrize(("width", "outside"), [(3.6, True), (0.0, False)], ids=["a letter", "a rule"])
def test_a_letter_as_high_as_its_row_goes_on_behind_the_box(width: float, outside: bool) -> None:
    edge, sheet = LINE.x + LINE.w, Sheet()
    sheet.stroke((edge - 4, 42), (edge - 1, 47))
    sheet.stroke((edge - 1, 42), (edge - 4, 47))
    for stroke in (((0, -1), (0, 10)), ((0, 4), (width, 5)), ((width, -1), (width, 10)))[: 3 if width else 1]:
        sheet.stroke(*((edge + 1.5 + x, LINE.y + y) for x, y in stroke))
    assert runs_on(make_view(sheet.image, sheet.scale, Sheet(100).image), LINE) is outside
