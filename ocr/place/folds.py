"""Finding the line at which a folded sheet steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engine import Image
from ocr.place.bend import Bend, Floats, Fold, Moves, interpolation, outer_sum
from ocr.place.geometry import Matrix, Points, apply
from ocr.place.print_match import SCALE, Print, Small

EVERY_MM = 4.0  # lines tried
LEANS = (-0.03, 0.0, 0.03)
"""How far a fold leans off the page's edge, as a slope."""
LEAST_MM = 0.12
GAIN = 40.0
"""What a fold must explain, in squares of standard deviations."""
UNEVEN_MM = 0.06  # paper and printer; keeps a few sharp patches from deciding alone
REACH_MM = 9.0
"""How far off the line that the patches tell a fold is looked for."""
LEANS_NEAR = (-0.03, -0.025, -0.02, -0.015, -0.01, -0.005, 0.0, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03)
BLOCKS = 8
ALONG_MM = 0.5
SLACK = 12.0
CLEARLY = 0.992  # what a fold must leave of the disagreement at most; true folds left 0.91 to 0.988, false ones more


def find_fold(measured: Moves, kept: NDArray[np.bool_], prior: Floats, shape: tuple[int, int]) -> Fold | None:
    """The line beyond which the measured moves step most clearly, on top of a smooth bend; None when none does.

    kept: which of them [N] to believe. prior: the quadratic form that keeps a bend smooth.
    """
    lines, beyond = _lines(measured.points, (shape[1], shape[0]))
    nodes, shares = interpolation(measured.points, shape)
    dense = np.zeros((len(nodes), len(prior)))
    np.put_along_axis(dense, nodes, shares, axis=1)
    gains = np.zeros(len(lines))
    steps = np.zeros((len(lines), 2))
    for axis in range(2):
        weights = kept / (measured.sigmas[:, axis] ** 2 + UNEVEN_MM**2)
        inverse = np.linalg.inv(prior + outer_sum(nodes, shares, weights, len(prior)))
        weighted = weights[:, None] * beyond
        gathered = dense.T @ weighted
        own = np.sum(weighted, axis=0) - np.sum(gathered * (inverse @ gathered), axis=0)
        moves = measured.moves[:, axis]
        rest = moves - dense @ (inverse @ (dense.T @ (weights * moves)))
        told = weighted.T @ rest
        sure = own > 1.0 / LEAST_MM**2
        steps[sure, axis] = told[sure] / own[sure]
        gains[sure] += told[sure] ** 2 / own[sure]
    best = int(np.argmax(gains))
    if gains[best] < GAIN or float(np.hypot(*steps[best])) < LEAST_MM:
        return None
    a, b, c = (float(value) for value in lines[best])
    return Fold(a, b, c, (float(steps[best, 0]), float(steps[best, 1])))


def _lines(points: Floats, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Lines [n, 3] across and down the page, and which points lie beyond each [N, n]."""
    lines = _all_lines(*(float(np.ceil(points[:, axis].max() / 10) * 10) for axis in range(2)))
    return lines, np.asarray(points @ lines[:, :2].T > lines[:, 2], np.float64)


@lru_cache(maxsize=16)
def _all_lines(width_mm: float, height_mm: float) -> NDArray[np.float64]:
    lines = []
    for lean in LEANS:
        length = float(np.hypot(1.0, lean))
        a, b = lean / length, 1.0 / length
        for y in np.arange(20.0, height_mm - 10, EVERY_MM):
            lines.append((a, b, a * width_mm / 2 + b * float(y)))
        for x in np.arange(20.0, width_mm - 10, EVERY_MM):
            lines.append((b, a, b * float(x) + a * height_mm / 2))
    return np.array(lines)


def settle_fold(
    small: Small, matrix: Matrix, bend: Bend, plain: Sequence[Bend], known: Print, number: int
) -> Fold | None:
    """The fold of this number, moved and turned to where the print on its two sides parts: before it the picture agrees
    with the print without the step, beyond it with the step. None where one of `plain`, bends without this fold, agrees
    about as well."""
    fold = bend.folds[number]
    offsets = np.asarray(np.arange(-REACH_MM, REACH_MM, 1 / SCALE), np.float64)
    points = _strip(fold, offsets, known.picture)
    others = Bend(bend.grid, bend.folds[:number] + bend.folds[number + 1 :])
    base = points + others.at(points)
    shape = (len(offsets), len(points) // len(offsets))
    wanted = _standard(_sample(known.picture, points * SCALE, shape))
    before, after, *without = (
        np.abs(_standard(_sample(small.picture, apply(matrix, places) * small.share, shape)) - wanted)
        for places in (base, base + np.array(fold.move), *(points + one.at(points) for one in plain))
    )
    settled, gain = _split(fold, offsets, before - after)
    return settled if before.sum() - gain < CLEARLY * min(one.sum() for one in without) else None


def _strip(fold: Fold, offsets: Floats, picture: Image) -> Points:
    """Points along the fold [offsets x places], at the resolution of the reference."""
    along = np.arange(0.0, max(picture.shape) / SCALE, ALONG_MM)
    across = (fold.c + offsets)[:, None, None] * np.array([fold.a, fold.b])
    return np.asarray((across + along[None, :, None] * _direction(fold)).reshape(-1, 2), np.float64)


def _direction(fold: Fold) -> Points:
    return np.array([fold.b, -fold.a]) * (1.0 if fold.b >= fold.a else -1.0)


def _sample(picture: Image, places: Points, shape: tuple[int, int]) -> Floats:
    centres = (places - 0.5).astype(np.float32).reshape(*shape, 2)
    taken = cv2.remap(
        picture,
        centres,
        None,  # type: ignore[call-overload]
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=255,
    )
    return np.asarray(taken, np.float64)


def _standard(strip: Floats) -> Floats:
    return np.asarray((strip - strip.mean()) / max(float(strip.std()), 1.0), np.float64)


def _split(fold: Fold, offsets: Floats, gains: Floats) -> tuple[Fold, float]:
    """The best line, and how much better the print agrees with it than with no step at all.

    gains [offsets, places]: by how much the print agrees better with the step than without it.
    """
    blocks = np.array_split(np.arange(gains.shape[1]), BLOCKS)
    middles = np.array([block.mean() for block in blocks]) * ALONG_MM
    middle = float(middles.mean())
    # What is gained in each block when everything from row n on is beyond the fold.
    gained = np.stack([np.cumsum(gains[::-1, block].sum(axis=1))[::-1] for block in blocks], axis=1)
    best, found = 0.0, fold
    for lean in LEANS_NEAR:
        rows = np.arange(len(offsets))[:, None] + np.round(lean * (middles - middle) * SCALE).astype(np.int64)
        total = np.take_along_axis(gained, np.clip(rows, 0, len(offsets) - 1), axis=0).sum(axis=1)
        most = float(total.max())
        if most > best:
            near = np.flatnonzero(total > most - SLACK)
            best, found = most, _leaning(fold, float(offsets[near].mean()), lean, middle)
    return found, best


def _leaning(fold: Fold, offset: float, lean: float, middle: float) -> Fold:
    """The fold moved by `offset` and turned about its place `middle` millimetres along it."""
    normal, direction = np.array([fold.a, fold.b]), _direction(fold)
    place = normal * (fold.c + offset) + direction * middle
    turned = normal - direction * lean
    turned = turned / np.linalg.norm(turned)
    return replace(fold, a=float(turned[0]), b=float(turned[1]), c=float(turned @ place))
