"""Traces of writing that was rubbed out or painted over: too pale for ink, too dark for paper."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

import cv2
import numpy as np

from ocr.cutting.cut import View
from ocr.engine import Image
from ocr.imaging import Mask, count_levels, find_pieces, level_at, middle_level
from ocr.layout import Box

PX_PER_MM = 6.0
LEVELS = 8.0  # below the paper; noise of the scanner may ask for more
NOISE = 4.0  # deviations of the paper's own grain
LEAST_MM2, LEAST_IN_CELLS_MM2 = 3.0, 0.6  # more of them finds its way beside new writing on a line than in a cell
_INKED = 20  # of 255: the share of a small pixel that makes it ink
_SEAM_PX = 3  # around ink: blur and the compression of pictures darken the paper there
_INSIDE_MM = 0.6  # of the box: its frame and what blurs around it lie outside
_SMALLEST_PX = 5  # area, and the longer side: smaller spots are dirt
_PALEST = 0.4  # of the writing's darkness: darker than this is the writing's own, pressed less
_DARK = 90.0  # levels below the paper: of paler writing, traces cannot be told


def is_erased(view: View, boxes: Sequence[Box]) -> bool:
    """True where pale traces of strokes stand beside the writing. boxes: one free line, or the cells of a row.

    A black and white scan shows none.
    """
    area = sum(traces_mm2(view, box) for box in boxes)
    return area >= (LEAST_MM2 if len(boxes) == 1 else LEAST_IN_CELLS_MM2)


def traces_mm2(view: View, box: Box) -> float:
    """The area of pale strokes in a box, in square millimetres; creases and shadows, which go on outside, are none."""
    small, ink, seams = _small(view, box)
    if min(small.shape) < 2 * _SMALLEST_PX:
        return 0.0
    free = ~seams
    counts, written = count_levels(small, free), count_levels(small, ink)
    if counts.sum() < 100:
        return 0.0
    paper = middle_level(counts)
    darkest = (paper - level_at(written, 0.2)) if written.any() else 255.0
    if darkest < _DARK:
        return 0.0
    lighter = np.where(np.arange(256) >= paper, counts, 0)
    grain = 1.4826 * (middle_level(lighter) - paper) if lighter.any() else 0.0
    low, high = floor(paper - _PALEST * darkest) + 1, ceil(paper - max(LEVELS, NOISE * grain)) - 1
    pale = cv2.inRange(small, max(0, low), high).view(np.bool_) & free if high >= 0 else np.zeros_like(free)
    height, width = pale.shape
    area = 0
    for x, y, w, h, size in find_pieces(pale).stats[1:].tolist():
        at_edge = x == 0 or y == 0 or x + w == width or y + h == height
        if not at_edge and size >= _SMALLEST_PX and max(w, h) >= _SMALLEST_PX:
            area += size
    return area / PX_PER_MM**2


def _small(view: View, box: Box) -> tuple[Image, Mask, Mask]:
    """The inside of a box, PX_PER_MM pixels a millimetre, where its ink is, and that with its seams."""
    edges = (box.x + _INSIDE_MM, box.y + _INSIDE_MM, box.x + box.w - _INSIDE_MM, box.y + box.h - _INSIDE_MM)
    x0, y0, x1, y1 = (max(0, round(edge * view.scale)) for edge in edges)
    flat, ink = view.flat[y0:y1, x0:x1], view.ink[y0:y1, x0:x1]
    if not flat.size:
        return np.zeros((0, 0), np.uint8), np.zeros((0, 0), np.bool_), np.zeros((0, 0), np.bool_)
    zoom = PX_PER_MM / view.scale
    small = np.asarray(cv2.resize(flat, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA), np.uint8)
    inked = cv2.resize(ink.astype(np.uint8) * 255, small.shape[::-1], interpolation=cv2.INTER_AREA) > _INKED
    seam = np.ones((2 * _SEAM_PX + 1, 2 * _SEAM_PX + 1), np.uint8)
    return small, np.asarray(inked), np.asarray(cv2.dilate(inked.astype(np.uint8), seam) > 0)
