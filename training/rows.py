"""Rows of printed cells, written in and scanned, then cut as the reader cuts them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.cutting.cell_cut import cut_cells
from ocr.cutting.cut import Patch, View, is_written
from ocr.decoding.content import KANA_SMALL, KATAKANA
from ocr.engine import Image
from ocr.glyphs import DUST, OTHER, row_inputs
from ocr.imaging import ink_mask
from training.paper import MARGIN_MM, Row, Scene, draw_dust, draw_shape, ink_over, place, print_rules, scan
from training.sources import DIGITS, EM, Writer, draw_glyph, draw_writer, writers_of

LEGIBLE = 0.45  # of the ink that was drawn
FOREIGN = "あいうえおけさしすたちつてとなにぬねのはひふほまみむめゆよらるれわを男女年月日有無ABDEGHKMNRST()/"
CLOSE = tuple("オアマスヌタクケシツソンノメナチテフワウラヲコユヨロルレセヤカヲホネ")  # what is mistaken most
VOICED = tuple("ガギグゲゴザジズゼゾダヂヅデドバビブベボパピプペポヴカサタハホヘ")  # told by two dots or a ring
_SMALLER = dict(zip("ァィゥェォッャュョヮ", "アイウエオツヤユヨワ", strict=True))


@dataclass(frozen=True)
class Sample:
    """What the network sees of the written cells of a row, and what they are: characters, OTHER or DUST."""

    pictures: NDArray[np.uint8]
    measures: NDArray[np.float32]
    labels: tuple[str, ...]


def draw_row(rng: np.random.Generator) -> Sample:
    """One row of a few cells, of digits or of kana, by a hand that may be trained on."""
    digits = bool(rng.random() < 0.42)
    writer = draw_writer(rng, digits)
    row = draw_shape(rng)
    labels = [_draw_label(rng, digits, n) for n in range(row.count)]
    ink = np.zeros_like(row.paper())
    _write(rng, ink, row, labels, writer)
    patches = scan_row(rng, row, ink, draw_shift(rng))
    pictures, measures = row_inputs(patches)
    kept = [
        _kept(label, patch, _inside(ink, row, n))
        for n, (label, patch) in enumerate(zip(labels, patches, strict=True))
        if is_written(patch)
    ]
    return Sample(pictures, measures, tuple(kept))


def draw_shift(rng: np.random.Generator) -> tuple[float, float]:
    """By how many millimetres a row's cells are sought beside their place: paper bends, and is stretched."""
    return (float(rng.normal(0, 0.25)), float(rng.normal(0, 0.25))) if rng.random() < 0.3 else (0.0, 0.0)


def scan_row(rng: np.random.Generator, row: Row, ink: Scene, shift: tuple[float, float] = (0.0, 0.0)) -> list[Patch]:
    """The cells of a printed row with this ink in it, scanned and cut as the reader cuts them, `shift` mm aside."""
    scene = row.paper()
    print_rules(rng, scene, row)
    ink_over(rng, scene, ink)
    flat = scan(rng, scene, row.scale)
    view = View(flat, ink_mask(flat), row.scale)
    boxes = [row.box(n) for n in range(row.count)]
    return cut_cells(view, [replace(box, x=box.x + shift[0], y=box.y + shift[1]) for box in boxes])


def _kept(label: str, patch: Patch, drawn: Scene) -> str:
    """The label, or OTHER for a character of which the scan left so little that nobody could read it."""
    faded = label not in ("", DUST) and patch.ink.sum() < LEGIBLE * np.count_nonzero(drawn > 110)
    return OTHER if faded else label or DUST


def _draw_label(rng: np.random.Generator, digits: bool, place: int) -> str:
    """A character; "" for an empty cell, OTHER and DUST for what is no character."""
    dice = rng.random()
    if dice < 0.05:
        return ""
    if dice < 0.12:
        return OTHER
    if dice < 0.14:
        return DUST
    if dice < 0.17:
        return str(rng.choice(list("元〃¥ー" if digits else "〃゛゜ー")))
    if digits:
        return str(rng.choice(list(DIGITS)))
    if dice < 0.30:
        return str(rng.choice(CLOSE))
    if dice < 0.40 and place:
        return str(rng.choice(list(KANA_SMALL)))
    if dice < 0.43:
        return "ー"
    if dice < 0.50:
        return str(rng.choice(VOICED))
    return str(rng.choice(list(KATAKANA)))


