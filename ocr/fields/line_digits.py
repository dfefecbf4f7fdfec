"""A second opinion on the digits of a free line: the network of cells looks at each, cut out where the recogniser of
lines saw it, so that a comma that touches a digit is cut off it and a flag on a 1 makes no 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.cutting.cut import Patch
from ocr.cutting.pieces import as_cell
from ocr.decoding.decode import Decoded
from ocr.decoding.rivals import ALTERNATIVES
from ocr.decoding.values import to_value
from ocr.engine import Image
from ocr.fields.jobs import CONTRADICTED
from ocr.glyphs import DUST, OTHER, SIDE, GlyphModel, glyph_measures, glyph_picture
from ocr.imaging import Mask
from ocr.layout import Content

DIGITS = "0123456789"
NUMBERS = frozenset({Content.MONEY, Content.PHONE, Content.POSTAL_CODE, Content.DIGITS})
WEIGHT = 0.75  # of what the network says beside what the line's recogniser says
DARK = 160  # of the line's picture: darker is ink
LOW = 0.5  # of a digit's height: what is lower, and stands below its middle, is a comma
AGAINST = 0.05  # probability of a digit below which the network sees another one there
_CLASSES = frozenset((*DIGITS, OTHER, DUST))
_UNSEEN = 0.005  # probability left for a digit that the network does not see
Scores = NDArray[np.float64]


def weigh_digits(decoded: Decoded, line: Image, content: Content, model: GlyphModel) -> tuple[Decoded, float | None]:
    """The decoded number with its values weighed by what the network says of each digit, and how probable it takes them
    to be (`Reading.second`). As it was, and None, where what was read is no plain number of digits and signs, or where
    the digits do not part.

    line: the picture that was decoded, ink dark on white.
    """
    if not set(model.classes) >= _CLASSES:
        return decoded, None
    places = [n for n, char in enumerate(decoded.characters) if char.char in DIGITS]
    text = "".join(decoded.characters[n].char for n in places)
    if not decoded.values or decoded.values[0][0] != text or len(decoded.places) != len(decoded.characters):
        return decoded, None
    cells = cut_digits(line, decoded.places, places)
    if cells is None:
        return decoded, None
    said = digit_scores(cells, model)
    scores = WEIGHT * np.log(said + _UNSEEN)
    values = _weighed({**_replaced(decoded, places, text, content), **dict(decoded.values)}, text, scores)
    best, probability = values[0]
    if len(best) != len(text):
        return decoded, None
    characters = list(decoded.characters)
    for n, digit in zip(places, best, strict=True):
        characters[n] = replace(characters[n], char=digit)
    each = said[np.arange(len(best)), [int(digit) for digit in best]]
    sure = probability * (CONTRADICTED if each.min() < AGAINST else 1.0)
    found = replace(decoded, characters=tuple(characters), probability=sure, values=values[: ALTERNATIVES + 1])
    return found, float(each.prod())


def _weighed(known: Mapping[str, float], text: str, scores: Scores) -> tuple[tuple[str, float], ...]:
    """The values, best first; those of another number of digits than the text are as likely as before."""
    alike = {value: p for value, p in known.items() if len(value) == len(text)}
    rows = np.arange(len(text))
    found = {value: p * float(np.exp(scores[rows, [int(d) for d in value]].sum())) for value, p in alike.items()}
    scale = min(1.0, sum(alike.values())) / max(sum(found.values()), 1e-300)
    others = {value: p for value, p in known.items() if value not in alike}
    return tuple(sorted([*((v, p * scale) for v, p in found.items()), *others.items()], key=lambda one: -one[1]))


def _replaced(decoded: Decoded, places: Sequence[int], text: str, content: Content) -> dict[str, float]:
    """The best value with one digit another, which the recogniser named and the grammar takes; with probabilities.

    None for postal codes, which are not all alike likely to be written.
    """
    found: dict[str, float] = {}
    for n, place in enumerate(places if content is not Content.POSTAL_CODE else ()):
        char = decoded.characters[place]
        for other, p in char.alternatives:
            value = text[:n] + other + text[n + 1 :]
            if other in DIGITS and to_value(content, value) == value:
                found[value] = decoded.values[0][1] * p / max(char.probability, 1e-9)
    return found


def digit_scores(cells: Sequence[Patch], model: GlyphModel) -> Scores:
    """Probabilities [cells, 10] of the digits; evenly spread as far as the network sees none."""
    usual = float(np.median([cell.ink.any(axis=1).sum() for cell in cells]))
    pictures = np.array([glyph_picture(cell) for cell in cells], np.uint8).reshape(-1, SIDE, SIDE)
    measures = np.array([glyph_measures(cell, usual) for cell in cells], np.float32).reshape(-1, 6)
    columns = [model.classes.index(name) for name in (*DIGITS, OTHER, DUST)]
    found = np.exp(model.log_probabilities(pictures, measures).astype(np.float64))[:, columns]
    found /= found.sum(axis=1, keepdims=True)
    return np.asarray(found[:, :10] + found[:, 10:].sum(axis=1, keepdims=True) / 10)


def cut_digits(line: Image, places: Sequence[float], digits: Sequence[int]) -> list[Patch] | None:
    """Each digit as in a cell; None where one of them has no ink of its own."""
    ink = np.asarray(line < DARK)
    rows = np.flatnonzero(ink.any(axis=1))
    if not len(rows):
        return None
    edges = _edges(ink, [place * line.shape[1] for place in places])
    parts = [_digit_alone(ink, edges[n], edges[n + 1]) for n in digits]
    if not all(part.any() for part in parts):
        return None
    usual = float(np.median([np.ptp(np.flatnonzero(part.any(axis=1))) + 1 for part in parts]))
    patch = Patch(line, ink, 1.0)
    return [as_cell(patch, [part], usual) for part in parts]


def _edges(ink: Mask, middles: Sequence[float]) -> list[int]:
    """The columns between which each character stands: the emptiest ones between two of their middles."""
    amount = np.pad(ink.sum(axis=0).astype(np.float64), (0, 2))
    out = [0]
    for left, right in pairwise(middles):
        start, end = int(left) + 1, max(int(left) + 2, int(right))
        aside = np.abs(np.arange(start, end) - (left + right) / 2) / max(1.0, right - left)
        out.append(start + int((amount[start:end] + aside).argmin()))
    return [*out, ink.shape[1]]


def _digit_alone(ink: Mask, left: int, right: int) -> Mask:
    """The ink between two columns without commas and dust, which are much lower than what is tallest there."""
    part = np.zeros_like(ink)
    part[:, left:right] = ink[:, left:right]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(part.astype(np.uint8), connectivity=8)
    if count <= 2:
        return part
    heights, tops = stats[1:, cv2.CC_STAT_HEIGHT], stats[1:, cv2.CC_STAT_TOP]
    tallest = int(heights.argmax())
    middle = tops[tallest] + heights[tallest] / 2
    comma = (heights < LOW * heights[tallest]) & (tops > middle)
    return part & ~np.isin(labels, 1 + np.flatnonzero(comma))
