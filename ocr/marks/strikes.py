"""Writing that was taken back: a line, two lines, or a scrawl through it.

A stroke through several characters makes one piece of what else are several: so the ink that hangs together is looked
at, whatever the stroke's shape. A row of cells is looked at for level strokes that run from cell to cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

from ocr.cutting.cut import Patch, View, cut_box
from ocr.engine import Image
from ocr.imaging import Mask
from ocr.layout import Box, around

PX_PER_MM = 6.0  # strokes are looked for at this resolution: what a scan of 150 dpi has
JOINED = 3.4  # heights of the writing: neither a character is so wide nor often are several that touch
WHOLE, SHORT = 0.9, 1.4  # the share of a short word that hangs together, and the heights it is wide at least
TWO = 2.2  # heights: two characters may touch, but none of their strokes runs through both
WRITTEN_MM = 2.0  # lower ink that hangs together is a hair or a dash
PALE = 0.5  # of the writing's darkness: paler than this is a crease or a shadow
CELLS, MANY_CELLS = 2.3, 3.2  # cells that a stroke through a row of them runs through at least, straight or not
MOST = 0.85  # of a shorter row
_STROKE_MM = 4.0
_SLOPES = (-0.12, -0.09, -0.06, -0.03, 0.0, 0.03, 0.06, 0.09, 0.12)
_INKED = 70  # of 255: the share of a small pixel that makes it ink
_TOP = 0.22  # of two characters' height: two of them may both have a level stroke there, and touch
_EDGE = 0.27  # of a row's height: what runs along its edges is its frame, or strokes of 7 or オ that meet


def is_struck_out(patch: Patch) -> bool:
    """True when characters that should stand apart hang together by a stroke or a scrawl through them."""
    small = _small(patch.ink, patch.scale)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(small, connectivity=8)
    if count < 2:
        return False
    tall = np.sort(stats[1:, cv2.CC_STAT_HEIGHT])[::-1]
    height = float(tall[: max(1, len(tall) // 3)].mean())
    columns = np.flatnonzero(small.any(axis=0))
    widest = 1 + int(stats[1:, cv2.CC_STAT_WIDTH].argmax())
    width = int(stats[widest, cv2.CC_STAT_WIDTH])
    whole = width >= WHOLE * (columns[-1] - columns[0] + 1) and height >= WRITTEN_MM * PX_PER_MM
    if width < (SHORT if whole else JOINED) * height or not _is_penned(patch, labels == widest):
        return False
    top, tallest = (int(stats[widest, place]) for place in (cv2.CC_STAT_TOP, cv2.CC_STAT_HEIGHT))
    inner = _level(small)[top + round(_TOP * tallest) : top + round((1 - _TOP) * tallest)]
    return width >= TWO * height or _widest(inner) >= WHOLE * width


def is_row_struck_out(view: View, cells: Sequence[Box]) -> bool:
    """True when a level stroke runs through several cells of a row; what is struck out in one is no character."""
    patch = cut_box(view, around(cells))
    small = _small(patch.ink, patch.scale)
    pitch, height = min(cell.w for cell in cells) * PX_PER_MM, len(small)
    least = min(CELLS, MOST * len(cells)) * pitch
    if _widest(_thickened(small)) < least - 2:  # by so many pixels a stroke may come out longer below
        return False
    count, labels, stats, _ = cv2.connectedComponentsWithStats(_level(small), connectivity=8)
    for label in range(1, count):
        x, y, w, h = (int(v) for v in stats[label, :4])
        part = np.asarray(labels == label)
        inside = _EDGE * height <= y + h / 2 <= (1 - _EDGE) * height
        long = w >= MANY_CELLS * pitch or (w >= least and _is_straight(part[:, x : x + w], least))
        if inside and long and _is_penned(patch, part):
            return True
    return False


def _widest(strokes: Image) -> int:
    """How wide the widest stroke is, in small pixels."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    return int(stats[1:, cv2.CC_STAT_WIDTH].max()) if count > 1 else 0


def _is_straight(stroke: Mask, length: float) -> bool:
    """Whether a straight line of this length finds room in a stroke."""
    picture = stroke.astype(np.uint8)
    return any(bool(cv2.erode(picture, _line(slope, round(length))).any()) for slope in _SLOPES)


def _is_penned(patch: Patch, part: Mask) -> bool:
    """Whether a part of the ink is as dark as the rest; a crease and its shadow are paler. part: in small pixels."""
    height, width = patch.ink.shape
    mask = cv2.resize(part.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
    depth = np.where(mask, 255 - patch.flat, 0).max(axis=0)
    usual = 255.0 - float(np.percentile(patch.flat[patch.ink], 10))
    return bool(depth.any()) and float(np.percentile(depth[depth > 0], 25)) >= PALE * usual


def _thickened(small: Image) -> Image:
    """The ink a little thicker, so that strokes do not break off where they rise."""
    return np.asarray(cv2.dilate(small, np.ones((3, 2), np.uint8)), np.uint8)


def _level(small: Image) -> Image:
    """The strokes that run nearly level for at least _STROKE_MM."""
    thick = _thickened(small)
    out, length = np.zeros_like(small), round(_STROKE_MM * PX_PER_MM)
    for slope in _SLOPES:
        out |= np.asarray(cv2.morphologyEx(thick, cv2.MORPH_OPEN, _line(slope, length)), np.uint8)
    return out


@cache
def _line(slope: float, length: int) -> Image:
    rows = np.round(np.arange(length) * slope).astype(int)
    rows -= rows.min()
    kernel = np.zeros((int(rows.max()) + 1, length), np.uint8)
    kernel[rows, np.arange(length)] = 1
    return kernel


def _small(ink: Mask, scale: float) -> Image:
    """1 where there is ink, PX_PER_MM pixels a millimetre."""
    if not ink.size:
        return np.zeros((1, 1), np.uint8)
    zoom = PX_PER_MM / scale
    grey = cv2.resize(ink.astype(np.uint8) * 255, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    return np.asarray(grey > _INKED, np.uint8)
