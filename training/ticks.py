"""Trains the reader of marks: `python -m training.ticks`.

`--report PART` compares it with the rules of `ocr.marks.options`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw

from fixtures.fonts import FORM_FONT, load_font
from fixtures.reading.marks import BoxMm, mark_strokes
from fixtures.reading.paper import Paper
from fixtures.reading.split import Part
from fixtures.reading.truth import MarkKind
from fixtures.reading.writers import draw_habit, find_writers
from ocr.cutting.cut import View
from ocr.engine import Image
from ocr.glyphs import GlyphModel
from ocr.imaging import ink_mask
from ocr.layout import Box, Mark
from ocr.marks.options import tick_reading
from ocr.marks.ticks import CLASSES, EMPTY, MARKED, MODEL, SIDE, STRAY, STRUCK, mark_measures, mark_picture, read_marks
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


_WORDS = ("明", "大", "昭", "平", "令", "M", "T", "S", "H", "R", "男", "女", "普通", "当座", "新規", "変更", "有", "無",
          "同居", "別居", "課税", "非課税", "本人", "配偶者", "その他", "1", "2", "3")  # fmt: skip
_HEIGHT_MM, _MARGIN_MM = 19.0, 6.0


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
    dpi = random.choice((150, 200, 200, 300))
    writer = random.choice(find_writers(part, random.random() < 0.85))
    habit = draw_habit(random, writer)
    if writer.handwritten and random.random() < 0.2:  # faded, or a hard pencil
        pale = random.randrange(100, 160)
        habit = replace(habit, colour=(pale, pale, pale))
    ring = random.random() < 0.5
    draw_one = _words if ring else _tick_box
    picture, box, label = draw_one(random, dpi, lambda printed: Paper(printed, dpi, writer, habit, random))
    scene = wobble(rng, picture.astype(np.float32) * (PAPER / 255.0))
    flat = scan(rng, scene, dpi / 25.4)
    return Marked(View(flat, ink_mask(flat), dpi / 25.4), box, Mark.CIRCLE if ring else Mark.TICK, label)


def _tick_box(random: Random, dpi: int, write: Callable[[Image], Paper]) -> tuple[Image, Box, str]:
    kind, side = random.choice(_TICKS), random.uniform(2.6, 5.4)
    place = BoxMm(x=_MARGIN_MM, y=(_HEIGHT_MM - side) / 2, w=side, h=side)
    printed, scale = _blank(side + 2 * _MARGIN_MM, dpi), dpi / 25.4
    pen = ImageDraw.Draw(printed)
    edges = [value * scale for value in (place.x, place.y, place.x + side, place.y + side)]
    pen.rectangle(edges, outline=random.randrange(20, 120), width=max(1, round(random.uniform(0.12, 0.35) * scale)))
    _print_beside(random, pen, place, scale)
    paper = write(np.array(printed))
    paper.strokes(mark_strokes(random, kind, place, paper.wild))
    return paper.picture, _box(place), _LABELS[kind]


def _print_beside(random: Random, pen: ImageDraw.ImageDraw, place: BoxMm, scale: float) -> None:
    """What else a form prints near a tick box: its words, rules of a table."""
    middle = (place.y + place.h / 2) * scale
    if random.random() < 0.6:
        font = load_font(FORM_FONT, round(random.uniform(2.6, 3.8) * scale))
        x = (place.x + place.w + random.uniform(0.5, 1.8)) * scale
        pen.text((x, middle), random.choice(_WORDS), font=font, fill=20, anchor="lm")
    _print_rules(random, pen, place, scale)


def _print_rules(random: Random, pen: ImageDraw.ImageDraw, place: BoxMm, scale: float) -> None:
    width, shade = max(1, round(random.uniform(0.1, 0.4) * scale)), random.randrange(10, 170)
    for level in (place.y - random.uniform(0.3, 2.2), place.y + place.h + random.uniform(0.3, 2.2)):
        if random.random() < 0.35:
            pen.line((0, level * scale, 9999, level * scale), fill=shade, width=width)
    if random.random() < 0.2:
        x = (place.x - random.uniform(0.4, 2.2)) * scale
        pen.line((x, 0, x, 9999), fill=shade, width=width)


def _words(random: Random, dpi: int, write: Callable[[Image], Paper]) -> tuple[Image, Box, str]:
    """A row of words, dense or wide, one of them circled or none; rings of the rows above and below."""
    words = random.sample(_WORDS, random.randint(2, 5))
    kind, chosen, scale = random.choice(_RINGS), random.randrange(len(words)), dpi / 25.4
    gap, high = random.uniform(0.6, 5.0), random.uniform(5.0, 8.5)
    places, x = [], _MARGIN_MM
    for word in words:
        width = 3.6 * len(word)
        places.append(BoxMm(x=x, y=(_HEIGHT_MM - high) / 2, w=width, h=high))
        x += width + gap
    printed = _blank(x - gap + _MARGIN_MM, dpi)
    pen, font = ImageDraw.Draw(printed), load_font(FORM_FONT, round(random.uniform(2.9, 3.8) * scale))
    for word, place in zip(words, places, strict=True):
        pen.text(((place.x + place.w / 2) * scale, printed.height / 2), word, font=font, fill=20, anchor="mm")
    _print_rules(random, pen, places[0], scale)
    paper = write(np.array(printed))
    ringed = _room(places[chosen], high)
    towards = 1.0 if chosen == 0 else -1.0 if chosen == len(words) - 1 else random.choice((-1.0, 1.0))
    paper.strokes(mark_strokes(random, kind, ringed, paper.wild, towards))
    for shift in (-1, 1):
        if random.random() < 0.25:
            other = _room(random.choice(places), high)
            moved = BoxMm(x=other.x, y=other.y + shift * random.uniform(1.0, 1.5) * high, w=other.w, h=other.h)
            paper.strokes(mark_strokes(random, MarkKind.CIRCLE, moved, paper.wild))
    shown = chosen if random.random() < 0.55 else random.randrange(len(words))
    wide = random.uniform(-0.3, min(gap, 2.0))  # a form's box is seldom the word's own, nor as wide as its ring
    place = places[shown]
    box = Box(place.x - wide / 2, place.y, place.w + wide, place.h + random.uniform(-0.5, 1.0))
    return paper.picture, box, _LABELS[kind] if shown == chosen else EMPTY


def _room(place: BoxMm, high: float) -> BoxMm:
    """A word with the room that a ring takes."""
    width = max(5.0, place.w + 1.4)
    return BoxMm(x=place.x + (place.w - width) / 2, y=place.y, w=width, h=min(high, 7.2))


def _blank(width_mm: float, dpi: int) -> Pictures.Image:
    return Pictures.new("L", (round(width_mm * dpi / 25.4), round(_HEIGHT_MM * dpi / 25.4)), 255)


def _box(place: BoxMm) -> Box:
    return Box(place.x, place.y, place.w, place.h)


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
