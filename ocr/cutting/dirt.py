"""What lies in a field and is no writing: streaks that a dirty scanner draws down the page, specks of dust."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.cutting.cut import WRITTEN_MM, Patch, View, ink_extent
from ocr.imaging import Mask, Pieces, find_pieces

STREAK_MM = 0.4  # thickness of a streak at most; a pen is broader or its stroke shorter
BEYOND_MM = (1.0, 2.6)  # where above and below the field a streak is looked for
HIGH = 0.9  # of the field, that a streak takes at least
APART = 0.5  # heights of the writing beside it from which a speck belongs to no letter
LETTER, CLOSE_MM = 3, 0.6  # so many specks, no farther apart, dust seldom leaves
MOST_SPECKS = 6  # more of them may be faint writing that fell to pieces

Stats = NDArray[np.int32]


def without_streaks(view: View, patch: Patch) -> tuple[View, Patch]:
    """View and patch without the streaks that run down through the patch and go on above and below it."""
    if ink_extent(patch.ink)[3] < HIGH * len(patch.ink):
        return view, patch
    pieces = find_pieces(patch.ink)
    stats, maybe = pieces.stats, np.flatnonzero(pieces.stats[:, cv2.CC_STAT_HEIGHT] >= HIGH * len(patch.ink)).tolist()
    streaks = [n for n in maybe if n and _is_thin(stats[n], patch) and _goes_on(view, patch, pieces, n)]
    if not streaks:
        return view, patch
    ink = view.ink.copy()
    reach = round(2 * BEYOND_MM[1] * view.scale)
    for n in streaks:
        x, y, w, h, _ = (int(v) for v in stats[n])
        lean = max(2, round(w * reach / h))
        left = max(0, patch.x + x - lean)
        ink[max(0, patch.y + y - reach) : patch.y + y + h + reach, left : patch.x + x + w + lean] = False
    inside = patch.ink & ~pieces.only(np.isin(np.arange(len(stats)), streaks))
    height, width = inside.shape
    ink[patch.y : patch.y + height, patch.x : patch.x + width] = inside
    return replace(view, ink=ink), replace(patch, ink=inside)


def _is_thin(stat: NDArray[np.int32], patch: Patch) -> bool:
    _, _, w, h, area = (int(v) for v in stat)
    return area <= STREAK_MM * patch.scale * h and w <= 0.12 * h + patch.scale


def _goes_on(view: View, patch: Patch, pieces: Pieces, number: int) -> bool:
    """Whether ink stands where the line would pass above and below the patch."""
    ys, xs = np.nonzero(pieces.only(np.arange(len(pieces.stats)) == number))
    slope, start = np.polyfit(ys, xs, 1)
    near, far = (round(mm * view.scale) for mm in BEYOND_MM)
    height = patch.ink.shape[0]
    above, below = np.arange(-far, -near), np.arange(height + near, height + far)
    return all(_share(view, patch, rows, start + slope * rows) > 0.7 for rows in (above, below))


def _share(view: View, patch: Patch, rows: NDArray[np.int64], columns: NDArray[np.float64]) -> float:
    """How much of these places of the patch, which may lie outside it, is ink; 1.0 off the page."""
    y, x = rows + patch.y, np.round(columns).astype(int) + patch.x
    on = (y >= 0) & (y < view.ink.shape[0]) & (x >= 1) & (x < view.ink.shape[1] - 1)
    if not on.any():
        return 1.0
    y, x = y[on], x[on]
    return float(np.mean(view.ink[y, x - 1] | view.ink[y, x] | view.ink[y, x + 1]))


def without_specks(patch: Patch) -> Patch:
    """The patch without dust: what is too small to be writing and stands apart from all writing, at its sides."""
    pieces = find_pieces(patch.ink)
    stats = pieces.stats
    longest = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    small = longest < WRITTEN_MM * patch.scale
    small[0] = False
    specks, written = np.flatnonzero(small), np.flatnonzero(~small)[1:]
    if not len(specks) or (not len(written) and len(specks) > MOST_SPECKS):
        return patch
    dust = specks[_apart(stats, specks, written)] if len(written) else specks
    dust = dust[~_together(stats, dust, patch.scale)]
    if not len(dust):
        return patch
    kept = np.ones(len(stats), np.bool_)
    kept[[0, *dust.tolist()]] = False
    return replace(patch, ink=pieces.only(kept))


def _apart(stats: Stats, specks: NDArray[np.int64], written: NDArray[np.int64]) -> Mask:
    """Which specks lie left or right of all writing, by more than letters lie apart."""
    left, right = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_LEFT] + stats[:, cv2.CC_STAT_WIDTH]
    gap = APART * float(stats[written, cv2.CC_STAT_HEIGHT].max())
    before = right[specks] < left[written].min() - gap
    return np.asarray(before | (left[specks] > right[written].max() + gap))


def _together(stats: Stats, specks: NDArray[np.int64], scale: float) -> Mask:
    """Which specks are strokes of one small letter, as of ミ: at least LETTER of them, each close to another."""
    if len(specks) < LETTER:
        return np.zeros(len(specks), np.bool_)
    low = stats[specks, :2].astype(np.int64)
    high = low + stats[specks, 2:4]
    between = np.maximum(low[:, None], low[None]) - np.minimum(high[:, None], high[None])
    near = between.max(axis=2) <= CLOSE_MM * scale
    for _ in range(len(specks).bit_length()):  # what is close to what is close belongs together as well
        near = near @ near
    return np.asarray(near.sum(axis=1) >= LETTER)
