"""Ticks, circles around printed words, and strokes that take writing back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.cut import Patch, View, cut_box
from ocr.imaging import Mask
from ocr.layout import Box, Mark, Option
from ocr.readings import ReadingReason

TICK_EMPTY, TICK_MARKED = 0.012, 0.05  # shares of ink inside a box
RAYS = 48
CIRCLE_EMPTY, CIRCLE_MARKED = 0.38, 0.62  # shares of directions in which a ring of ink is met
LEAD = 0.18


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


def read_options(view: View, options: Sequence[Option], mark: Mark) -> Chosen:
    """The chosen option, by the marks compared with each other."""
    if mark is Mark.TICK:
        strengths = [tick_strength(view, option.box) for option in options]
        empty, marked = 0.0, 1.0
    else:
        boxes = [option.box for option in options]
        strengths = [_rescale(ring_share(view, box, boxes), CIRCLE_EMPTY, CIRCLE_MARKED) for box in boxes]
        empty, marked = 0.0, 1.0
    return _choose([option.value for option in options], strengths, empty, marked)


def _choose(values: Sequence[str], strengths: Sequence[float], empty: float, marked: float) -> Chosen:
    order = sorted(range(len(values)), key=lambda i: -strengths[i])
    first = strengths[order[0]]
    second = strengths[order[1]] if len(order) > 1 else empty
    kept = tuple(round(s, 3) for s in strengths)
    if first <= empty:
        return Chosen(None, "", _blank_confidence(first), (), kept)
    if second >= 0.6 * marked and first - second < 0.6 * marked:
        raw = ",".join(values[i] for i in order if strengths[i] >= 0.5 * marked)
        return Chosen(None, raw, 0.0, (ReadingReason.SEVERAL_MARKS,), kept)
    lead = first - max(second, empty)
    confidence = float(np.clip(0.5 + 0.49 * min(lead, first) / marked, 0.0, 0.99))
    reasons = (ReadingReason.FAINT_MARK,) if first < 0.5 * marked or lead < LEAD * marked else ()
    return Chosen(values[order[0]], values[order[0]], confidence, reasons, kept)


def _blank_confidence(strength: float) -> float:
    return float(np.clip(0.9 - strength, 0.5, 0.99))


def _rescale(share: float, empty: float, marked: float) -> float:
    """0.0 at or below `empty`, 1.0 at or above `marked`; a little below zero says how surely it is empty."""
    return float(np.clip((share - empty) / (marked - empty), -0.1, 1.0))


def tick_strength(view: View, box: Box) -> float:
    """How surely a tick box is marked: below 0 clearly empty, 1.0 clearly marked (✓ ✗ ■ ●)."""
    inside = cut_box(view, box).ink
    if inside.size == 0:
        return -0.1
    return _rescale(float(inside.mean()), TICK_EMPTY, TICK_MARKED)


def ring_share(view: View, box: Box, others: Sequence[Box]) -> float:
    """The share of directions from a word's middle in which ink stands just around the word, 0.0-1.0.

    Ink counts between the edge of the word and an ellipse around it; a neighbouring word is not counted.
    """
    cx, cy = (box.x + box.w / 2) * view.scale, (box.y + box.h / 2) * view.scale
    reach = _reach(box, others)
    angles = np.linspace(0, 2 * np.pi, RAYS, endpoint=False)
    hits = 0
    for angle in angles:
        dx, dy = float(np.cos(angle)), float(np.sin(angle))
        near = _edge(box, dx, dy) * 0.92
        far = _edge(box, dx, dy) + reach
        radii = np.arange(near, far, 0.5 / view.scale) * view.scale
        xs = np.clip((cx + radii * dx).astype(int), 0, view.ink.shape[1] - 1)
        ys = np.clip((cy + radii * dy).astype(int), 0, view.ink.shape[0] - 1)
        hits += bool(view.ink[ys, xs].any())
    return hits / RAYS


def _edge(box: Box, dx: float, dy: float) -> float:
    """Millimetres from the middle of a box to its edge in a direction."""
    return min(box.w / 2 / max(abs(dx), 1e-6), box.h / 2 / max(abs(dy), 1e-6))


def _reach(box: Box, others: Sequence[Box]) -> float:
    """How far beyond a word its circle may run, in millimetres, without meeting the next word."""
    gaps = [
        max(_apart(box.x, box.w, other.x, other.w), _apart(box.y, box.h, other.y, other.h))
        for other in others
        if other != box
    ]
    return float(np.clip(min(gaps, default=2.0), 0.8, 2.0))


def _apart(a: float, a_length: float, b: float, b_length: float) -> float:
    return max(b - a - a_length, a - b - b_length)


def is_struck_out(patch: Patch) -> bool:
    """True when two long level strokes run through the writing (a double line takes a value back)."""
    ink = patch.ink
    if not ink.any():
        return False
    ys, xs = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    body = ink[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
    height, width = body.shape
    if width < 8 * patch.scale or height < 1.5 * patch.scale:
        return False
    runs = _longest_runs(body, max(1, round(0.15 * patch.scale)))
    middle = runs[round(0.15 * height) : round(0.85 * height) + 1]
    return _groups(middle > 0.6 * width) >= 2


def _longest_runs(ink: Mask, tolerance: int) -> NDArray[np.int64]:
    """The longest level stroke of each row, in pixels; a stroke may wander by `tolerance` rows."""
    thick = cv2.dilate(ink.astype(np.uint8), np.ones((2 * tolerance + 1, 3), np.uint8))
    runs = np.zeros(len(thick), np.int64)
    current = np.zeros(len(thick), np.int64)
    for column in thick.T:
        current = (current + 1) * column
        runs = np.maximum(runs, current)
    return runs


def _groups(flags: Mask) -> int:
    return int(np.count_nonzero(flags & ~np.concatenate(([False], flags[:-1]))))


def tick_reading(view: View, box: Box) -> tuple[str, float, tuple[ReadingReason, ...]]:
    """"true" or "false" for a single tick box, its confidence, and FAINT_MARK where the ink is in between."""
    strength = tick_strength(view, box)
    if strength <= 0.0:
        return "false", _blank_confidence(strength), ()
    if strength < 0.5:
        value = "true" if strength > 0.25 else "false"
        return value, 0.5 + abs(strength - 0.25), (ReadingReason.FAINT_MARK,)
    return "true", float(np.clip(0.75 + 0.24 * strength, 0.0, 0.99)), ()


def overflows(view: View, box: Box) -> bool:
    """True when writing runs across the edge of its box: the same stroke stands on both sides of it."""
    scale = view.scale
    near, far = round(0.5 * scale), round(1.6 * scale)
    x0, y0 = round(box.x * scale), round(box.y * scale)
    x1, y1 = round((box.x + box.w) * scale), round((box.y + box.h) * scale)
    corner = round(1.2 * scale)
    if y0 < far or x0 < far or y1 + far >= view.ink.shape[0] or x1 + far >= view.ink.shape[1]:
        return False
    bands = (
        view.ink[y0 - far : y0 + far, x0 + corner : x1 - corner],
        view.ink[y1 - far : y1 + far, x0 + corner : x1 - corner][::-1],
        view.ink[y0 + corner : y1 - corner, x0 - far : x0 + far].T,
        view.ink[y0 + corner : y1 - corner, x1 - far : x1 + far].T[::-1],
    )
    return any(_crossing(band, near, far) >= 0.25 * scale for band in bands)


def _crossing(band: Mask, near: int, far: int) -> int:
    """Columns in which ink stands in the outer half and the inner half of a band around an edge."""
    outside = band[: far - near].mean(axis=0) > 0.55
    inside = band[far + near :].mean(axis=0) > 0.55
    return int(np.count_nonzero(outside & inside))
