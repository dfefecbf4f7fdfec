"""Ticks, and circles around printed words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ocr.cutting.cut import View, cut_box, glyph_size
from ocr.glyphs import GlyphModel
from ocr.layout import Box, Mark, Option
from ocr.marks.circles import ring_share
from ocr.marks.loose_marks import loose_mark
from ocr.marks.ticks import CLASSES, MARKED, STRAY, STRUCK, read_marks
from ocr.readings import ReadingReason

TICK_EMPTY, TICK_MARKED = 0.012, 0.05  # shares of ink inside a box
DOT, STROKE = 0.2, 0.55  # lengths of the mark, as shares of the box's side
RING_EMPTY, RING_MARKED = 0.60, 0.85  # shares of directions in which a ring of ink is met
LEAD = 0.25
SURE = 0.8  # a mark that the network finds less likely than this is faint


@dataclass(frozen=True)
class Chosen:
    """Which option is marked.

    value: None when none or several are. several: the values that all bear a mark.
    """

    value: str | None
    raw: str
    confidence: float
    reasons: tuple[ReadingReason, ...] = ()
    strengths: tuple[float, ...] = ()


def read_options(view: View, options: Sequence[Option], mark: Mark, model: GlyphModel | None = None) -> Chosen:
    """The chosen option: by the network of `ocr.marks.ticks`, without it by the marks compared with each other.

    A mark that neither chooses nor leaves out an option clearly is a reason, where the empty form is known.
    """
    values, boxes = [option.value for option in options], [option.box for option in options]
    if model is not None:
        chosen = choose_marked(values, read_marks(view, boxes, mark, model))
    elif mark is Mark.TICK:
        chosen = _choose(values, [tick_strength(view, box) for box in boxes])
    else:
        chosen = _choose(values, circle_strengths(view, boxes))
    if chosen.reasons:
        return chosen
    loose = loose_mark(view, boxes, None if chosen.value is None else values.index(chosen.value), mark)
    return replace(chosen, reasons=(loose,)) if loose else chosen


def circle_strengths(view: View, boxes: Sequence[Box]) -> list[float]:
    """How surely each word is circled: 0 or less clearly not, 1.0 clearly.

    The printed words are there in every form, so the least inked of them shows what a word alone gives.
    """
    shares = [ring_share(view, box) for box in boxes]
    word = min(shares) if len(shares) > 1 else RING_EMPTY - 0.1
    empty = float(np.clip(word + 0.1, RING_EMPTY - 0.1, RING_EMPTY + 0.05))
    return [_rescale(share, empty, RING_MARKED) for share in shares]


def choose_marked(values: Sequence[str], found: NDArray[np.float64]) -> Chosen:
    """The option that alone is marked. found: probabilities [options, `ocr.marks.ticks.CLASSES`] of each by itself."""
    marked = np.clip(found[:, CLASSES.index(MARKED)], 1e-6, 1 - 1e-6)
    none = float(np.prod(1 - marked))
    alone = none * marked / (1 - marked)
    best = int(alone.argmax())
    kept = tuple(round(float(share), 3) for share in marked)
    struck = (ReadingReason.STRUCK_OUT,) if (found[:, CLASSES.index(STRUCK)] > 0.5).any() else ()
    if none >= alone[best]:
        stray = (ReadingReason.FAINT_MARK,) if (found[:, CLASSES.index(STRAY)] > 0.5).any() else ()
        return Chosen(None, "", none, (*struck, *stray), kept)
    if int((marked > 0.5).sum()) > 1:
        raw = ",".join(value for value, share in zip(values, marked, strict=True) if share > 0.5)
        return Chosen(None, raw, 0.0, (*struck, ReadingReason.SEVERAL_MARKS), kept)
    faint = (ReadingReason.FAINT_MARK,) if alone[best] < SURE else ()
    return Chosen(values[best], values[best], float(alone[best]), (*struck, *faint), kept)


def _choose(values: Sequence[str], strengths: Sequence[float]) -> Chosen:
    order = sorted(range(len(values)), key=lambda i: -strengths[i])
    first = strengths[order[0]]
    second = max(0.0, strengths[order[1]]) if len(order) > 1 else 0.0
    kept = tuple(round(strength, 3) for strength in strengths)
    if first <= 0.0:
        return Chosen(None, "", _blank_confidence(first), (), kept)
    lead = first - second
    if second >= 0.6 and lead < 0.5:
        raw = ",".join(values[i] for i in order if strengths[i] >= 0.5)
        return Chosen(None, raw, 0.0, (ReadingReason.SEVERAL_MARKS,), kept)
    confidence = float(np.clip(0.5 + 0.49 * lead, 0.0, 0.99))
    reasons = (ReadingReason.FAINT_MARK,) if first < 0.5 or lead < LEAD else ()
    return Chosen(values[order[0]], values[order[0]], confidence, reasons, kept)


def _blank_confidence(strength: float) -> float:
    return float(np.clip(0.9 - strength, 0.5, 0.99))


def _rescale(share: float, empty: float, marked: float) -> float:
    """0.0 at or below `empty`, 1.0 at or above `marked`; a little below zero says how surely it is empty."""
    return float(np.clip((share - empty) / (marked - empty), -0.1, 1.0))


def tick_strength(view: View, box: Box) -> float:
    """How surely a tick box is marked: below 0 clearly empty, 1.0 clearly marked (✓ ✗ ■ ●)."""
    inside = cut_box(view, box)
    if inside.ink.size == 0:
        return -0.1
    share = _rescale(float(inside.ink.mean()), TICK_EMPTY, TICK_MARKED)
    return min(share, _rescale(glyph_size(inside) / max(inside.ink.shape), DOT, STROKE))


def tick_reading(view: View, box: Box, model: GlyphModel | None = None) -> tuple[str, float, tuple[ReadingReason, ...]]:
    """ "true" or "false" for a single tick box, its confidence, and FAINT_MARK where the ink is in between."""
    if model is not None:
        chosen = read_options(view, [Option("true", box)], Mark.TICK, model)
        return chosen.value or "false", chosen.confidence, chosen.reasons
    strength = tick_strength(view, box)
    if strength <= 0.0:
        return "false", _blank_confidence(strength), ()
    if strength < 0.5:
        value = "true" if strength > 0.25 else "false"
        return value, 0.5 + abs(strength - 0.25), (ReadingReason.FAINT_MARK,)
    return "true", float(np.clip(0.75 + 0.24 * strength, 0.0, 0.99)), ()
