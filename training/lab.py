"""Rows of cells written by the reading lab's writers, for measuring: those of TUNE, or those that are held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from fixtures.reading.glyphs import glyph_mask
from fixtures.reading.persons import draw_person
from fixtures.reading.split import Part
from fixtures.reading.writers import Writer, draw_habit, find_writers
from ocr.cutting.cut import Patch
from ocr.layout import Content
from training.paper import MARGIN_MM, Row, Scene, draw_shape, place
from training.rows import scan_row

CELL_SHARE = 0.72  # of the cell, as the lab's sheets have it


@dataclass(frozen=True)
class LabRow:
    """A row with what it says; a space for an empty cell."""

    patches: tuple[Patch, ...]
    content: Content
    text: str
    writer: str
    handwritten: bool


def draw_lab_row(seed: int, part: Part, content: Content) -> LabRow:
    """The row of this seed: a number of 3 to 12 digits, or a name in katakana."""
    rng, generator = Random(f"row:{part}:{seed}"), np.random.default_rng((seed, 99))
    handwritten = rng.random() < 0.8
    writer = rng.choice(find_writers(part, handwritten))
    text = _draw_text(rng, part, content)
    row = draw_shape(generator, len(text))
    ink = np.zeros_like(row.paper())
    _write(rng, ink, row, text, writer)
    return LabRow(tuple(scan_row(generator, row, ink)), content, text, writer.id, handwritten)


def _draw_text(rng: Random, part: Part, content: Content) -> str:
    if content is Content.KATAKANA:
        return draw_person(rng, part).kana
    return "".join(rng.choice("0123456789") for _ in range(rng.randint(3, 12)))


def _write(rng: Random, ink: Scene, row: Row, text: str, writer: Writer) -> None:
    habit = draw_habit(rng, writer)
    em = min(row.height, row.width * 1.15) * CELL_SHARE * habit.size * row.scale
    for n, char in enumerate(text):
        if char == " ":
            continue
        glyph = glyph_mask(rng, char, writer, habit, round(em), habit.pen_mm * row.scale)
        x = (MARGIN_MM + (n + 0.5 + rng.gauss(0, habit.place)) * row.width) * row.scale
        y = (MARGIN_MM + (0.5 + rng.gauss(0, habit.place)) * row.height) * row.scale
        place(ink, glyph, (x, y), 1.0, 0.0, 0.0, 1.0)


def draw_lab_rows(part: Part, content: Content, count: int, start: int = 0) -> Sequence[LabRow]:
    """`count` rows."""
    return [draw_lab_row(start + n, part, content) for n in range(count)]
