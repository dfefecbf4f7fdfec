"""What lies in a field and is no writing: streaks that a dirty scanner draws down the page, specks of dust."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.cutting.cut import WRITTEN_MM, Patch, View
from ocr.imaging import Mask

STREAK_MM = 0.4  # thickness of a streak at most; a pen is broader or its stroke shorter
BEYOND_MM = (1.0, 2.6)  # where above and below the field a streak is looked for
APART = 0.5  # heights of the writing beside it from which a speck belongs to no letter
MOST_SPECKS = 6  # more of them may be faint writing that fell to pieces

Stats = NDArray[np.int32]


def _components(ink: Mask) -> tuple[NDArray[np.int32], Stats]:
    """The label of each pixel, and of each label x, y, width, height and area; label 0 is paper."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    return np.asarray(labels, np.int32), np.asarray(stats, np.int32)


def without_streaks(view: View, patch: Patch) -> tuple[View, Patch]:
    """View and patch without the streaks that run down through the patch and go on above and below it."""
    labels, stats = _components(patch.ink)
    streaks = [n for n in range(1, len(stats)) if _may_be_streak(stats[n], patch) and _goes_on(view, patch, labels, n)]
    if not streaks:
        return view, patch
    ink = view.ink.copy()
    reach = round(2 * BEYOND_MM[1] * view.scale)
    for n in streaks:
        x, y, w, h, _ = (int(v) for v in stats[n])
        lean = max(2, round(w * reach / h))
        left = max(0, patch.x + x - lean)
        ink[max(0, patch.y + y - reach) : patch.y + y + h + reach, left : patch.x + x + w + lean] = False
    inside = patch.ink & ~np.isin(labels, streaks)
    height, width = inside.shape
    ink[patch.y : patch.y + height, patch.x : patch.x + width] = inside
    return replace(view, ink=ink), replace(patch, ink=inside)


def _may_be_streak(stat: NDArray[np.int32], patch: Patch) -> bool:
    _, _, w, h, area = (int(v) for v in stat)
    return h >= 0.9 * patch.ink.shape[0] and area <= STREAK_MM * patch.scale * h and w <= 0.12 * h + patch.scale


def _goes_on(view: View, patch: Patch, labels: NDArray[np.int32], label: int) -> bool:
    """Whether ink stands where the line would pass above and below the patch."""
    ys, xs = np.nonzero(labels == label)
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
    labels, stats = _components(patch.ink)
    longest = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    small = longest < WRITTEN_MM * patch.scale
    small[0] = False
    specks, written = np.flatnonzero(small), np.flatnonzero(~small)[1:]
    if not len(specks) or (not len(written) and len(specks) > MOST_SPECKS):
        return patch
    dust = specks[_apart(stats, specks, written)] if len(written) else specks
    return replace(patch, ink=patch.ink & ~np.isin(labels, dust)) if len(dust) else patch


def _apart(stats: Stats, specks: NDArray[np.int64], written: NDArray[np.int64]) -> Mask:
    """Which specks lie left or right of all writing, by more than letters lie apart."""
    left, right = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_LEFT] + stats[:, cv2.CC_STAT_WIDTH]
    gap = APART * float(stats[written, cv2.CC_STAT_HEIGHT].max())
    before = right[specks] < left[written].min() - gap
    return np.asarray(before | (left[specks] > right[written].max() + gap))
