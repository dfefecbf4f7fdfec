"""Places to sign or to seal: whether anything stands there that the form does not print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ocr.cutting.cut import PAPER, View, cut_box, is_written
from ocr.cutting.foreign import Trail, reach_mm, trails
from ocr.fields.jobs import BLANK_CONFIDENCE, Job, done
from ocr.imaging import find_level
from ocr.layout import Box, Presence, PresenceField, around
from ocr.readings import Reading, ReadingReason

DPI = 150.0  # enough to see whether anything is there
AROUND_MM = 2.0  # people sign and seal past the edges
DIRT_MM, DIRT_MM2 = 3.0, 2.0  # what is smaller in both is nothing at all
LINE_MM = 1.5  # what is no wider is a crease, or a line of the scanner
PENNED, SHINING = 1 / 3, 1 / 4  # of the darkest print: as dark is ink for sure; paler may shine through from the back
_DARKEST = 0.001  # of the page: its darkest print
PLENTY = 2.0  # times what is enough, in length and in area: what is there by chance seldom is so large
BEYOND_MM = {Presence.SEAL: 3.5, Presence.SIGNATURE: 2.5}  # what goes on farther may be an office's stamp
_FAR_MM, _GAP_MM = 14.0, 1.6  # how far that is followed, and over which gaps between the parts of a stamp
_PLAIN, _SURE, _UNSURE = 0.998, 0.98, 0.6


@dataclass(frozen=True)
class Usual:
    """What is surely a seal or a signature: between these lengths in millimetres, of so many square millimetres."""

    shortest: float
    longest: float
    area: float


USUAL = {Presence.SEAL: Usual(5.0, 16.0, 8.0), Presence.SIGNATURE: Usual(6.0, 200.0, 4.0)}


def presence_job(
    view: View, field: PresenceField, black_white: bool = False, pen: View | None = None, others: Sequence[Box] = ()
) -> Job:
    """The job of such a place. view: with its red, where the scan has colours (`ocr.imaging.keep_red`).

    black_white: whether the scan is; a pale red seal leaves nothing there. pen: the page without its red, in which a
    signature is still seen and a stamp is not. others: where else on the page something is written.
    """
    there, confidence = look(view, field.box, field.what)
    if there and pen is not None and field.what is Presence.SIGNATURE and not look(pen, field.box, field.what)[0]:
        there, confidence = False, _UNSURE
    if not there and field.what is Presence.SEAL and black_white:
        confidence = _UNSURE
    faint = (ReadingReason.FAINT_MARK,) if confidence == _UNSURE else ()
    far = there and reach_mm(view, field.box, others, _FAR_MM, _GAP_MM) > BEYOND_MM[field.what]
    reasons = (*faint, *((ReadingReason.OUTSIDE_BOX,) if far else ()))
    return done(Reading(field.name, "true" if there else "false", "", confidence, field.box, reasons=reasons))


def look(view: View, box: Box, what: Presence) -> tuple[bool, float]:
    """Whether something stands in a place, and how sure that is; by any ink, where the empty form is not known."""
    wide = Box(box.x - AROUND_MM, box.y - AROUND_MM, box.w + 2 * AROUND_MM, box.h + 2 * AROUND_MM)
    found = trails(view, wide)
    if found is None:
        there = is_written(cut_box(view, box))
        return there, _SURE if there else BLANK_CONFIDENCE
    inside = [one for one in found if _middle_in(one, box)]
    area, (narrow, size) = sum(one.area for one in inside), _sides(inside)
    usual = USUAL[what]
    if size < DIRT_MM and area < DIRT_MM2:
        return False, BLANK_CONFIDENCE if _sides(found)[1] < usual.shortest else _UNSURE
    enough = narrow >= LINE_MM and size >= usual.shortest and area >= usual.area
    dark = max(inside, key=lambda one: one.area).depth / max(1.0, PAPER - find_level(view.flat, _DARKEST))
    there = dark >= SHINING and (enough or 2 * area >= usual.area)
    if not (there and enough and size <= usual.longest and dark >= PENNED):
        return there, _UNSURE
    return True, _PLAIN if size >= PLENTY * usual.shortest and area >= PLENTY * usual.area else _SURE


def _sides(found: list[Trail]) -> tuple[float, float]:
    """The shorter and the longer side of all together, in millimetres."""
    whole = around([one.box for one in found]) if found else Box(0, 0, 0, 0)
    return min(whole.w, whole.h), max(whole.w, whole.h)


def _middle_in(trail: Trail, box: Box) -> bool:
    x, y = trail.box.x + trail.box.w / 2, trail.box.y + trail.box.h / 2
    return box.x <= x <= box.x + box.w and box.y <= y <= box.y + box.h
