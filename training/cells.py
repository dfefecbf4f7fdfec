"""Trains the reader of cells: `python -m training.cells --seed 1 --samples 300000 --epochs 4`."""

from __future__ import annotations

import sys

import numpy as np

from ocr.glyphs import MODEL, SIDE
from training.loop import Drawn, Task, run
from training.network import GlyphNetwork
from training.rows import draw_row
from training.sources import CLASSES

MEASURES = 6
WIDTHS = (24, 40, 64, 96, 128)


def draw(rng: np.random.Generator) -> Drawn:
    """The written cells of one row."""
    row = draw_row(rng)
    return row.pictures, row.measures, row.labels


TASK = Task("cells", CLASSES, draw, lambda: GlyphNetwork(len(CLASSES), SIDE, MEASURES, WIDTHS))

if __name__ == "__main__":
    run(TASK, sys.argv[1:], MODEL, samples=300_000, epochs=4)
