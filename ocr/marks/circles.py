"""Circles drawn around printed words: a smooth ring is looked for between a word and its neighbours."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.cutting.cut import View
from ocr.imaging import Mask
from ocr.layout import Box

RAYS = 72
RADII = np.arange(0.56, 1.46, 0.03)  # in units of the ellipse that touches the sides of the word's box
_MARGIN_MM = 8.0
_RULE_MM = 10.0  # a straight run this long is a printed rule, no part of a circle


def ring_share(view: View, box: Box) -> float:
    """The share of directions, 0.0-1.0, in which ink lies on the best smooth closed ring around a word.

    The printed word alone gives up to about a half, since its ends reach into the ring.
    """
    ink = _unfolded(view, box)
    return _best_ring(ink)


def _unfolded(view: View, box: Box) -> Mask:
    """Ink by direction and radius [RAYS, radii], printed rules taken out."""
    scale, margin = view.scale, _MARGIN_MM
    x0, y0 = max(0, round((box.x - margin) * scale)), max(0, round((box.y - margin) * scale))
    x1, y1 = round((box.x + box.w + margin) * scale), round((box.y + box.h + margin) * scale)
    ink = _without_rules(view.ink[y0:y1, x0:x1], scale)
    angles = np.linspace(0, 2 * np.pi, RAYS, endpoint=False)[:, None]
    xs = (box.x + box.w / 2 + np.cos(angles) * RADII * box.w / 2) * scale - x0
    ys = (box.y + box.h / 2 + np.sin(angles) * RADII * box.h / 2) * scale - y0
    rows = np.clip(np.round(ys).astype(int), 0, ink.shape[0] - 1)
    columns = np.clip(np.round(xs).astype(int), 0, ink.shape[1] - 1)
    return np.asarray(ink[rows, columns])


def _without_rules(ink: Mask, scale: float) -> Mask:
    length = max(3, round(_RULE_MM * scale))
    picture = ink.astype(np.uint8)
    near = np.ones((3, 3), np.uint8)
    rules = np.zeros_like(picture)
    for shape in ((1, length), (length, 1)):
        found = cv2.morphologyEx(cv2.dilate(picture, near), cv2.MORPH_OPEN, np.ones(shape, np.uint8))
        rules |= np.asarray(found, np.uint8)
    # Strokes are thickened a little, so that a thin pen is not missed between two samples.
    return np.asarray(cv2.dilate(picture & ~rules & 1, near) > 0)


def _best_ring(ink: Mask) -> float:
    """The most inked path once around; from one direction to the next it moves by at most one radius step."""
    gain = ink.astype(np.float64)
    best = 0.0
    for start in range(0, gain.shape[1], 4):
        best = max(best, _ring_from(gain, start))
    return best / len(gain)


def _ring_from(gain: NDArray[np.float64], start: int) -> float:
    """The best path that begins and ends within two steps of a radius."""
    score = np.full(gain.shape[1], -1e9)
    score[max(0, start - 2) : start + 3] = 0.0
    for row in gain:
        padded = np.concatenate(([-1e9], score, [-1e9]))
        score = np.maximum(np.maximum(padded[:-2], padded[2:]) - 0.1, score) + row
    return float(score[max(0, start - 2) : start + 3].max())
