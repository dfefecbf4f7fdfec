"""Numbers written freely in a place without cells, read by the network of cells.

Nobody knows how many digits stand there and where one ends, so every parting of the ink is weighed: the network says
of each part how surely it is one digit, and of a wrong parting that it is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, product
from math import prod

import numpy as np
from numpy.typing import NDArray

from ocr.cutting.cut import Patch
from ocr.cutting.pieces import as_cell, part, together, usual_height
from ocr.glyphs import DUST, OTHER, SIDE, GlyphModel, glyph_measures, glyph_picture
from ocr.imaging import Mask

_NAMES = "0123456789元"
_STRINGS = 12  # kept of one place
_LIKELY = {1: 11, 2: 11, 3: 5, 4: 4}  # readings of a digit that are followed, by how many digits there are
_FAINT = 1e-5
Scores = NDArray[np.float64]
Span = tuple[int, int]


@dataclass(frozen=True)
class Number:
    """What stands in one place.

    texts: how probable each string is, the likeliest first, 元 for the year 1; empty where nothing is written.
    clear: the probability that the ink is digits at all, nothing struck out, overwritten or smudged.
    """

    texts: tuple[tuple[str, float], ...]
    clear: float


def read_numbers(places: Sequence[Patch], most: Sequence[int], model: GlyphModel) -> list[Number]:
    """What the network makes of places on one line. most: how many digits each may hold, at most 4."""
    usual = usual_height(places)
    parted = _without_dust(places, [part(place, usual) for place in places], usual, model)
    spans = [_spans(len(pieces), count) for pieces, count in zip(parted, most, strict=True)]
    digits = [
        as_cell(place, pieces[start:end], usual)
        for place, pieces, wanted in zip(places, parted, spans, strict=True)
        for start, end in wanted
    ]
    scores = iter(_scores(digits, usual, model))
    return [
        _weigh({span: next(scores) for span in wanted}, pieces, count)
        for pieces, wanted, count in zip(parted, spans, most, strict=True)
    ]


def _without_dust(
    places: Sequence[Patch], parted: Sequence[Sequence[Mask]], usual: float, model: GlyphModel
) -> list[list[Mask]]:
    """The pieces without those that nobody wrote."""
    alone = [as_cell(place, [piece], usual) for place, pieces in zip(places, parted, strict=True) for piece in pieces]
    dust = iter(_scores(alone, usual, model)[:, -1])
    return [[piece for piece in pieces if next(dust) < 0.5] for pieces in parted]


def _scores(digits: Sequence[Patch], usual: float, model: GlyphModel) -> Scores:
    """Probabilities [digits, _NAMES, OTHER and DUST]."""
    pictures = np.array([glyph_picture(digit) for digit in digits], np.uint8).reshape(-1, SIDE, SIDE)
    measures = np.array([glyph_measures(digit, usual) for digit in digits], np.float32).reshape(-1, 6)
    columns = [model.classes.index(name) for name in (*_NAMES, OTHER, DUST)]
    scores = np.exp(model.log_probabilities(pictures, measures).astype(np.float64))[:, columns]
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def _partings(pieces: int, most: int) -> Iterator[tuple[int, ...]]:
    """The ends of the digits, for every way to share pieces among at most so many."""
    for count in range(1, min(pieces, most) + 1):
        for cuts in combinations(range(1, pieces), count - 1):
            yield (0, *cuts, pieces)


def _spans(pieces: int, most: int) -> list[Span]:
    """Every run of neighbouring pieces that is a digit in some parting."""
    return sorted({span for ends in _partings(pieces, most) for span in pairwise(ends)})


def _weigh(known: Mapping[Span, Scores], pieces: Sequence[Mask], most: int) -> Number:
    """All partings together. known: what each run of pieces is as one digit."""
    belong = [together(a, b) for a, b in pairwise(pieces)]
    found: dict[str, float] = {}
    clear = 0.0
    for ends in _partings(len(pieces), most):
        parts = [known[span] for span in pairwise(ends)]
        clear = max(clear, prod(float(scores[: len(_NAMES)].sum()) for scores in parts))
        weight = prod(1 - p if place + 1 in ends else p for place, p in enumerate(belong))
        for way in product(*(_likely(scores, _LIKELY[len(parts)]) for scores in parts)):
            text = "".join([name for name, _ in way])
            found[text] = found.get(text, 0.0) + weight * prod([p for _, p in way])
    total = sum(found.values()) or 1.0
    best = sorted(found.items(), key=lambda item: -item[1])[:_STRINGS]
    return Number(tuple((text, p / total) for text, p in best), clear)


def _likely(scores: Scores, most: int) -> list[tuple[str, float]]:
    """The likeliest digits of a part and their probabilities."""
    ranked = sorted(zip(_NAMES, scores.tolist(), strict=False), key=lambda item: -item[1])
    return [(name, p) for name, p in ranked[:most] if p > _FAINT]
