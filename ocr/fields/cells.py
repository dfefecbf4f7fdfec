"""A row of cells by the network of `ocr.glyphs`: what each cell holds, in the form that the decoders take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ocr.cutting.cut import Patch, is_written
from ocr.decoding.content import KATAKANA
from ocr.decoding.decode import Decoded
from ocr.engine import Logits
from ocr.glyphs import DUST, OTHER, RELATIVE, GlyphModel, darkness, row_inputs
from ocr.layout import Content
from ocr.marks.loops import count_loops
from ocr.readings import CharReading

DIGITS = "0123456789"
_DASH = "ー"
_HOLDS = {
    **dict.fromkeys((Content.DIGITS, Content.PHONE, Content.POSTAL_CODE, Content.MY_NUMBER), DIGITS + _DASH),
    Content.DATE: DIGITS + "元" + _DASH,
    Content.MONEY: DIGITS + "¥" + _DASH,
    Content.KATAKANA: KATAKANA + "゛゜〃",
}
SPACED = frozenset({Content.TEXT, Content.NAME, Content.ADDRESS, Content.KATAKANA, Content.EMAIL})
_NEVER = -30.0
Flags = NDArray[np.bool_]
LINE_WEIGHT = 0.4  # of what the line recogniser says of a cell beside what the network says
SPECK = 0.4  # what is no character and smaller than this, of the row's usual size, nobody meant to write
PALE = 0.62  # of the darkness that is usual in the row: ink no darker is a stamp's, or shows through the paper
_UNSEEN = 1e-3  # probability left for characters that the line recogniser does not name


@dataclass(frozen=True)
class CellRow:
    """What the cells of one row hold.

    alphabet: what a cell may hold; index 0 is the CTC blank, as the decoders want it.
    inked: which cells bear ink. held: which of them hold a character; dust, and dashes among digits, are none.
    log_probs: natural logarithms [cells that hold a character, len(alphabet) - 1].
    clear: the probability that all of them hold one clear character, nothing struck out, overwritten or smudged, and
        that what else bears ink holds none.
    loops: how much paper each character closes in, 0 where the network does not doubt it; empty for kana.
    """

    alphabet: tuple[str, ...]
    inked: tuple[bool, ...]
    held: tuple[bool, ...]
    log_probs: NDArray[np.float64]
    clear: float
    loops: tuple[int, ...] = ()

    @property
    def logits(self) -> Logits:
        """The row as log-probabilities [T, len(alphabet)] of a line: each character a step, a blank around each."""
        count, outputs = self.log_probs.shape
        matrix = np.full((2 * count + 1, outputs + 1), _NEVER, np.float32)
        matrix[::2, 0] = 0.0
        matrix[1::2, 1:] = np.maximum(self.log_probs, _NEVER)
        return matrix

    def joined(self, characters: Sequence[CharReading]) -> CellRow:
        """The row with what the line recogniser read in it weighed in; as it was when the numbers do not agree.

        characters: one for each inked cell.
        """
        if len(characters) != sum(self.inked):
            return self
        kept = [held for inked, held in zip(self.inked, self.held, strict=True) if inked]
        line = np.array([self._line(char) for char, held in zip(characters, kept, strict=True) if held])
        if not len(line):
            return self
        return replace(self, log_probs=_normalised(self.log_probs + LINE_WEIGHT * line))

    def _line(self, reading: CharReading) -> NDArray[np.float64]:
        found = dict([*reading.alternatives, (reading.char, reading.probability)])
        return np.log([max(found.get(char, 0.0), _UNSEEN) for char in self.alphabet[1:]])


def read_row(patches: Sequence[Patch], content: Content, model: GlyphModel | None) -> CellRow | None:
    """What the cells hold; None without a model, and for kinds of field it does not know."""
    if model is None or content not in _HOLDS:
        return None
    pictures, measures = row_inputs(patches)
    scores = model.log_probabilities(pictures, measures).astype(np.float64)
    places = {name: n for n, name in enumerate(model.classes)}
    chars = [char for char in _HOLDS[content] if char in places]
    columns = [places[name] for name in (*chars, OTHER, DUST)]
    within = np.exp(_normalised(scores[:, columns]))
    dropped = (within[:, -1] > 0.5) | ((within[:, -2:].sum(axis=1) > 0.5) & (measures[:, RELATIVE] < SPECK))
    inked = [is_written(patch) for patch in patches]
    pale = _pale([patch for patch in patches if is_written(patch)])
    empty = np.where(pale, 1.0, within[:, -2:].sum(axis=1))
    dropped |= pale
    if content is not Content.MONEY:
        dashes = within[:, chars.index(_DASH)]
        stray = _stray(dashes > 0.5, dropped, inked) if content is Content.KATAKANA else dashes > 0.5
        empty = np.minimum(1.0, empty + np.where(stray, dashes, 0.0))
        dropped |= stray
    if content is Content.KATAKANA:
        dropped |= _behind(dropped, inked)
    left = iter(~dropped)
    held = tuple(bool(next(left)) if ink else False for ink in inked)
    kept = within[~dropped]
    clear = float(np.prod(np.clip(1.0 - kept[:, -2:].sum(axis=1), 1e-6, 1.0)) * np.prod(empty[dropped]))
    names = tuple("-" if char == _DASH and content is Content.MONEY else char for char in chars)
    log_probs = _normalised(np.log(np.maximum(kept[:, :-2], 1e-12)))
    loops = () if content is Content.KATAKANA else count_loops(pictures[~dropped], kept[:, -2])
    return CellRow(("", *names), tuple(inked), held, log_probs, clear, loops)


def _pale(written: Sequence[Patch]) -> Flags:
    """Which written cells hold nothing but ink much paler than is usual in the row."""
    depths = np.array([darkness(patch) for patch in written])
    return np.asarray(depths < PALE * np.median(depths)) if len(depths) else np.zeros(0, np.bool_)


def _stray(dashes: Flags, dropped: Flags, inked: Sequence[bool]) -> Flags:
    """Which dashes lengthen no kana, as what is left of a rule does: the first in a word, and those beside a dash."""
    out, places = np.zeros(len(dashes), np.bool_), [place for place, ink in enumerate(inked) if ink]
    characters = {place for place, drop in zip(places, dropped, strict=True) if not drop}
    drawn = {place for place, dash in zip(places, dashes, strict=True) if dash}
    for n, place in enumerate(places):
        lengthens = place - 1 in characters - drawn and place + 1 not in drawn
        out[n] = place in drawn and not lengthens
    return out


WORDS, APART = 2, 2
"""Behind so many words of a name, so many empty cells end it."""


def _behind(dropped: Flags, inked: Sequence[bool]) -> Flags:
    """Which written cells lie behind the end of a name: what a stamp or a scanner's line left there."""
    places = [place for place, ink in enumerate(inked) if ink]
    held = [place for place, drop in zip(places, dropped, strict=True) if not drop]
    gaps = [after for before, after in pairwise(held) if after - before > 1]  # where words begin
    ends = [after for after in gaps[WORDS - 1 :] if after - held[held.index(after) - 1] > APART]
    return np.array([bool(ends) and place >= ends[0] for place in places], np.bool_)


def _normalised(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    if not scores.size:
        return scores
    return np.asarray(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))


def with_gaps(decoded: Decoded, filled: Sequence[bool], content: Content) -> Decoded:
    """The characters with a space for each run of empty cells between them, in words; digits close up."""
    if content not in SPACED or len(decoded.characters) != sum(filled):
        return decoded
    out: list[CharReading] = []
    options: list[Mapping[str, float]] = []
    pending = False
    remaining = iter(decoded.characters)
    known = iter(decoded.options)
    for written in filled:
        if not written:
            pending = bool(out)
            continue
        if pending:
            out.append(CharReading(" ", 1.0))
            options.append({})
            pending = False
        out.append(next(remaining))
        options.append(next(known, {}))
    return replace(decoded, characters=tuple(out), options=tuple(options))
