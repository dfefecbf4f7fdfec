"""Marks that choose nothing clearly, told by the ink that the form does not print: between two words, around both,
half a ring, a tick where a ring is asked for, or beside its box.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ocr.cutting.cut import View
from ocr.cutting.foreign import PX_PER_MM, Trail, foreign_ink, hidden_print, trails
from ocr.imaging import Mask
from ocr.layout import Box, Mark, around
from ocr.readings import ReadingReason

AROUND_MM = {Mark.CIRCLE: (2.0, 0.5), Mark.TICK: (1.3, 1.3)}  # beside and above the options
LEAST_MM = {Mark.CIRCLE: 1.4, Mark.TICK: 1.2}  # a shorter trail is dirt
OFF = 0.4  # of the way to the next option: a ring with its middle farther off stands between them
OPEN = 7  # of DIRECTIONS in a row: a ring that is open so wide is none
DIRECTIONS = 24
_THROUGH, _THIN_MM = 0.95, 0.8
_SEEN = 0.6  # of the ring's width in a direction
_RING = (0.55, 0.7, 1.25)  # of the ellipse in a word's box: where ink, and where a ring, is looked for


def loose_mark(view: View, boxes: Sequence[Box], chosen: int | None, mark: Mark) -> ReadingReason | None:
    """Why what was chosen among these options is in doubt; None where it is not, or the empty form is not known.

    chosen: its place among the boxes, None for no option.
    """
    beside, above = AROUND_MM[mark]
    whole = around(boxes)
    region = Box(whole.x - beside, whole.y - above, whole.w + 2 * beside, whole.h + 2 * above)
    found = [one for one in trails(view, region) or () if one.size >= LEAST_MM[mark] and not _runs_through(one, region)]
    if chosen is None:
        return ReadingReason.FAINT_MARK if found else None
    if mark is Mark.TICK:
        others = [box for place, box in enumerate(boxes) if place != chosen]
        return ReadingReason.FAINT_MARK if any(_meet(one.box, box) for one in found for box in others) else None
    return _loose_ring(view, boxes, chosen, found)


def _runs_through(trail: Trail, region: Box) -> bool:
    """Whether a trail is a crease or a line of the scanner, which come from outside and go on there."""
    across = trail.box.w > _THROUGH * region.w
    return across or (trail.box.h > _THROUGH * region.h and trail.box.w < _THIN_MM)


def _loose_ring(view: View, boxes: Sequence[Box], chosen: int, found: Sequence[Trail]) -> ReadingReason | None:
    box = boxes[chosen]
    own = [one.box for one in found if one.box.x < box.x + box.w and box.x < one.box.x + one.box.w]
    if not own:
        return None
    ring, middles = around(own), [one.x + one.w / 2 for one in boxes]
    others = [middle for place, middle in enumerate(middles) if place != chosen]
    if any(ring.x < middle < ring.x + ring.w for middle in others):
        return ReadingReason.SEVERAL_MARKS
    step = min((abs(middle - middles[chosen]) for middle in others), default=np.inf)
    far = abs(ring.x + ring.w / 2 - middles[chosen]) > OFF * step
    return ReadingReason.FAINT_MARK if far or _opening(view, box) >= OPEN else None


def _opening(view: View, box: Box) -> int:
    """In how many directions in a row there is no ink around a word; those where print would hide it do not count."""
    region = Box(box.x - 3, box.y - 0.5, box.w + 6, box.h + 1)
    foreign = foreign_ink(view, region)
    if foreign is None:
        return 0
    ys, xs = np.mgrid[0 : foreign.shape[0], 0 : foreign.shape[1]]
    across = (region.x + xs / PX_PER_MM - box.x - box.w / 2) / (box.w / 2)
    down = (region.y + ys / PX_PER_MM - box.y - box.h / 2) / (box.h / 2)
    radius = np.hypot(across, down)
    ways = np.floor((np.arctan2(down, across) / (2 * np.pi) + 0.5) * DIRECTIONS).astype(int) % DIRECTIONS
    ring = (radius > _RING[1]) & (radius < _RING[2])
    inked = set(ways[foreign & (radius > _RING[0])].tolist())
    seen = _share(~hidden_print(view, region), ring, ways)
    return _longest([way not in inked for way in range(DIRECTIONS) if way in inked or seen[way] > _SEEN])


def _share(flags: Mask, within: Mask, ways: NDArray[np.int64]) -> list[float]:
    """The share of each way, within a part of the picture, that is flagged; 0.0 of none."""
    total = np.bincount(ways[within], minlength=DIRECTIONS)
    flagged = np.bincount(ways[within & flags], minlength=DIRECTIONS)
    return list((flagged / np.maximum(total, 1)).tolist())


def _longest(flags: Sequence[bool]) -> int:
    """The longest run of set flags around a circle."""
    run = best = 0
    for flag in (*flags, *flags):
        run = run + 1 if flag else 0
        best = max(best, run)
    return min(best, len(flags))


def _meet(a: Box, b: Box) -> bool:
    return a.x < b.x + b.w and b.x < a.x + a.w and a.y < b.y + b.h and b.y < a.y + a.h
