"""Where each patch of print lies in a page that is nearly upright and flat already."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ocr.engine import Image
from ocr.place.bend import Bend, Floats, Moves
from ocr.place.geometry import Matrix
from ocr.place.print_match import SCALE, Patch, Print, Small, shrink
from ocr.place.warping import warp

LIKE = 0.45
"""How much of the variation of a patch must be the print's, as a correlation."""
GRAIN_PX = 9.0  # pixels that tell the same thing, by blur and by the width of strokes
FLOOR_PX = 0.1
CEILING_PX = 12.0


def measure(
    small: Small, matrix: Matrix, bend: Bend | None, known: Print, reach_mm: float, every: int = 1, half: bool = False
) -> Moves:
    """How far each patch of print (or every second, third...) lies off from where the map puts it.

    The moves are whole ones, those of `bend` included. reach_mm: how far off it is looked for. half: at half the
    resolution, four times as fast and half as exact.
    """
    zoom = 0.5 if half else 1.0
    reference, picture = (known.half, shrink(small.picture, zoom)) if half else (known.picture, small.picture)
    scale, share = SCALE * zoom, small.share * zoom
    view = warp(picture, np.diag([share, share, 1.0]) @ matrix, bend, (reference.shape[1], reference.shape[0]), scale)
    reach = max(2, round(reach_mm * scale))
    padded = cv2.copyMakeBorder(view, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=255)
    soft = np.asarray(cv2.GaussianBlur(padded, (0, 0), 0.7), np.uint8)
    patches = [_zoomed(patch, zoom) for patch in known.patches[::every]]
    rows = _placed([one for patch in patches if (one := _locate(soft, reference, patch, reach)) is not None]) / scale
    tried = np.array([(patch.x + patch.w / 2, patch.y + patch.h / 2) for patch in patches]).reshape(-1, 2) / scale
    points, moves = rows[:, 0:2], rows[:, 2:4]
    if bend is not None:
        moves = moves + bend.at(points + moves)
    return Moves(points, moves, rows[:, 4:6], tried)


def _zoomed(patch: Patch, zoom: float) -> Patch:
    return patch if zoom == 1.0 else Patch(*(int(side * zoom) for side in (patch.x, patch.y, patch.w, patch.h)))


def _locate(padded: Image, reference: Image, patch: Patch, reach: int) -> tuple[float, ...] | None:
    """The patch's middle, how far off it lies in whole pixels, its likeness there and beside it (left, right, above,
    below), and its pixels; None where it is not found."""
    template = reference[patch.y : patch.y + patch.h, patch.x : patch.x + patch.w]
    window = padded[patch.y : patch.y + patch.h + 2 * reach, patch.x : patch.x + patch.w + 2 * reach]
    like = cv2.matchTemplate(window, template, cv2.TM_CCOEFF_NORMED)
    y, x = divmod(int(like.argmax()), like.shape[1])
    best = float(like[y, x])
    if best < LIKE or not (0 < x < like.shape[1] - 1 and 0 < y < like.shape[0] - 1):
        return None
    beside = (like[y, x - 1], like[y, x + 1], like[y - 1, x], like[y + 1, x])
    return patch.x + patch.w / 2, patch.y + patch.h / 2, x - reach, y - reach, best, *beside, patch.w * patch.h


def _placed(found: Sequence[tuple[float, ...]]) -> Floats:
    """For each patch its middle, how far off it lies, and the deviations of that [N, 6], all in pixels."""
    rows = np.array(found, np.float64).reshape(-1, 10)
    best, pixels = rows[:, 4], rows[:, 9]
    moves, sigmas = zip(*(_peaks(rows[:, n], best, rows[:, n + 1], pixels) for n in (5, 7)), strict=True)
    return np.column_stack([rows[:, 0:2], rows[:, 2:4] + np.column_stack(moves), *sigmas])


def _peaks(before: Floats, best: Floats, after: Floats, pixels: Floats) -> tuple[Floats, Floats]:
    """Where between the pixels the likeness is greatest, and the standard deviation of that, in pixels."""
    sharpness = 2 * best - before - after
    flat = sharpness <= 1e-6
    sharpness = np.where(flat, 1.0, sharpness)
    noise = (1.0 - best**2) / (sharpness * best * pixels / GRAIN_PX)
    sigmas = np.clip(np.hypot(FLOOR_PX, np.sqrt(np.maximum(noise, 0.0))), 0.0, CEILING_PX)
    return np.where(flat, 0.0, 0.5 * (after - before) / sharpness), np.where(flat, CEILING_PX, sigmas)
