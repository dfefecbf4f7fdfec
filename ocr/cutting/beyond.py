"""Writing that runs out of its box, cut out whole: the strokes that stand partly in the box, and what goes on with them
on their line, without the rules between.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.cutting.cut import OUTER_MM, SPECK_MM2, Patch, View
from ocr.imaging import Mask
from ocr.layout import Box

ABOVE, BELOW = 0.35, 0.7  # heights of the box that are looked at above and below it
BEFORE_MM, BEHIND_MM = 1.0, 8.0
RULE_MM, RULE_THICK_MM = 12.0, 0.7  # a straight run so long is a rule, at most so thick
SIDE = 0.8  # of the box's height: as tall is its frame
OWN = 0.25  # of a stroke that stands in the box: less is the next row's
NEXT_MM = 2.0  # how far apart the letters of one text stand
_LINE = (0.25, 0.35)  # of a letter's height, that other letters of its line may stand higher, and lower
_LEFT, _TOP, _WIDTH, _HEIGHT, _AREA = range(5)
Stats = NDArray[np.int64]


def cut_beyond(view: View, box: Box) -> Patch | None:
    """The writing of a box with what of it stands outside; None where there is none."""
    scale = view.scale
    x0, y0 = max(0, round((box.x - BEFORE_MM) * scale)), max(0, round((box.y - ABOVE * box.h) * scale))
    x1, y1 = round((box.x + box.w + BEHIND_MM) * scale), round((box.y + (1 + BELOW) * box.h) * scale)
    ink = without_rules(view.ink[y0:y1, x0:x1], scale)
    _, labels, found, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    stats = np.asarray(found, np.int64)
    left, top, right, bottom = (
        max(0, round(edge * scale) - start)
        for edge, start in ((box.x, x0), (box.y, y0), (box.x + box.w, x0), (box.y + box.h, y0))
    )
    inside = np.bincount(labels[top:bottom, left:right].ravel(), minlength=len(stats))
    written = (stats[:, _AREA] >= SPECK_MM2 * scale * scale) & ~_is_side(stats, (left, right), bottom - top, scale)
    written[0] = False
    own = (inside >= OWN * stats[:, _AREA]) & written
    if not own.any():
        return None
    kept = _with_line(own, written, stats, NEXT_MM * scale)
    return Patch(view.flat[y0:y1, x0:x1], np.asarray(kept[labels]), scale, x0, y0)


def without_rules(ink: Mask, scale: float) -> Mask:
    """The ink without long straight lines; strokes that cross a level one are joined again."""
    near = cv2.dilate(ink.astype(np.uint8), np.ones((3, 3), np.uint8))
    length = max(3, round(RULE_MM * scale))
    shapes = ((1, length), (length, 1))
    rules = [cv2.morphologyEx(near, cv2.MORPH_OPEN, np.ones(shape, np.uint8)) > 0 for shape in shapes]
    left = ink & ~(rules[0] | rules[1])
    across = np.ones((max(3, round((RULE_THICK_MM + 0.2) * scale)), 1), np.uint8)
    joined = cv2.morphologyEx(left.astype(np.uint8), cv2.MORPH_CLOSE, across) > 0
    return np.asarray(left | (joined & ink))


def _is_side(stats: Stats, sides: tuple[int, int], height: int, scale: float) -> Mask:
    """Which pieces are the frame of the box at its left or right, too short to be taken for rules."""
    middle = stats[:, _LEFT] + stats[:, _WIDTH] / 2
    near = np.minimum(abs(middle - sides[0]), abs(middle - sides[1])) <= OUTER_MM * scale
    upright = (stats[:, _WIDTH] <= RULE_THICK_MM * scale) & (stats[:, _HEIGHT] >= SIDE * height)
    return np.asarray(near & upright)


def _with_line(own: Mask, candidates: Mask, stats: Stats, apart: float) -> Mask:
    """Which pieces belong: those of the box, and, from left to right, what stands beside them on their line."""
    of_box = stats[own]
    letters = of_box[of_box[:, _HEIGHT] >= 0.5 * np.percentile(of_box[:, _HEIGHT], 80)]
    usual = float(np.median(letters[:, _HEIGHT]))
    top = float(np.median(letters[:, _TOP])) - _LINE[0] * usual
    bottom = float(np.median(letters[:, _TOP] + letters[:, _HEIGHT])) + _LINE[1] * usual
    kept = own.copy()
    on_line = candidates & ~own & (stats[:, _TOP] >= top) & (stats[:, _TOP] + stats[:, _HEIGHT] <= bottom)
    for piece in sorted(np.flatnonzero(on_line), key=lambda one: int(stats[one, _LEFT])):
        start, end = int(stats[piece, _LEFT]), int(stats[piece, _LEFT] + stats[piece, _WIDTH])
        others = stats[kept]
        gaps = np.maximum(others[:, _LEFT] - end, start - others[:, _LEFT] - others[:, _WIDTH])
        kept[piece] = gaps.min() < apart
    return kept
