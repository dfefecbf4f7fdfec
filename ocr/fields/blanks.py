"""Fields that were read as blank although something may have been written there: a pale pen, or a scan in black and
white that left nothing, or specks, of one.

Blank is accepted whatever the threshold, so writing taken for none is the one mistake that nobody would look at. The
form's own print tells nothing here: black print stays whole where a pencil is gone altogether. Specks do, as far as
they are more than the dust beside the fields, and so does a form on which hardly anything was written at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from ocr.cutting.cut import WRITTEN_MM, View
from ocr.imaging import Mask
from ocr.layout import (
    REFERENCE_DPI,
    Box,
    CellsField,
    DateField,
    Field,
    LineField,
    PageLayout,
    PresenceField,
    boxes_of,
)
from ocr.readings import Reading, ReadingReason

INSIDE_MM = 0.8  # of the box: its frame and what blurs around it lie outside
SPECKS = 3  # dust seldom leaves as many in one field
DUSTY = 3.0  # times as many as the dust beside the fields would leave
PALE_FIELDS = 3  # so many such fields, and the other blank ones of the page are in doubt as well
HARDLY, FEWEST_FIELDS = 0.06, 5  # the share of a form's fields, of at least so many, that is hardly anything
UNREAD, FEWEST_READ = 1.0, 5  # the mean evidence of a page's readings, of at least so many, that is next to none
_PER_MM = REFERENCE_DPI / 25.4
_PRINT, _PRINT_MM = 250, 1.2  # levels of the reference that are no paper, and how near to them dust is not counted
_BESIDE_MM, _MARGIN_MM = 3.0, 8.0  # of a field, where writing goes on, and of the page, with its holes and shadows


def doubt_pale(view: View, layout: PageLayout, readings: Sequence[Reading], black_white: bool = False) -> list[Reading]:
    """The readings, those blank ones PALE of which nobody can say that nothing was written. In the order of the fields.

    These are fields strewn with specks; all blank ones of a page with several of these; and all of a black and white
    scan on which hardly anything is written.
    """
    specks = [_specks(view, _boxes(field)) for field in layout.fields]
    many = [_is_empty(one) and count >= SPECKS for one, (count, _) in zip(readings, specks, strict=True)]
    dust = _dust(view, layout) if any(many) else 0.0
    strewn = [flag and count >= DUSTY * dust * area for flag, (count, area) in zip(many, specks, strict=True)]
    page = sum(strewn) >= PALE_FIELDS or (black_white and _hardly_written(layout, readings))
    return [
        replace(one, reasons=(*one.reasons, ReadingReason.PALE)) if flag or (page and _is_empty(one)) else one
        for one, flag in zip(readings, strewn, strict=True)
    ]


def doubt_unread(readings: Sequence[Reading]) -> list[Reading]:
    """The readings, those blank ones PALE on a page of which hardly anything could be read: where what was read cannot
    be believed, neither can what was not."""
    known = [one.signs.page for one in readings if one.signs is not None and one.signs.page is not None]
    if len(known) < FEWEST_READ or sum(known) / len(known) >= UNREAD:
        return list(readings)
    pale = ReadingReason.PALE
    return [
        replace(one, reasons=(*one.reasons, pale)) if _is_empty(one) and pale not in one.reasons else one
        for one in readings
    ]


def _is_empty(reading: Reading) -> bool:
    """Whether nothing is said to be there, no mark either."""
    return reading.raw == "" and reading.value in (None, "false")


def _hardly_written(layout: PageLayout, readings: Sequence[Reading]) -> bool:
    """Whether next to none of the fields holds anything; seals and signatures may be a stamp's."""
    asked = [one for field, one in zip(layout.fields, readings, strict=True) if not isinstance(field, PresenceField)]
    written = sum(not _is_empty(one) for one in asked)
    return len(asked) >= FEWEST_FIELDS and written <= max(1.0, HARDLY * len(asked))


def _boxes(field: Field) -> tuple[Box, ...]:
    """Where a field is written in; marks have their own measure of faintness."""
    if isinstance(field, LineField):
        return (field.box,)
    if isinstance(field, CellsField):
        return field.cells
    return (*field.year, *field.month, *field.day) if isinstance(field, DateField) else ()


def _specks(view: View, boxes: Sequence[Box]) -> tuple[int, float]:
    """How many pieces of ink lie inside the boxes, and the boxes' area in square millimetres."""
    count, area = 0, 0.0
    for box in boxes:
        edges = (box.x + INSIDE_MM, box.y + INSIDE_MM, box.x + box.w - INSIDE_MM, box.y + box.h - INSIDE_MM)
        x0, y0, x1, y1 = (max(0, round(edge * view.scale)) for edge in edges)
        ink = view.ink[y0:y1, x0:x1].astype(np.uint8)
        area += ink.size / view.scale**2
        if ink.any():
            count += cv2.connectedComponents(ink, connectivity=8)[0] - 1
    return count, area


def _dust(view: View, layout: PageLayout) -> float:
    """Specks to a square millimetre of bare paper; 0.0 where the empty form is not known."""
    bare = _bare(layout)
    if bare is None or not bare.any():
        return 0.0
    wide = cv2.resize(bare.astype(np.uint8), view.ink.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    # Outlines are found several times as fast as areas are; those of holes have another outline around them.
    outlines, parents, *_ = cv2.findContours((view.ink & wide).view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    outer = [one for one, place in zip(outlines, parents[0], strict=True) if place[3] < 0] if len(outlines) else []
    specks = sum(max(cv2.boundingRect(one)[2:]) < WRITTEN_MM * view.scale for one in outer)
    return specks / (int(bare.sum()) / _PER_MM**2)


def _bare(layout: PageLayout) -> Mask | None:
    """True where the form prints nothing and nothing is to be written, at REFERENCE_DPI."""
    if layout.reference is None:
        return None
    reach = 2 * round(_PRINT_MM * _PER_MM) + 1
    printed = (layout.reference < _PRINT).astype(np.uint8)
    bare = np.asarray(cv2.dilate(printed, np.ones((reach, reach), np.uint8)) == 0)
    for box in (*layout.changing, *(box for field in layout.fields for box in boxes_of(field))):
        near, far = (box.x - _BESIDE_MM, box.y - _BESIDE_MM), (box.x + box.w + _BESIDE_MM, box.y + box.h + _BESIDE_MM)
        x0, y0, x1, y1 = (max(0, round(edge * _PER_MM)) for edge in (*near, *far))
        bare[y0:y1, x0:x1] = False
    margin = round(_MARGIN_MM * _PER_MM)
    bare[:margin], bare[-margin:], bare[:, :margin], bare[:, -margin:] = False, False, False, False
    return bare
