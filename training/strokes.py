"""Characters written stroke by stroke: each time bent, turned, joined and pressed a little differently."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from fixtures.reading.sources import STROKES
from ocr.decoding.content import KATAKANA
from ocr.engine import Image

Points = NDArray[np.float64]

MODELS = "0123456789" + KATAKANA + "元"  # taken from KanjiVG
CANVAS, EM = 128, 96  # pixels of a glyph's picture, and of the em square in its middle

# How digits are written in Japan besides KanjiVG's forms, and signs it lacks: strokes by their corners in hundredths of
# the em square, drawn as smooth curves.
_VARIANTS: dict[str, tuple[str, ...]] = {
    "0": (
        "55,10 30,30 27,60 45,90 68,75 72,40 50,10",
        "60,14 35,20 28,55 50,88 72,55 62,16 45,8",
    ),
    "1": (
        "50,8 50,92",
        "54,8 47,92",
        "36,26 52,8 | 52,8 51,92",
        "42,18 52,8 | 52,8 50,92",
    ),
    "2": (
        "28,30 45,10 68,25 58,50 28,88 | 28,88 74,86",
        "28,28 50,10 68,30 50,60 30,84 25,74 40,76 74,88",
    ),
    "3": (
        "30,18 52,10 66,26 46,46 70,66 52,90 28,80",
        "30,12 68,12 | 68,12 46,44 | 46,44 70,66 50,90 28,80",
    ),
    "4": (
        "48,8 24,62 | 24,62 78,62 | 60,36 58,94",
        "34,10 28,54 | 28,54 74,54 | 64,10 62,92",
        "62,8 24,62 | 24,62 78,62 | 62,8 62,94",
    ),
    "5": (
        "36,14 34,46 | 34,46 58,42 70,64 52,90 28,82 | 36,14 70,13",
        "36,16 32,48 | 32,48 56,40 70,62 50,90 28,82 | 40,8 74,10",
        "70,12 38,12 | 38,12 33,46 | 33,46 60,44 68,68 50,90 30,86",
    ),
    "6": (
        "56,8 34,46 34,78 52,90 68,74 56,56 36,68",
        "50,8 30,50 36,86 62,86 66,64 48,56 33,72",
    ),
    "7": (
        "28,32 28,12 | 28,12 72,12 | 72,12 50,50 44,92",
        "26,14 72,13 | 72,13 46,92",
        "28,34 30,14 | 30,14 74,14 | 74,14 66,90",
        "26,14 72,13 | 72,13 44,92 | 36,50 68,48",
    ),
    "8": (
        "64,20 48,8 34,24 50,46 66,72 48,92 32,74 50,46 65,20",
        "50,46 34,26 50,8 66,26 50,46 | 50,46 30,70 50,92 70,70 50,46",
    ),
    "9": (
        "66,24 48,10 32,30 46,48 66,30 | 66,24 60,92",
        "66,28 50,10 32,28 46,50 66,30 64,62 40,92",
        "64,20 40,14 34,40 56,46 66,22 52,92",
    ),
    "¥": ("22,8 50,44 | 78,8 50,44 | 50,44 50,94 | 26,52 74,52 | 26,70 74,70",),
    "〃": (
        "34,36 28,62 | 62,36 56,62",
        "34,36 44,62 | 58,34 68,60",
    ),
    "゛": ("20,14 30,34 | 38,10 48,30",),
    "゜": ("30,14 20,24 30,36 42,25 30,13",),
    "ー": (
        "14,50 86,50",
        "14,46 20,52 86,49",
        "28,50 72,50",
    ),
}


@dataclass(frozen=True)
class Pen:
    """How a hand writes: slant as shear, width and the looseness of strokes in shares of the em square.

    bend: how far strokes keep their curves (1.0 as in the model). joins: how often the pen stays on the paper.
    """

    slant: float
    width: float
    loose: float
    bend: float
    joins: float
    taper: float


def draw_pen(rng: np.random.Generator) -> Pen:
    """A pen in a hand."""
    return Pen(
        slant=float(np.clip(rng.normal(0.05, 0.12), -0.2, 0.3)),
        width=float(np.exp(rng.uniform(np.log(0.025), np.log(0.12)))),
        loose=float(rng.uniform(0.3, 1.2)),
        bend=float(rng.uniform(0.5, 1.4)),
        joins=float(rng.choice((0.0, 0.0, 0.05, 0.15, 0.35))),
        taper=float(rng.choice((0.0, 0.0, 0.3, 0.7))),
    )


@cache
def models() -> dict[str, tuple[tuple[Points, ...], ...]]:
    """Character -> the ways it is written, each a tuple of strokes."""
    ways: dict[str, list[tuple[Points, ...]]] = {}
    with np.load(STROKES) as data:
        points, starts, chars = data["points"].astype(np.float64), data["starts"], data["chars"]
    for char in MODELS:
        found = np.flatnonzero(chars == ord(char))
        ways[char] = [tuple(points[starts[n] : starts[n + 1]] for n in found)]
    for char, variants in _VARIANTS.items():
        drawn = [tuple(_smooth(_corners(stroke)) for stroke in way.split(" | ")) for way in variants]
        ways.setdefault(char, []).extend(drawn)
    return {char: tuple(found) for char, found in ways.items()}


def _corners(stroke: str) -> Points:
    return np.array([[float(n) / 100 for n in corner.split(",")] for corner in stroke.split()])


def _smooth(corners: Points, steps: int = 8) -> Points:
    """A Catmull-Rom curve through the corners."""
    if len(corners) == 2:
        return corners[0] + np.linspace(0, 1, steps + 1)[:, None] * (corners[1] - corners[0])
    ends = np.vstack([2 * corners[0] - corners[1], corners, 2 * corners[-1] - corners[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False)
    ]
    return np.vstack([*parts, corners[-1:]])


def draw_strokes(rng: np.random.Generator, char: str, pen: Pen) -> Image:
    """The character as CANVAS x CANVAS ink (255 is ink), its em square in the middle."""
    ways = models()[char]
    strokes = [_bent(rng, stroke, pen) for stroke in ways[int(rng.integers(len(ways)))]]
    picture = np.zeros((CANVAS, CANVAS), np.uint8)
    previous: Points | None = None
    for stroke in strokes:
        if previous is not None and rng.random() < pen.joins:
            _stamp(picture, np.vstack([previous[-1:], stroke[:1]]), pen, rng)
        _stamp(picture, stroke, pen, rng)
        previous = stroke
    return picture


def _bent(rng: np.random.Generator, stroke: Points, pen: Pen) -> Points:
    """The stroke moved, turned, stretched and bent about as far as one hand varies."""
    chord = stroke[0] + np.linspace(0, 1, len(stroke))[:, None] * (stroke[-1] - stroke[0])
    closed = np.linalg.norm(stroke[-1] - stroke[0]) < 0.3 * np.abs(np.diff(stroke, axis=0)).sum()
    bend = 1.0 if closed else pen.bend * rng.normal(1.0, 0.2)
    shape = chord + (stroke - chord) * bend if not closed else stroke
    middle = shape.mean(axis=0)
    turn = rng.normal(0, 0.07 * pen.loose)
    cos, sin = np.cos(turn), np.sin(turn)
    scale = rng.normal(1.0, 0.07 * pen.loose, 2)
    moved = (shape - middle) * scale @ np.array([[cos, sin], [-sin, cos]]) + middle
    moved = moved + rng.normal(0, 0.02 * pen.loose, 2)
    phase, waves = rng.uniform(0, 2 * np.pi, 2), rng.uniform(0.5, 2.0, 2)
    along = np.linspace(0, 2 * np.pi, len(stroke))[:, None]
    wave = 0.014 * pen.loose * np.sin(along * waves + phase)
    out = moved + wave
    return np.asarray(out + np.stack([pen.slant * (0.5 - out[:, 1]), np.zeros(len(out))], axis=1))


def _stamp(picture: Image, stroke: Points, pen: Pen, rng: np.random.Generator) -> None:
    """Draws a stroke; it thins out toward its end as the pen's taper says."""
    offset = (CANVAS - EM) / 2
    path = np.round((stroke[:: 2 if len(stroke) > 8 else 1] * EM + offset) * 8).astype(int)
    width = pen.width * EM * rng.normal(1.0, 0.08)
    for step, (a, b) in enumerate(pairwise(path)):
        thick = width * (1 - pen.taper * step / len(path))
        cv2.line(picture, a.tolist(), b.tolist(), 255, max(1, round(thick)), cv2.LINE_AA, shift=3)