def _write(rng: np.random.Generator, ink: Scene, row: Row, labels: list[str], writer: Writer) -> None:
    """Draws the labels; the row's hand has its own size, place and slant, and varies about them."""
    share = rng.uniform(0.5, 1.0) * (0.9 if writer.kind == "mnist" else 1.0)
    off = rng.normal(0, 0.05 if rng.random() < 0.8 else 0.12, 2)  # some hands touch the rules again and again
    shear = 0.0 if writer.kind in ("strokes", "print") else rng.normal(0.0, 0.11)
    wild = 0.25 if writer.kind == "print" else rng.uniform(0.5, 1.2)
    for n, label in enumerate(labels):
        if label in ("", DUST):
            draw_dust(rng, ink, row, n, label == DUST)
            continue
        foreign = label == OTHER and rng.random() < 0.25
        if foreign:
            letter = str(rng.choice(list(FOREIGN)))
            glyph = draw_glyph(rng, letter, Writer("font", str(rng.choice(writers_of("あ"))), writer.pen))
        else:
            glyph = _glyph(rng, str(rng.choice(list(DIGITS + KATAKANA))) if label == OTHER else label, writer)
        em = min(row.width * 1.25, row.height) * share * float(np.exp(rng.normal(0, 0.07 * wild)))
        if label in _SMALLER and writer.kind == "strokes":
            em *= rng.uniform(0.52, 0.8)
        x = MARGIN_MM + (n + 0.5 + off[0] + rng.normal(0, 0.06 * wild)) * row.width
        y = MARGIN_MM + (0.5 + off[1] + rng.normal(0, 0.05 * wild)) * row.height
        if label in _SMALLER and writer.kind == "strokes":
            x, y = x - rng.uniform(-0.05, 0.15) * row.width, y + rng.uniform(-0.02, 0.2) * row.height
        turn = np.deg2rad(rng.normal(0, 3.5 * wild))
        aspect = float(np.exp(rng.normal(0, 0.09 * wild)))
        place(ink, glyph, (x * row.scale, y * row.scale), em * row.scale / EM, turn, shear, aspect)
        if label == OTHER and not foreign:
            _strike(rng, ink, row, n, writer, em)


def _glyph(rng: np.random.Generator, label: str, writer: Writer) -> Image:
    if writer.kind == "strokes" and label in _SMALLER:
        return draw_glyph(rng, _SMALLER[label], writer)
    return draw_glyph(rng, label, writer)


def _strike(rng: np.random.Generator, ink: Scene, row: Row, n: int, writer: Writer, em: float) -> None:
    """Two strokes through it, a cross, a scribble, another character over it, or a blot."""
    kind = rng.choice(("double", "double", "cross", "scribble", "over", "over", "over", "blot", "single"))
    middle = np.array([MARGIN_MM + (n + 0.5) * row.width, MARGIN_MM + 0.5 * row.height]) * row.scale
    half = np.array([row.width, row.height]) * row.scale * rng.uniform(0.32, 0.55)
    thick = max(1, round(rng.uniform(0.25, 0.6) * row.scale))

    def line(points: NDArray[np.float64]) -> None:
        cv2.polylines(ink, [np.round(points * 8).astype(np.int32)], False, 255.0, thick, cv2.LINE_AA, shift=3)

    if kind in ("double", "single"):
        tilt = rng.normal(0, 0.12)
        for level in (-0.2, 0.2) if kind == "double" else (rng.uniform(-0.2, 0.2),):
            ends = [middle + half * (-1, level - tilt), middle + half * (1.0, level + tilt)]
            line(np.array(ends) + rng.normal(0, 0.03 * half[0], (2, 2)))
    elif kind == "cross":
        for sign in (-1, 1):
            line(np.array([middle - half * (0.8, 0.8 * sign), middle + half * (0.8, 0.8 * sign)]))
    elif kind == "scribble":
        line(middle + half * rng.uniform(-0.9, 0.9, (int(rng.integers(5, 12)), 2)))
    elif kind == "over":
        # The same hand mends its own mistake, a digit mostly by a digit, in its usual size.
        char = str(rng.choice(list(DIGITS if rng.random() < 0.7 else KATAKANA)))
        zoom = em * row.scale * rng.uniform(0.9, 1.15) / EM
        place(ink, draw_glyph(rng, char, writer), tuple(middle + rng.normal(0, 0.12, 2) * half), zoom, 0.0, 0.0, 1.0)
    else:
        cv2.ellipse(ink, tuple(int(v) for v in middle), tuple(int(v) for v in half * rng.uniform(0.3, 0.9, 2)),
                    float(rng.uniform(0, 180)), 0, 360, 255.0, -1)  # fmt: skip


def _inside(ink: Scene, row: Row, n: int) -> Scene:
    box, scale = row.box(n), row.scale
    top, left = round(box.y * scale), round(box.x * scale)
    return ink[top : top + round(box.h * scale), left : left + round(box.w * scale)]
