"""What stands on a page besides what its form prints: ink that is not on the picture of the empty page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from ocr.cutting.cut import View
from ocr.engine import Image
from ocr.imaging import Counts, Mask, Same, count_levels, find_level, level_at
from ocr.layout import REFERENCE_DPI, Box

PX_PER_MM = 6.0
DEPTH, NOISE = 16.0, 5.0  # levels below the paper, or deviations of its grain: a faint pencil is seen as well
PRINT_DEPTH = 30
OFF_MM = 0.5  # how far print may lie from where it should, its blur included
GAP_MM = 0.8  # what print hides of a stroke that crosses it
_LEAST_MM2 = 0.12
_LINE_MM = 1.2  # across
_ENTERED_MM2 = 0.6  # of a box: what has less ink in it stands beside it
_SHADE = 0.8  # of a box: its paper is at least this light


@dataclass(frozen=True)
class Trail:
    """Ink in one place that the form does not print: the box around it, and its area in square millimetres.

    depth: by how many grey levels its darkest tenth is darker than the paper.
    """

    box: Box
    area: float
    depth: float = 255.0

    @property
    def size(self) -> float:
        """The longer side, in millimetres."""
        return max(self.box.w, self.box.h)


def foreign_ink(view: View, box: Box) -> Mask | None:
    """True where the page has ink that the empty form has not, PX_PER_MM pixels a millimetre from the box's corner.

    None where there is no picture of the empty form.
    """
    return None if view.reference is None else _foreign(view, box)[0]


def _foreign(view: View, box: Box) -> tuple[Mask, Image, float]:
    """Where foreign ink is, the grey levels there, and the paper's."""
    hidden = hidden_print(view, box)
    here = _cut(view.flat, box, view.scale, hidden.shape[::-1])
    counts = count_levels(here)
    paper = level_at(counts, _SHADE)
    grain = 1.4826 * _deviation(counts, paper)
    depth = np.float32(paper) - here.astype(np.float32)
    return np.asarray((depth > max(DEPTH, NOISE * grain)) & ~hidden), here, paper


