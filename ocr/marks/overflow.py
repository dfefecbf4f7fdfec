"""Writing that leaves its box: strokes across its edges, and text that goes on behind it."""

from __future__ import annotations

import cv2
import numpy as np

from ocr.cutting.cut import View, cut_box
from ocr.cutting.foreign import trails
from ocr.imaging import Mask, shares
from ocr.layout import Box

_BESIDE = 0.3  # of a millimetre on either side that a stroke leaves ink in, digits that lean over the edge as well
_JOINED = 0.9  # of the way across an edge that a stroke leaves ink in; writing of the next row stops before it
_ROWS = (0.15, 0.85)  # of the box: what lies between is of its own line
_BEFORE_MM, _BEHIND_MM = 3.0, 6.0  # of its right edge: where writing is looked for
_LETTER_MM = 0.8  # lower than this is dirt or a dash
_ACROSS_MM = (1.2, 0.4, 4.0)  # a letter across the edge: so far inside at least, so far outside at least and at most
_LAST_MM, _GAP_MM = 2.4, 3.5  # a last letter so near to the edge, and the next one so near to it, are one text
_WHOLE, _RULE_MM = 0.97, 1.5  # of the rows that are looked at
_FULL_MM = 1.5  # height of a letter that is no dirt for sure


def overflows(view: View, box: Box) -> bool:
    """True when writing runs across the edge of its box: the same stroke stands on both sides of it."""
    scale = view.scale
    near, far = round(0.5 * scale), round(1.6 * scale)
    x0, y0 = round(box.x * scale), round(box.y * scale)
    x1, y1 = round((box.x + box.w) * scale), round((box.y + box.h) * scale)
    corner = round(1.2 * scale)
    if y0 < far or x0 < far or y1 + far >= view.ink.shape[0] or x1 + far >= view.ink.shape[1]:
        return False
    bands = (
        view.ink[y0 - far : y0 + far, x0 + corner : x1 - corner],
        view.ink[y1 - far : y1 + far, x0 + corner : x1 - corner][::-1],
        view.ink[y0 + corner : y1 - corner, x0 - far : x0 + far].T,
        view.ink[y0 + corner : y1 - corner, x1 - far : x1 + far].T[::-1],
    )
    return any(_crossing(band, near, far) >= 0.25 * scale for band in bands)


def _crossing(band: Mask, near: int, far: int) -> int:
    """Columns in which ink stands in the outer half and the inner half of a band around an edge, and all between."""
    outside = shares(band[: far - near], 0) > _BESIDE
    inside = shares(band[far + near :], 0) > _BESIDE
    between = cv2.dilate(band[far - near : far + near].astype(np.uint8), np.ones((1, 3), np.uint8))
    return int(np.count_nonzero(outside & inside & (shares(between.view(np.bool_), 0) > _JOINED)))


def runs_on(view: View, box: Box) -> bool:
    """True when text goes on behind the right edge of its box, where the empty form has nothing."""
    edge, top, height = box.x + box.w, box.y + _ROWS[0] * box.h, (_ROWS[1] - _ROWS[0]) * box.h
    if not _inked(view, edge - _BEFORE_MM, edge - 0.2, top, height):
        return False
    found = trails(view, Box(edge - _BEFORE_MM, top, _BEFORE_MM + _BEHIND_MM, height)) or []
    letters = [one.box for one in found if one.box.h >= _LETTER_MM and not _is_rule(one.box, height)]
    inside, outside, farthest = _ACROSS_MM
    if any(one.x <= edge - inside and outside <= one.x + one.w - edge <= farthest for one in letters):
        return True
    last = _last_letter(view, box) if letters else None
    return last is not None and any(0 < one.x - edge <= _GAP_MM - last and one.h > _FULL_MM for one in letters)


def _is_rule(box: Box, height: float) -> bool:
    """Whether ink goes all the way down and is no wider than a rule or a scanner's line; a letter of a low row is."""
    return box.h >= _WHOLE * height and box.w < _RULE_MM


def _inked(view: View, left: float, right: float, top: float, height: float) -> bool:
    rows, columns = (
        slice(max(0, round(low * view.scale)), max(0, round(high * view.scale)))
        for low, high in ((top, top + height), (left, right))
    )
    return bool(view.ink[rows, columns].any())


def _last_letter(view: View, box: Box) -> float | None:
    """How far before the right edge the last letter ends, in millimetres; None where it is not near, or is dirt."""
    patch = cut_box(view, box)
    count, _, stats, _ = cv2.connectedComponentsWithStats(patch.ink.astype(np.uint8), connectivity=8)
    if count < 2:
        return None
    x, _, w, h, _ = max(stats[1:].tolist(), key=lambda one: one[0] + one[2])
    gap = box.x + box.w - (patch.x + x + w) / view.scale
    letter = h > _FULL_MM * view.scale and w > _LETTER_MM * view.scale
    return gap if letter and 0.2 < gap < _LAST_MM else None
