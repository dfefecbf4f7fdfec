"""A field that was read as blank although its ink fell to specks: a pale pen, or a black and white scan of one.

Blank is accepted whatever the threshold, so writing taken for none is the one mistake that nobody would look at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from ocr.cutting.cut import View
from ocr.layout import Box, CellsField, DateField, Field, LineField
from ocr.readings import Reading, ReadingReason

INSIDE_MM = 0.8  # of the box: its frame and what blurs around it lie outside
SPECKS = 3  # dust seldom leaves as many in one field
PALE_FIELDS = 3  # so many such fields on a page, and less is enough in the others
LEAST_MM2 = 0.05


def doubt_pale(view: View, fields: Sequence[Field], readings: Sequence[Reading]) -> list[Reading]:
    """The readings, those blank ones PALE whose boxes are strewn with specks. In the order of the fields.

    On a page with several of these, some ink of any shape is enough. Marks have their own measure of faintness.
    """
    found = [
        _specks(view, _boxes(field)) if one.blank else (0, 0.0) for field, one in zip(fields, readings, strict=True)
    ]
    strewn = [count >= SPECKS for count, _ in found]
    pale_page = sum(strewn) >= PALE_FIELDS
    return [
        replace(one, reasons=(*one.reasons, ReadingReason.PALE)) if many or (pale_page and area >= LEAST_MM2) else one
        for one, many, (_, area) in zip(readings, strewn, found, strict=True)
    ]


def _boxes(field: Field) -> tuple[Box, ...]:
    if isinstance(field, LineField):
        return (field.box,)
    if isinstance(field, CellsField):
        return field.cells
    return (*field.year, *field.month, *field.day) if isinstance(field, DateField) else ()


def _specks(view: View, boxes: Sequence[Box]) -> tuple[int, float]:
    """How many pieces of ink lie inside the boxes, and their area in square millimetres."""
    count, area = 0, 0
    for box in boxes:
        edges = (box.x + INSIDE_MM, box.y + INSIDE_MM, box.x + box.w - INSIDE_MM, box.y + box.h - INSIDE_MM)
        x0, y0, x1, y1 = (max(0, round(edge * view.scale)) for edge in edges)
        ink = view.ink[y0:y1, x0:x1].astype(np.uint8)
        if ink.any():
            count += cv2.connectedComponents(ink, connectivity=8)[0] - 1
            area += int(ink.sum())
    return count, area / view.scale**2