def _deviation(counts: Counts, paper: float) -> float:
    """The median distance from the paper's level of all pixels that are not much darker."""
    levels = np.arange(256)
    aside = np.abs(levels - paper)
    order = np.argsort(aside, kind="stable")
    upto = np.cumsum(np.where(levels > paper - DEPTH, counts, 0)[order])
    total = int(upto[-1])
    both = np.searchsorted(upto, [(total - 1) // 2, total // 2], side="right")
    return float(aside[order[both]].mean())


def hidden_print(view: View, box: Box) -> Mask:
    """True where the form prints something, or so near to it that ink cannot be told from it."""
    size = (max(1, round(box.w * PX_PER_MM)), max(1, round(box.h * PX_PER_MM)))
    return np.ones(size[::-1], np.bool_) if view.reference is None else _print_of(Same(view.reference), box, size)


@lru_cache(maxsize=512)  # a few dozen places of each form, of some ten thousand pixels
def _print_of(reference: Same, box: Box, size: tuple[int, int]) -> Mask:
    empty = _cut(reference.picture, box, REFERENCE_DPI / 25.4, size)
    printed = empty < find_level(empty, _SHADE) - PRINT_DEPTH
    reach = 2 * round(OFF_MM * PX_PER_MM) + 1
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return np.asarray(cv2.dilate(printed.astype(np.uint8), near) > 0)


def reach_mm(view: View, box: Box, others: Sequence[Box], most: float, gap: float) -> float:
    """How far the ink that stands in a box goes on outside of it, in millimetres, up to `most`; below 0.0 what ends
    inside. What is no farther apart than `gap` goes on.

    others: places where something else is written, which does not count. 0.0 without a picture of the empty form.
    """
    if view.reference is None:
        return 0.0
    region = Box(box.x - most, box.y - most, box.w + 2 * most, box.h + 2 * most)
    foreign, _, _ = _foreign(view, region)
    for other in others:
        foreign[_pixels(other, region)] = False
    within = _pixels(box, region)
    foreign &= ~_lines_to(foreign, within)
    width = 2 * round(gap * PX_PER_MM / 2) + 1
    near = cv2.dilate(foreign.astype(np.uint8), np.ones((width, width), np.uint8))
    count, labels = cv2.connectedComponents(near, connectivity=8)
    inside = np.bincount(labels[within][foreign[within]], minlength=count)
    ys, xs = np.nonzero(foreign & (inside[labels] >= _ENTERED_MM2 * PX_PER_MM**2))
    if not len(ys):
        return 0.0
    rows, columns = within
    ends = (rows.start - ys.min(), columns.start - xs.min(), ys.max() + 1 - rows.stop, xs.max() + 1 - columns.stop)
    return float(max(ends)) / PX_PER_MM


def _lines_to(foreign: Mask, box: tuple[slice, slice]) -> Mask:
    """What is thin and long outside of a box: creases, and lines of the scanner."""
    outside = foreign.astype(np.uint8)
    outside[box] = 0
    _, labels, stats, _ = cv2.connectedComponentsWithStats(outside, connectivity=8)
    across, along = np.sort(stats[:, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1], axis=1).T
    thin = (across <= _LINE_MM * PX_PER_MM) & (along >= 4 * across)
    thin[0] = False
    return np.asarray(thin[labels])


def _pixels(box: Box, region: Box) -> tuple[slice, slice]:
    """Rows and columns of a box in a mask of the region, as far as it lies there."""
    x0, y0, x1, y1 = (
        max(0, round(edge * PX_PER_MM))
        for edge in (box.x - region.x, box.y - region.y, box.x + box.w - region.x, box.y + box.h - region.y)
    )
    return slice(y0, y1), slice(x0, x1)


def trails(view: View, box: Box) -> list[Trail] | None:
    """Foreign ink in a box, what is near to each other together; None without a picture of the empty form."""
    if view.reference is None:
        return None
    foreign, here, paper = _foreign(view, box)
    reach = 2 * round(GAP_MM * PX_PER_MM / 2) + 1
    near = cv2.dilate(foreign.astype(np.uint8), np.ones((reach, reach), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    out = []
    for label, (x, y, w, h) in enumerate(stats[1:count, :4].tolist(), 1):
        rows, columns = slice(y, y + h), slice(x, x + w)
        ys, xs = np.nonzero(foreign[rows, columns] & (labels[rows, columns] == label))
        ys, xs = ys + y, xs + x
        area = len(ys) / PX_PER_MM**2
        if area >= _LEAST_MM2:
            x0, y0, x1, y1 = (value / PX_PER_MM for value in (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1))
            place = Box(box.x + float(x0), box.y + float(y0), float(x1 - x0), float(y1 - y0))
            out.append(Trail(place, area, paper - find_level(here[ys, xs], 0.1)))
    return out


def _cut(picture: Image, box: Box, scale: float, size: tuple[int, int]) -> Image:
    """A box of a picture of `scale` pixels a millimetre, at `size` pixels; white beyond its edges."""
    zoom = scale / PX_PER_MM
    matrix = np.array([[zoom, 0, box.x * scale], [0, zoom, box.y * scale]], np.float64)
    x0, y0 = max(0, int(box.x * scale) - 2), max(0, int(box.y * scale) - 2)
    x1, y1 = int((box.x + box.w) * scale) + 3, int((box.y + box.h) * scale) + 3
    part = picture[y0:y1, x0:x1]
    if not part.size:
        return np.full(size[::-1], 255, np.uint8)
    if zoom > 1:
        part = np.asarray(cv2.blur(part, (round(zoom), round(zoom))), np.uint8)
    matrix[:, 2] -= (x0, y0)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(part, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)
