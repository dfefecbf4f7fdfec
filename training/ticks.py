"""Trains the reader of marks: `python -m training.ticks`; `--report PART` compares it with the rules of `ocr.marks`."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from random import Random

import numpy as np

from fixtures.reading.mark_pictures import draw_mark
from fixtures.reading.split import Part
from fixtures.reading.values import MarkKind
from fixtures.reading.writers import find_writers
from ocr.cut import View
from ocr.glyphs import GlyphModel
from ocr.imaging import ink_mask
from ocr.layout import Box, Mark
from ocr.marks import tick_reading
from ocr.ticks import CLASSES, EMPTY, MARKED, MODEL, SIDE, STRAY, STRUCK, mark_measures, mark_picture, read_marks
from training.loop import Drawn, Task, run
from training.network import GlyphNetwork
from training.paper import PAPER, scan

_LABELS = {
    MarkKind.EMPTY: EMPTY, MarkKind.TICK: MARKED, MarkKind.CROSS: MARKED, MarkKind.FILLED: MARKED,
    MarkKind.CIRCLE: MARKED, MarkKind.CIRCLE_TOUCHING: MARKED, MarkKind.STRUCK_TICK: STRUCK,
    MarkKind.STRUCK_CIRCLE: STRUCK, MarkKind.DOT: STRAY,
}  # fmt: skip
_TICKS = (MarkKind.EMPTY, MarkKind.TICK, MarkKind.TICK, MarkKind.CROSS, MarkKind.FILLED, MarkKind.STRUCK_TICK,
          MarkKind.DOT)  # fmt: skip
_RINGS = (MarkKind.EMPTY, MarkKind.CIRCLE, MarkKind.CIRCLE_TOUCHING, MarkKind.STRUCK_CIRCLE)


@dataclass(frozen=True)
class Marked:
    """A box on a small scanned view, and what stands at it."""

    view: View
    box: Box
    mark: Mark
    label: str


def draw_marked(rng: np.random.Generator, part: Part = Part.TUNE) -> Marked:
    """A tick box or a word to circle, marked or not, scanned."""
    random = Random(int(rng.integers(1 << 62)))
    ring = random.random() < 0.5
    kind = random.choice(_RINGS if ring else _TICKS)
    writers = find_writers(part, random.random() < 0.85)
    dpi = random.choice((150, 200, 200, 300))
    picture, place, _ = draw_mark(random, kind, random.choice(writers), dpi, ring)
    box, label = Box(place.x, place.y, place.w, place.h), _LABELS[kind]
    if ring:
        if random.random() < 0.35:  # the unmarked word beside
            box = Box(box.x + box.w + 1.2, box.y, max(3.6, picture.shape[1] * 25.4 / dpi - box.x - box.w - 4.5), box.h)
            label = EMPTY
        wide, high = random.uniform(-1.0, 4.0), random.uniform(0.0, 2.5)  # a form's box is seldom the word's own
        box = Box(box.x - wide / 2, box.y - high / 2, box.w + wide, box.h + high)
    flat = scan(rng, picture.astype(np.float32) * (PAPER / 255.0), dpi / 25.4)
    return Marked(View(flat, ink_mask(flat), dpi / 25.4), box, Mark.CIRCLE if ring else Mark.TICK, label)


def draw(rng: np.random.Generator) -> Drawn:
    """One mark."""
    one = draw_marked(rng)
    return mark_picture(one.view, one.box)[None], mark_measures(one.box, one.mark)[None], (one.label,)


TASK = Task("ticks", CLASSES, draw, lambda: GlyphNetwork(len(CLASSES), SIDE, 3))


def report(part: Part, count: int = 600) -> None:
    """Prints how often the network and, for tick boxes, the rules say rightly whether a box is marked."""
    model, rng = GlyphModel(MODEL), np.random.default_rng((4, 711 if part is Part.TUNE else 712))
    told: Counter[tuple[str, str, bool]] = Counter()
    for _ in range(count):
        one = draw_marked(rng, part)
        truth = one.label == MARKED
        said = read_marks(one.view, [one.box], one.mark, model)[0]
        told["network", f"{one.mark.value} {one.label}", bool((said[1] > 0.5) == truth)] += 1
        if one.mark is Mark.TICK:
            told["rules", f"{one.mark.value} {one.label}", (tick_reading(one.view, one.box)[0] == "true") == truth] += 1
    for who, what in sorted({key[:2] for key in told}):
        right, wrong = told[who, what, True], told[who, what, False]
        print(f"{part.value} {who} {what}: {right}/{right + wrong}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--report"]:
        report(Part(sys.argv[2]))
    else:
        run(TASK, sys.argv[1:], MODEL, samples=40_000, epochs=4)
