"""Cutting written ink out of the upright page: frames trimmed, cells re-set as one line without rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

import cv2
import numpy as np

from ocr.engine import Image
from ocr.imaging import Mask, find_level, find_pieces, flatten_paper, ink_mask, shares, to_grey
from ocr.layout import Box

OUTER_MM = 0.6  # how far outside its printed place a rule may lie after registration
INNER_MM = 1.1  # and how far inside, its thickness included
RULE_SHARE = 0.55  # a row is a rule when more than this share of it is darker than the paper
RULE_DEPTH = 20  # by this many grey levels; pale printed frames are darker than paper by 40 and more
SPECK_MM2 = 0.05
WRITTEN_MM = 0.9  # ink smaller than this in both directions is no writing
GUIDE_MM = 0.7  # height of the dots or dashes of a guide line
PAPER = 255


@dataclass(frozen=True)
class View:
    """The upright page: paper brought to white, its ink, and pixels per millimetre.

    reference: the empty form, as `PageLayout.reference` has it. cuts: what `cut_box` cut from it, since several looks
    are taken at one box.
    """

    flat: Image
    ink: Mask
    scale: float
    reference: Image | None = None
    cuts: dict[Box, Patch] = field(default_factory=dict, init=False, repr=False)


@dataclass(frozen=True)
class Patch:
    """A part of a view without its frame; x, y is its top left in pixels of the view."""

    flat: Image
    ink: Mask
    scale: float
    x: int = 0
    y: int = 0

    @cached_property
    def extent(self) -> tuple[int, int, int, int]:
        """`ink_extent` of its ink."""
        return ink_extent(self.ink)


def make_view(upright: Image, scale: float, reference: Image | None = None) -> View:
    """The view of an upright grey or colour page of `scale` pixels per millimetre."""
    flat = flatten_paper(to_grey(upright))
    return View(flat, ink_mask(flat), scale, reference)


def cut_box(view: View, box: Box) -> Patch:
    """The inside of a printed box, cut just past its rules, without specks and rests of the frame."""
    if box not in view.cuts:
        view.cuts[box] = _cut_box(view, box)
    return view.cuts[box]


def _cut_box(view: View, box: Box) -> Patch:
    window = window_around(view, box)
    flat = window.flat
    if min(flat.shape) < 4:
        return window
    band, edge = round(frame_reach(box) * view.scale), round(OUTER_MM * view.scale)
    dark = flat < find_level(flat, 0.8) - RULE_DEPTH
    rows, columns = shares(dark, 1) > RULE_SHARE, shares(dark, 0) > RULE_SHARE
    return inside(window, [_past_rule(side, band, edge) for side in (rows, rows[::-1], columns, columns[::-1])])


def frame_reach(box: Box) -> float:
    """How far from OUTER_MM outside of a printed box its rules may reach inwards, in millimetres."""
    return OUTER_MM + min(INNER_MM, 0.25 * min(box.w, box.h))


def window_around(view: View, box: Box) -> Patch:
    """The box with what lies OUTER_MM around it."""
    x0, y0 = _px(box.x - OUTER_MM, view.scale), _px(box.y - OUTER_MM, view.scale)
    x1, y1 = _px(box.x + box.w + OUTER_MM, view.scale), _px(box.y + box.h + OUTER_MM, view.scale)
    return Patch(view.flat[y0:y1, x0:x1], view.ink[y0:y1, x0:x1], view.scale, x0, y0)


def inside(window: Patch, cuts: Sequence[int]) -> Patch:
    """The window without so many pixels at the top, bottom, left and right."""
    (top, bottom, left, right), (height, width) = cuts, window.ink.shape
    rows, columns = slice(top, max(top + 1, height - bottom)), slice(left, max(left + 1, width - right))
    ink = _without_rests(window.ink[rows, columns], window.scale)
    return Patch(window.flat[rows, columns], ink, window.scale, window.x + left, window.y + top)


def trim_picture(view: View) -> Patch:
    """A picture of one field without the frame at its sides, if it shows one; a tight crop stays whole."""
    flat, height = view.flat, view.flat.shape[0]
    paper = np.percentile(flat, 80) - RULE_DEPTH
    band = max(2, height // 6)
    rows = np.percentile(flat, 85, axis=1) < paper
    top, bottom = _past_rule(rows, band, -1), height - _past_rule(rows[::-1], band, -1)
    left, right = 0, flat.shape[1]
    if rows[:band].any() or rows[-band:].any():
        columns = np.percentile(flat, 85, axis=0) < paper
        left, right = _past_rule(columns, band, -1), right - _past_rule(columns[::-1], band, -1)
    ink = _without_rests(view.ink[top:bottom, left:right], view.scale)
    return Patch(flat[top:bottom, left:right], ink, view.scale, left, top)


def _px(mm: float, scale: float) -> int:
    return max(0, round(mm * scale))


def _past_rule(dark_rows: Mask, band: int, edge: int) -> int:
    """The first index past a rule near the start, or just inside the printed place when there is none."""
    (dark,) = dark_rows[:band].nonzero()
    past = int(dark[-1]) + 2 if len(dark) else edge + 1
    return min(max(past, edge), len(dark_rows) - 1)


def _without_rests(ink: Mask, scale: float) -> Mask:
    """The ink without specks and without slivers of a frame along the edges."""
    pieces = find_pieces(ink)
    if len(pieces.stats) == 1:
        return ink
    height, width = ink.shape
    thin = max(2.0, 0.45 * scale)
    x, y, w, h, area = pieces.stats.T
    sliver_x = ((x == 0) | (x + w == width)) & (w <= thin)
    sliver_y = ((y == 0) | (y + h == height)) & (h <= thin)
    keep = (area >= SPECK_MM2 * scale * scale) & ~sliver_x & ~sliver_y
    keep[0] = False
    return ink if keep[1:].all() else pieces.only(keep)


def without_guides(patch: Patch) -> Patch:
    """The patch without a dotted or thin guide line that is printed right across it between two lines."""
    ink, scale = patch.ink, patch.scale
    pieces = find_pieces(ink)
    flat = pieces.stats[:, cv2.CC_STAT_HEIGHT] <= max(3.0, GUIDE_MM * scale)
    flat[0] = False
    low = pieces.only(flat)
    reach = max(1, round(GUIDE_MM * scale / 2))
    thick = cv2.dilate(low.astype(np.uint8), np.ones((2 * reach + 1, 1), np.uint8))
    parts = np.array_split(thick, 24, axis=1)
    covered = np.mean([part.any(axis=1) for part in parts], axis=0)
    rows = np.flatnonzero(covered > 0.75)
    if not len(rows):
        return patch
    keep = ink.copy()
    keep[rows[0] : rows[-1] + 1] &= ~low[rows[0] : rows[-1] + 1]
    return replace(patch, ink=keep)


def is_written(patch: Patch) -> bool:
    """True when a patch holds a stroke, not only dust."""
    return glyph_size(patch) >= WRITTEN_MM * patch.scale


def glyph_size(patch: Patch) -> float:
    """The longer side of the ink of a cell, in pixels."""
    return float(max(patch.extent[2:]))


def ink_extent(ink: Mask) -> tuple[int, int, int, int]:
    """Left, top, width and height of what is inked; all nought where nothing is."""
    left, top, width, height = cv2.boundingRect(ink.view(np.uint8)) if ink.size else (0, 0, 0, 0)
    return left, top, width, height


def split_lines(patch: Patch, lines: int) -> list[Patch]:
    """The patch cut into lines of writing at the emptiest rows near the equal divisions."""
    if lines <= 1:
        return [patch]
    height = patch.ink.shape[0]
    rows = patch.ink.sum(axis=1)
    reach = height // (4 * lines)
    cuts = [0]
    for i in range(1, lines):
        middle = height * i // lines
        window = rows[middle - reach : middle + reach + 1]
        distance = np.abs(np.arange(len(window)) - reach)
        cuts.append(middle - reach + int(np.lexsort((distance, window))[0]))
    cuts.append(height)
    return [Patch(patch.flat[a:b], patch.ink[a:b], patch.scale, patch.x, patch.y + a) for a, b in pairwise(cuts)]


def line_picture(patch: Patch) -> Image | None:
    """The written part of a patch as one line with even margins, ready to be recognised; None when blank."""
    if not is_written(patch):
        return None
    left, top, width, height = patch.extent
    y0, y1 = _at_least(top, top + height, round(1.8 * patch.scale), patch.ink.shape[0])
    cleaned = np.where(_around(patch.ink), patch.flat, PAPER).astype(np.uint8)
    crop = cleaned[y0:y1, left : left + width]
    pad_y, pad_x = max(2, round(0.14 * (y1 - y0))), max(4, round(0.35 * (y1 - y0)))
    return np.asarray(cv2.copyMakeBorder(crop, pad_y, pad_y, pad_x, pad_x, cv2.BORDER_CONSTANT, value=PAPER), np.uint8)


def _at_least(low: int, high: int, length: int, limit: int) -> tuple[int, int]:
    """The range widened to `length` around its middle, kept within 0..limit."""
    missing = max(0, length - (high - low))
    return max(0, low - missing // 2), min(limit, high + missing - missing // 2)


def _around(ink: Mask) -> Mask:
    """The ink with the grey seam of its strokes; what lies farther out is paper, specks or frame."""
    return np.asarray(cv2.dilate(ink.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)


def set_as_line(cells: Sequence[Patch]) -> Image | None:
    """The glyphs of the written cells side by side on white with steady gaps, None when all are blank.

    Heights within the cells are kept, since they tell small kana from large ones.
    """
    written = [cell for cell in cells if is_written(cell)]
    if not written:
        return None
    height = max(cell.ink.shape[0] for cell in written)
    written = [_heightened(cell, height) for cell in written]
    rows = np.flatnonzero(np.any([cell.ink.any(axis=1) for cell in written], axis=0))
    y0, y1 = _at_least(int(rows[0]), int(rows[-1]) + 1, round(0.6 * height), height)
    gap = max(3, round(0.22 * (y1 - y0)))
    space = np.full((y1 - y0, gap), PAPER, np.uint8)
    pieces = [space]
    for cell in written:
        xs = np.flatnonzero(cell.ink.any(axis=0))
        glyph = np.where(_around(cell.ink), cell.flat, PAPER)[y0:y1, int(xs[0]) : int(xs[-1]) + 1]
        pieces += [glyph.astype(np.uint8), space]
    pad = max(2, round(0.14 * (y1 - y0)))
    line = cv2.copyMakeBorder(np.hstack(pieces), pad, pad, gap, gap, cv2.BORDER_CONSTANT, value=PAPER)
    return np.asarray(line, np.uint8)


def _heightened(cell: Patch, height: int) -> Patch:
    """The cell with so much paper below it."""
    below = height - len(cell.ink)
    if not below:
        return cell
    wide, ink = (below, cell.ink.shape[1]), np.zeros((height, cell.ink.shape[1]), np.bool_)
    ink[: len(cell.ink)] = cell.ink
    return replace(cell, flat=np.vstack([cell.flat, np.full(wide, PAPER, np.uint8)]), ink=ink)


def find_cells(view: View, count: int) -> list[Box]:
    """The printed cells of a picture of one row of `count` cells: between its rules, else equal parts."""
    height, width = view.ink.shape
    share = view.ink.mean(axis=0)
    expected = [width * i / count for i in range(count + 1)]
    reach = 0.3 * width / count
    edges = []
    for place in expected:
        low, high = max(0, int(place - reach)), min(width, int(place + reach) + 1)
        dark = np.flatnonzero(share[low:high] > 0.7) + low
        edges.append(float(dark[np.argmin(np.abs(dark - place))]) if len(dark) else place)
    return [Box(a / view.scale, 0.0, max(b - a, 1.0) / view.scale, height / view.scale) for a, b in pairwise(edges)]
