"""Where handwritten characters come from: fonts, strokes of our own, and the digits that people wrote for MNIST."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from random import Random

import cv2
import numpy as np
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from numpy.typing import NDArray
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from fixtures.reading.glyphs import glyph_mask
from fixtures.reading.sources import DIGITS as REAL_DIGITS
from fixtures.reading.split import Part
from fixtures.reading.writers import Habit, draw_habit, find_writers
from fixtures.reading.writers import Writer as LabWriter
from ocr.decoding.content import KATAKANA
from ocr.engine import Image
from ocr.glyphs import DUST, OTHER
from training.strokes import CANVAS, EM, Pen, draw_pen, draw_strokes, models
from training.voiced import MARKED, set_mark

DIGITS = "0123456789"
EM_MM = 5.0  # what the em square of a character in a cell measures on paper, about
SIGNS = "元〃゛゜¥"
CLASSES: tuple[str, ...] = (*DIGITS, *KATAKANA, *SIGNS, OTHER, DUST)


@dataclass(frozen=True)
class Writer:
    """One hand of one kind of source.

    kind: font, print, strokes, mnist or lab. id: of the font. lab: a writer of the reading lab that may be tuned on.
    """

    kind: str
    id: str
    pen: Pen
    lab: tuple[LabWriter, Habit] | None = None


@cache
def fonts() -> dict[str, Path]:
    """Font id -> file of every font that may be trained on; the held-out writers are not among them."""
    from training.fonts import training_fonts

    return training_fonts()


@cache
def _covered(path: Path) -> frozenset[int]:
    with TTFont(path, lazy=True, fontNumber=0) as font:
        return frozenset(font.getBestCmap())


@cache
def writers_of(char: str) -> tuple[str, ...]:
    """The fonts that have a glyph for a character."""
    return tuple(name for name, path in fonts().items() if ord(char) in _covered(path))


@cache
def _font(name: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(fonts()[name]), EM)


@lru_cache(maxsize=20_000)
def font_glyph(name: str, char: str) -> Image:
    """The font's character as CANVAS x CANVAS ink, its ink box in the middle of a line of its height."""
    font = _font(name)
    picture = Pictures.new("L", (CANVAS, CANVAS), 0)
    box = font.getbbox(SAMPLE.get(char, "永" if ord("永") in _covered(fonts()[name]) else "8"), anchor="ls")
    middle = (box[1] + box[3]) / 2
    ImageDraw.Draw(picture).text((CANVAS / 2, CANVAS / 2 - middle), char, font=font, fill=255, anchor="ms")
    return np.asarray(picture, np.uint8)


SAMPLE = dict.fromkeys(DIGITS, "8")  # digits stand in the middle of a cell by their own height


@cache
def _mnist() -> tuple[NDArray[np.uint8], tuple[NDArray[np.int64], ...]]:
    """MNIST's training part; the people who wrote its test part are held out."""
    labels = np.load(REAL_DIGITS / "train_labels.npy")
    places = tuple(np.flatnonzero(labels == digit) for digit in range(10))
    return np.load(REAL_DIGITS / "train.npy", mmap_mode="r"), places


def mnist_glyph(rng: np.random.Generator, char: str) -> Image:
    """A digit that somebody wrote, enlarged to CANVAS x CANVAS ink with crisp edges."""
    pictures, places = _mnist()
    picture = pictures[int(rng.choice(places[int(char)]))][1:-1, 1:-1]
    large = cv2.resize(picture, (CANVAS - 14, CANVAS - 14), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    crisp = np.clip((large - 110) * 2.2 + 128, 0, 255).astype(np.uint8)
    return np.asarray(cv2.copyMakeBorder(crisp, 7, 7, 7, 7, cv2.BORDER_CONSTANT, value=0), np.uint8)


def draw_glyph(rng: np.random.Generator, char: str, writer: Writer) -> Image:
    """One character in this hand, its em square (EM pixels) in the middle; strokes where the hand's source lacks it.

    Of kana with dots or a ring one in three has them set apart by the hand's own habit, not as its source has them:
    people put them anywhere beside the right half, and a font shows one place only.
    """
    if char in MARKED and writer.kind != "print" and rng.random() < 0.33:
        plain, mark = MARKED[char]
        return set_mark(rng, _glyph(rng, plain, writer), mark, writer.pen)
    return _glyph(rng, char, writer)


def _glyph(rng: np.random.Generator, char: str, writer: Writer) -> Image:
    if writer.lab is not None:
        hand, habit = writer.lab
        return glyph_mask(Random(int(rng.integers(1 << 62))), char, hand, habit, EM, habit.pen_mm * EM / EM_MM)
    if writer.kind == "mnist" and char in DIGITS:
        return mnist_glyph(rng, char)
    if writer.kind in ("font", "print") and writer.id in writers_of(char):
        return _pressed(rng, font_glyph(writer.id, char), writer)
    if char in models():
        return draw_strokes(rng, char, writer.pen)
    names = writers_of(char)
    return font_glyph(names[int(rng.integers(len(names)))], char)


def _pressed(rng: np.random.Generator, glyph: Image, writer: Writer) -> Image:
    """A handwritten font's glyph with a thicker or thinner pen."""
    if writer.kind == "print":
        return glyph
    size = int(rng.choice((-2, 0, 0, 2, 3, 5)))
    if size == 0:
        return glyph
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(size) + 1, abs(size) + 1))
    change = cv2.dilate(glyph, kernel) if size > 0 else cv2.erode(glyph, kernel)
    # A pen that is thin already would vanish.
    return np.asarray(change if change.sum() > 0.55 * glyph.sum() else glyph, np.uint8)


def draw_writer(rng: np.random.Generator, digits: bool) -> Writer:
    """Who writes a row: real digits, strokes, a font, a printer, or a writer of the reading lab."""
    kinds = ("mnist", "lab", "strokes", "font", "print") if digits else ("lab", "strokes", "font", "print")
    kind = str(rng.choice(kinds, p=(0.26, 0.2, 0.25, 0.22, 0.07) if digits else (0.27, 0.35, 0.28, 0.1)))
    pen = draw_pen(rng)
    if kind == "lab":
        hands = find_writers(Part.TUNE, handwritten=True)
        hand = hands[int(rng.integers(len(hands)))]
        return Writer(kind, hand.id, pen, (hand, draw_habit(Random(int(rng.integers(1 << 62))), hand)))
    names = [name for name in writers_of("8" if digits else "ツ") if name.startswith("print-") == (kind == "print")]
    return Writer(kind, str(rng.choice(names)) if kind in ("font", "print") else "", pen)
