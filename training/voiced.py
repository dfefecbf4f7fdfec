"""Dots and rings of kana (濁点, 半濁点) set beside the character where hands set them: high, low, close or far."""

from __future__ import annotations

from unicodedata import normalize

import cv2
import numpy as np

from ocr.decoding.content import KATAKANA
from ocr.engine import Image
from training.strokes import CANVAS, EM, Pen

DOTS, RING = "\u3099", "\u309a"
MARKED: dict[str, tuple[str, str]] = {
    char: (parts[0], parts[1]) for char in KATAKANA if len(parts := normalize("NFD", char)) == 2
}
"""A kana with a mark -> the kana without it, and the mark."""


def set_mark(rng: np.random.Generator, plain: Image, mark: str, pen: Pen) -> Image:
    """The character, made a little narrower, with a mark at its right: from above its top to below its middle."""
    narrow = rng.uniform(0.74, 1.0)
    middle = CANVAS / 2
    shift = np.array([[narrow, 0.0, middle * (1 - narrow) - rng.uniform(0.0, 0.1) * EM], [0.0, 1.0, 0.0]])
    picture = np.asarray(cv2.warpAffine(plain, shift, (CANVAS, CANVAS), flags=cv2.INTER_AREA), np.uint8)
    rows, columns = np.nonzero(picture > 60)
    if not len(rows):
        return picture
    top, bottom, right = float(rows.min()), float(rows.max()), float(columns.max())
    height = max(bottom - top, 0.4 * EM)
    x = min(right + rng.uniform(-0.12, 0.1) * EM, CANVAS - 0.1 * EM)
    y = top + height * (rng.uniform(-0.08, 0.2) if rng.random() < 0.5 else rng.uniform(0.15, 0.6))
    thick = max(1, round(pen.width * EM * rng.uniform(0.75, 1.05)))
    draw = _ring if mark == RING else _dots
    draw(rng, picture, (x, max(y, 0.06 * EM)), height, thick)
    return picture


def _ring(rng: np.random.Generator, picture: Image, at: tuple[float, float], height: float, thick: int) -> None:
    half = rng.uniform(0.08, 0.15, 2) * height
    whole = 360 if rng.random() < 0.7 else rng.uniform(290, 350)
    turn = rng.uniform(0, 360)
    middle = (round(at[0]), round(at[1]))
    axes = (max(2, round(half[0])), max(2, round(half[1])))
    cv2.ellipse(picture, middle, axes, turn, 0, whole, 255, thick, cv2.LINE_AA)


def _dots(rng: np.random.Generator, picture: Image, at: tuple[float, float], height: float, thick: int) -> None:
    """Two short strokes one beside the other, mostly falling to the right, seldom all but points or upright."""
    length = rng.uniform(0.06, 0.22) * height
    angle = np.deg2rad(rng.normal(58, 16) if rng.random() < 0.8 else rng.uniform(0, 110))
    apart = (0.9 * thick + rng.uniform(0.05, 0.13) * EM) * np.array([1.0, rng.normal(-0.12, 0.25)])
    for n in (-0.5, 0.5):
        own = angle + rng.normal(0, 0.12)
        way = length * rng.uniform(0.8, 1.2) / 2 * np.array([np.cos(own), np.sin(own)])
        start, end = np.array(at) + n * apart - way, np.array(at) + n * apart + way
        first, last = (tuple(int(v) for v in np.round(point * 8)) for point in (start, end))
        cv2.line(picture, first, last, 255, thick, cv2.LINE_AA, shift=3)
