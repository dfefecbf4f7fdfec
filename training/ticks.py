"""Trains the reader of marks: `python -m training.ticks`; `--report PART` compares it with the rules of `ocr.marks`."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw

from fixtures.fonts import FORM_FONT, load_font
from fixtures.reading.mark_pictures import draw_mark
from fixtures.reading.split import Part
from fixtures.reading.values import MarkKind
from fixtures.reading.writers import find_writers
from ocr.cut import View
from ocr.engine import Image
from ocr.glyphs import GlyphModel
from ocr.imaging import ink_mask
from ocr.layout import Box, Mark
from ocr.marks import tick_reading
from ocr.ticks import CLASSES, EMPTY, MARKED, MODEL, SIDE, STRAY, STRUCK, mark_measures, mark_picture, read_marks
from training.loop import Drawn, Task, run
from training.network import GlyphNetwork
from training.paper import PAPER, scan, wobble

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
    picture, drawn, _ = draw_mark(random, kind, random.choice(writers), dpi, ring)
    place = box = Box(drawn.x, drawn.y, drawn.w, drawn.h)
    label = _LABELS[kind]
    if ring:
        if random.random() < 0.35:  # the unmarked word beside
            box = Box(box.x + box.w + 1.2, box.y, max(3.6, picture.shape[1] * 25.4 / dpi - box.x - box.w - 4.5), box.h)
            label = EMPTY
        wide, high = random.uniform(-1.0, 4.0), random.uniform(0.0, 2.5)  # a form's box is seldom the word's own
        box = Box(box.x - wide / 2, box.y - high / 2, box.w + wide, box.h + high)
    scene = wobble(rng, _beside(random, picture, place, dpi, ring).astype(np.float32) * (PAPER / 255.0))
    flat = scan(rng, scene, dpi / 25.4)
    return Marked(View(flat, ink_mask(flat), dpi / 25.4), box, Mark.CIRCLE if ring else Mark.TICK, label)


def _beside(random: Random, picture: Image, place: Box, dpi: int, ring: bool) -> Image:
    """The picture with what else a form prints near a box: the words of a tick box, rules of a table."""
    scale = dpi / 25.4
    drawn = Pictures.fromarray(picture)
    pen = ImageDraw.Draw(drawn)
    right, middle = (place.x + place.w) * scale, (place.y + place.h / 2) * scale
    if not ring and random.random() < 0.6:
        word = random.choice(("有", "はい", "男", "同意する", "普通", "A", "その他", "1"))
        font = load_font(FORM_FONT, round(random.uniform(2.6, 3.8) * scale))
        pen.text((right + random.uniform(0.5, 1.8) * scale, middle), word, font=font, fill=20, anchor="lm")
    width, shade = max(1, round(random.uniform(0.1, 0.4) * scale)), random.randrange(10, 170)
    for level in (place.y - random.uniform(0.3, 2.2), place.y + place.h + random.uniform(0.3, 2.2)):
        if random.random() < 0.35:
            pen.line((0, level * scale, drawn.width, level * scale), fill=shade, width=width)
    if random.random() < 0.2:
        x = (place.x - random.uniform(0.4, 2.2)) * scale
        pen.line((x, 0, x, drawn.height), fill=shade, width=width)
    return np.asarray(drawn, np.uint8)


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
