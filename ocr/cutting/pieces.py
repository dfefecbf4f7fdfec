"""The ink of a place without cells in pieces, of which a digit has one or more, and how likely neighbours belong
together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.cutting.cut import PAPER, Patch, ink_extent, is_written
from ocr.engine import Image
from ocr.imaging import Mask, find_pieces, shares

SMALL = 0.3  # of the usual height of a digit: smaller ink is part of what it stands at, or dust
WIDE = 0.75  # of the usual height: wider ink may be two digits that touch
NEAR = 0.25  # of the usual height: how far from a digit small ink may stand to be part of it
STACKED = 0.7  # of the narrower of two strokes: standing so far above each other they are of one digit
ONE_STROKE, TOUCHING, APART = 0.5, 0.3, 0.02
"""How probable it is that two neighbouring pieces are of one digit: a stroke that was parted here, two that overlap
seen from above, two with a gap from top to bottom."""
MOST = 12  # a place with more pieces than this is a scrawl, and one piece
CELL_HEIGHT, CELL_WIDTH = 1.4, 1.2  # of the cell that digits are shown in, in usual heights
_LEFT, _WIDTH, _HEIGHT = cv2.CC_STAT_LEFT, cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT
Stats = NDArray[np.int32]


def usual_height(places: Sequence[Patch]) -> float:
    """The height of the larger strokes, in pixels; 1.0 without any."""
    heights = [height for place in places for height in find_pieces(place.ink).stats[1:, _HEIGHT].tolist()]
    large = [height for height in heights if height > 0.5 * max(heights)]
    return float(median(large)) if large else 1.0


def part(place: Patch, usual: float) -> list[Mask]:
    """The pieces of a place from left to right; none where nothing is written."""
    if not is_written(place):
        return []
    found = find_pieces(place.ink)
    owner = _owners(found.stats, usual)
    kept = sorted(set(owner.tolist()) - {0})
    pieces = [piece for n in kept for piece in _split(found.only(owner == n), usual)]
    return sorted(pieces, key=_middle) if len(pieces) <= MOST else [found.only(owner > 0)]


def _owners(stats: Stats, usual: float) -> NDArray[np.int64]:
    """For each component the one whose piece it belongs to, 0 for the paper and for dust."""
    owner = np.arange(len(stats))
    large = [n for n in owner[1:] if max(stats[n, _WIDTH], stats[n, _HEIGHT]) >= SMALL * usual]
    for n in sorted(set(owner[1:].tolist()) - set(large)):
        near = min(large, key=lambda one: _apart(stats[one], stats[n]), default=0)
        owner[n] = near if near and _apart(stats[near], stats[n]) < NEAR * usual else 0
    for a, b in combinations(sorted(large, key=lambda n: -int(stats[n, _WIDTH])), 2):
        if _stacked(stats[a], stats[b]) > STACKED:
            owner[owner == owner[b]] = owner[a]
    return owner


def _apart(a: Stats, b: Stats) -> float:
    """Pixels between two boxes, level."""
    return float(max(a[_LEFT] - (b[_LEFT] + b[_WIDTH]), b[_LEFT] - (a[_LEFT] + a[_WIDTH]), 0))


def _stacked(a: Stats, b: Stats) -> float:
    """How much of the narrower of two boxes stands above or below the other."""
    both = min(a[_LEFT] + a[_WIDTH], b[_LEFT] + b[_WIDTH]) - max(a[_LEFT], b[_LEFT])
    return float(both / max(1, min(a[_WIDTH], b[_WIDTH])))


def _middle(ink: Mask) -> float:
    return float(np.flatnonzero(shares(ink, 0)).mean())


def _split(ink: Mask, usual: float) -> list[Mask]:
    """A wide piece in two at its thinnest column, else as it is."""
    left, _, width, _ = ink_extent(ink)
    if width < max(4.0, WIDE * usual):
        return [ink]
    places = np.arange(left + width // 4, left + 3 * width // 4)
    aside = np.abs(places - (left + width / 2)) / width
    before = np.arange(ink.shape[1]) < places[(ink[:, places].sum(axis=0) + aside).argmin()]
    return [ink & before, ink & ~before]


def together(a: Mask, b: Mask) -> float:
    """How probable it is that a piece and the next are of one digit, by the gap between them alone."""
    left, _, width, _ = ink_extent(a)
    gap = ink_extent(b)[0] - left - width
    if gap == 0:
        return ONE_STROKE
    return APART if gap > 0 else TOUCHING


def as_cell(place: Patch, pieces: Sequence[Mask], usual: float) -> Patch:
    """Pieces as they would stand in a cell: as high as digits usually fill one, in its middle."""
    ink = np.asarray(np.logical_or.reduce(pieces) if len(pieces) > 1 else pieces[0])
    x, y, width, height = ink_extent(ink)
    top, bottom = _widened(y, y + height, round(CELL_HEIGHT * usual))
    left, right = _widened(x, x + width, round(CELL_WIDTH * usual))
    rows = slice(max(0, top), min(bottom, ink.shape[0]))
    columns = slice(max(0, left), min(right, ink.shape[1]))
    here = ink[rows, columns].view(np.uint8)
    mine = cv2.dilate(here, np.ones((3, 3), np.uint8)) > 0
    flat = np.where(mine, place.flat[rows, columns], np.uint8(PAPER))
    pads = (rows.start - top, bottom - rows.stop, columns.start - left, right - columns.stop)
    return Patch(_padded(flat, pads, PAPER), _padded(here, pads, 0).view(np.bool_), place.scale)


def _padded(picture: Image, pads: tuple[int, int, int, int], value: int) -> Image:
    """The picture with so many pixels of a value above, below, left and right."""
    return np.asarray(cv2.copyMakeBorder(picture, *pads, cv2.BORDER_CONSTANT, value=value), np.uint8)


def _widened(low: int, high: int, length: int) -> tuple[int, int]:
    """The range widened around its middle to at least this length."""
    missing = max(0, length - (high - low))
    return low - missing // 2, high + missing - missing // 2
