"""What the form does not print: marks that choose nothing clearly, seals, signatures."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from ocr.cutting.cut import View, make_view
from ocr.cutting.foreign import foreign_ink, reach_mm, trails
from ocr.fields.presence import look, presence_job
from ocr.imaging import keep_red
from ocr.layout import REFERENCE_DPI, Box, Mark, Option, Presence, PresenceField
from ocr.marks.loose_marks import loose_mark
from ocr.marks.options import read_options
from ocr.readings import ReadingReason
from tests.unit.ocr.pages import Sheet

WORDS = tuple(Box(40 + 16 * n, 60, 8.0, 7.0) for n in range(3))
TICKS = tuple(Box(40 + 14 * n, 90, 4.0, 4.0) for n in range(3))
SEAL = Box(150, 60, 13, 13)
FAINT, SEVERAL = ReadingReason.FAINT_MARK, ReadingReason.SEVERAL_MARKS


def printed(dpi: int) -> Sheet:
    sheet = Sheet(dpi)
    for box in WORDS:
        sheet.word(box)
    for box in TICKS:
        sheet.frame(box)
    sheet.word(SEAL)
    sheet.frame(Box(20, 50, 170, 30))
    return sheet


def page(draw: Callable[[Sheet], object] = lambda sheet: None, known: bool = True, dpi: int = 200) -> View:
    sheet = printed(dpi)
    draw(sheet)
    return make_view(sheet.image, sheet.scale, printed(int(REFERENCE_DPI)).image if known else None)


def arc(sheet: Sheet, x: float, y: float, rx: float, ry: float, start: int = 0, end: int = 360) -> None:
    centre, axes = (sheet.px(x), sheet.px(y)), (sheet.px(rx), sheet.px(ry))
    cv2.ellipse(sheet.image, centre, axes, 0, start, end, 30, max(1, sheet.px(0.4)))


def test_what_is_printed_is_not_foreign() -> None:
    empty = foreign_ink(page(), Box(30, 52, 150, 45))
    assert empty is not None and not empty.any()
    assert foreign_ink(page(known=False), WORDS[0]) is None
    (mark,) = trails(page(lambda s: s.stroke((70, 84), (78, 84))), Box(60, 80, 30, 8)) or ()
    assert (mark.box.x, mark.box.w, mark.size) == (pytest.approx(70, abs=0.5), pytest.approx(8, abs=1), mark.box.w)


@pytest.mark.parametrize(
    ("draw", "chosen", "reason"),
    [
        (lambda s: arc(s, 60, 63.5, 4.6, 3.4), 1, None),
        (lambda s: arc(s, 61.5, 63.5, 5.2, 3.6), 1, None),
        (lambda s: None, None, None),
        (lambda s: arc(s, 60, 63.5, 4.6, 3.4, 20, 195), 1, FAINT),
        (lambda s: s.stroke((57, 63), (59, 66), (63, 60.5)), 1, FAINT),
        (lambda s: arc(s, 68, 63.5, 13, 3.4), 1, SEVERAL),
        (lambda s: arc(s, 68, 63.5, 4.6, 3.4), 1, FAINT),
        (lambda s: arc(s, 68, 63.5, 4.6, 3.4), None, FAINT),
        (lambda s: s.image.__setitem__((slice(None), slice(s.px(66), s.px(66) + 2)), 40), 1, None),
    ],
    ids=["ring", "ring to one side", "nothing", "half", "tick", "two words", "between", "between, none", "streak"],
)
def test_a_ring_that_is_not_clearly_one_words(
    draw: Callable[[Sheet], object], chosen: int | None, reason: ReadingReason | None
) -> None:
    whole = () if reason is not None or chosen is None else (lambda s: arc(s, 60, 63.5, 4.6, 3.4),)

    def all_of_it(sheet: Sheet) -> None:
        for one in (draw, *whole):
            one(sheet)

    for dpi in (150, 300):
        assert loose_mark(page(all_of_it, dpi=dpi), WORDS, chosen, Mark.CIRCLE) is reason


def test_a_tick_beside_its_box_is_in_doubt() -> None:
    beside = page(lambda s: s.tick(Box(TICKS[1].x - 4.4, 90, 4, 4)))
    assert loose_mark(beside, TICKS, None, Mark.TICK) is FAINT
    assert loose_mark(page(), TICKS, None, Mark.TICK) is None
    assert loose_mark(page(lambda s: s.tick(TICKS[1])), TICKS, 1, Mark.TICK) is None


def test_options_give_the_reason_where_the_form_is_known() -> None:
    options = [Option(value, box) for value, box in zip("abc", TICKS, strict=True)]
    for known, reasons in ((True, (FAINT,)), (False, ())):
        view = page(lambda s: s.tick(Box(TICKS[1].x - 4.6, 90, 4, 4)), known)
        found = read_options(view, options, Mark.TICK)
        assert (found.value, found.reasons) == (None, reasons)


def seen(view: View, box: Box = SEAL, what: Presence = Presence.SEAL) -> tuple[bool, bool]:
    """Whether something is there, and whether that is clear."""
    there, confidence = look(view, box, what)
    return there, confidence > 0.9


def seal(sheet: Sheet) -> None:
    arc(sheet, 156.5, 66.5, 4.6, 4.6)
    for x in (154.5, 156.5, 158.5):
        sheet.stroke((x, 63.5), (x, 69.5))


@pytest.mark.parametrize(
    ("draw", "there", "sure"),
    [
        (seal, True, True),
        (lambda s: None, False, True),
        (lambda s: s.stroke((152, 62), (152.6, 62.3)), False, True),
        (lambda s: s.stroke((151, 62), (155, 62.5), (154, 64)), True, False),
        (lambda s: arc(s, 156.5, 66.5, 8.2, 8.2), True, False),
    ],
    ids=["seal", "the printed word alone", "dust", "too little", "a stamp around it"],
)
def test_a_seal_is_more_than_the_word_printed_there(draw: Callable[[Sheet], object], there: bool, sure: bool) -> None:
    assert seen(page(draw)) == (there, sure)


@pytest.mark.parametrize(("level", "there", "sure"), [(60, True, True), (180, True, False), (205, False, False)])
def test_a_seal_much_paler_than_the_print_may_shine_through_from_the_back(level: int, there: bool, sure: bool) -> None:
    plain, sealed = page().flat, page(seal).flat
    shown = np.where(sealed < plain, np.uint8(level), plain)
    view = make_view(shown, page().scale, page().reference)
    assert seen(view) == (there, sure)


def test_red_is_ink_where_a_seal_is_looked_for_and_lost_in_black_and_white() -> None:
    field = PresenceField("seal", SEAL, Presence.SEAL)
    colour = np.full((10, 10, 3), 255, np.uint8)
    colour[4] = (60, 50, 205)
    assert keep_red(colour)[4].max() < 100
    reading = presence_job(page(), field, black_white=True).finish((), ())
    assert (reading.value, reading.reasons) == ("false", (FAINT,))
    assert presence_job(page(), field).finish((), ()).reasons == ()
    assert presence_job(page(seal), field, black_white=True).finish((), ()).reasons == ()


def test_a_signature_is_more_than_a_stroke() -> None:
    place = Box(135, 58, 40, 14)

    def name(sheet: Sheet) -> None:
        name_in(sheet, place)

    assert seen(page(name), place, Presence.SIGNATURE) == (True, True)
    assert seen(page(), place, Presence.SIGNATURE) == (False, True)
    small = page(lambda sheet: sheet.word(Box(140, 62, 8, 3)))
    assert 0.9 < look(small, place, Presence.SIGNATURE)[1] < look(page(name), place, Presence.SIGNATURE)[1]


def stamp(sheet: Sheet) -> None:
    """A round office stamp of 24 mm across, whose letters stand in the place of the seal."""
    arc(sheet, 156, 70, 12, 12)
    for y in (62, 66, 72, 78):
        sheet.stroke((150, y), (162, y + 1))
    for x in (152, 156, 160):
        sheet.stroke((x, 60.5), (x, 79))


def name_in(sheet: Sheet, place: Box) -> None:
    for n in range(4):
        sheet.word(Box(place.x + 2 + 6 * n, place.y + 2, 6, 6))


def test_what_goes_on_far_beyond_a_place_is_a_stamp() -> None:
    def reach(draw: Callable[[Sheet], object], others: tuple[Box, ...] = ()) -> float:
        return reach_mm(page(draw), SEAL, others, 14.0, 1.6)

    assert reach(seal) < 0
    assert 7 < reach(stamp) < 10
    assert reach(lambda s: None) == 0.0
    assert reach_mm(page(stamp, known=False), SEAL, (), 14.0, 1.6) == 0.0

    def crossed(sheet: Sheet) -> None:
        seal(sheet)
        sheet.image[:, sheet.px(156)] = 40

    assert reach(crossed) <= 0
    beside = Box(130, 60, 19.9, 13)

    def overlapping(sheet: Sheet) -> None:
        seal(sheet)
        sheet.stroke((132, 66), (153, 67))
        sheet.stroke((135, 62), (135, 70))

    assert reach(overlapping) > 10 > 1 > reach(overlapping, (beside,))


def test_a_stamp_over_a_place_to_seal_is_left_to_a_person() -> None:
    field = PresenceField("seal", SEAL, Presence.SEAL)
    reading = presence_job(page(stamp), field).finish((), ())
    assert reading.value == "true" and ReadingReason.OUTSIDE_BOX in reading.reasons
    assert presence_job(page(seal), field).finish((), ()).reasons == ()


def test_a_signature_is_of_a_pen() -> None:
    place = Box(135, 58, 40, 14)
    field = PresenceField("signature", place, Presence.SIGNATURE)
    signed = page(lambda s: name_in(s, place))
    assert presence_job(signed, field, pen=signed).finish((), ()).reasons == ()
    reading = presence_job(signed, field, pen=page()).finish((), ())  # all of it was red
    assert (reading.value, reading.reasons) == ("false", (FAINT,))


def test_a_line_of_the_scanner_is_no_signature() -> None:
    place = Box(135, 58, 40, 14)
    streak = page(lambda s: s.image.__setitem__((slice(None), slice(s.px(150), s.px(150) + 4)), 40))
    assert look(streak, place, Presence.SIGNATURE)[1] < 0.9
