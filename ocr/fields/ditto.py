"""Signs in a table that repeat the row above: 〃, 同上 and the like, and a line drawn down the column.

A sign is told before a value is: 〃 by our network and by its two strokes, words on the line, a line by crossing the
rules of its row. What it repeats is known once the whole page is read (`repeat_above`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import exp

import cv2
import numpy as np

from ocr.cutting.cut import Patch, View, cut_box
from ocr.cutting.dirt import STREAK_MM, without_streaks
from ocr.cutting.pieces import as_cell
from ocr.decoding.content import mask_for
from ocr.decoding.decode import decode_line
from ocr.decoding.lexicon import rank_words
from ocr.engine import Image, Logits
from ocr.fields.jobs import Job
from ocr.glyphs import GlyphModel, glyph_measures, glyph_picture
from ocr.imaging import Mask, find_pieces
from ocr.layout import Content, Field, LineField
from ocr.readings import LOW, Reading, ReadingReason

SIGN, DOWN = "〃", "｜"
WORDS = ("同上", "仝上", "同", "仝", "同じ", "々", "″")
MOST_LETTERS = 3  # of a line that says a word, a scratch beside it included
TAKEN, DOUBTED = 0.5, 0.1  # above the first a sign is taken for one, above the second the value there is doubtful
DOUBTED_BLANK = 0.01  # and above this that nothing is there: two dots of dust in 268 blank rows had .0024 at most
USUAL_MM = 4.0  # height of a digit beside which the sign is shown to the network
MOST_STROKES = 2  # of 〃; 川 and 小 have three
SPECK = 0.4  # of the larger stroke's area: smaller ink is no stroke of 〃
LONGEST = 12.0  # a picture longer than so many of its heights says no word for the row above
SAID = -4.0  # ln over the best free reading at which a word is as likely as that
LEAST_SURE = 0.51  # of a sign that the line says, whatever else it says beside it
NOT_SILENT = 0.5  # confidence at most of a sign that a number, or a scanner's streak, may look like
TALL = 0.6  # of its row, that a line down the column takes at least
COLUMN_MM, BEYOND_MM = 1.4, 1.2  # how wide such a line may lean, and how far it leaves its row
STREAK = 0.6  # of the page: longer lines are drawn by the scanner
_NUMBERS = frozenset(
    {Content.DIGITS, Content.PHONE, Content.POSTAL_CODE, Content.MONEY, Content.MY_NUMBER, Content.DATE, Content.TIME}
)
_OF_THE_VALUE = frozenset({ReadingReason.LOW_CONFIDENCE, ReadingReason.BAD_FORMAT})


SIGNS = frozenset((SIGN, DOWN, *WORDS))
"""What `Reading.raw` is where a sign was read."""


@dataclass(frozen=True)
class _Sign:
    text: str
    probability: float


def with_ditto(job: Job, view: View, field: LineField, model: GlyphModel | None) -> Job:
    """The job of a field in a table whose reading says `ditto`, without a value, where a sign stands."""
    if field.above is None or min(field.lines, len(job.lines)) > 1:
        return job
    by_shape = _shape(job, view, field, model) if model else None

    def finish(logits: Sequence[Logits], alphabet: tuple[str, ...]) -> Reading:
        reading = job.finish(logits, alphabet)
        few = _is_word(reading)
        if (few or by_shape is not None) and runs_down(view, field):
            return _as_sign(reading, field, _Sign(DOWN, NOT_SILENT))
        by_word = _word(logits[0], alphabet) if logits and few and _is_short(job.lines[0]) else None
        signs = [sign for sign in (by_shape, by_word) if sign is not None]
        return _weigh(reading, field, max(signs, key=lambda sign: sign.probability)) if signs else reading

    def revise(logits: Sequence[Logits], alphabet: tuple[str, ...], others: Mapping[str, Reading]) -> Reading | None:
        if job.revise is None or others[field.name].ditto:
            return None
        return job.revise(logits, alphabet, others)

    return replace(job, finish=finish, revise=revise if job.revise else None)


def _shape(job: Job, view: View, field: LineField, model: GlyphModel) -> _Sign | None:
    """What the two strokes of 〃 say; in a field without writing, what may be taken for dust as well."""
    _, patch = without_streaks(view, cut_box(view, field.box))
    found = mark_probability(patch, model)
    found = found if job.lines else min(found, LEAST_SURE)
    return _Sign(SIGN, found) if found else None


def _is_short(line: Image) -> bool:
    return bool(line.shape[1] <= LONGEST * line.shape[0])


def _is_word(reading: Reading) -> bool:
    """Whether so little is read that it may be a word for the row above, however wide it is written."""
    return len(reading.raw.replace(" ", "")) <= MOST_LETTERS


def _weigh(reading: Reading, field: LineField, sign: _Sign) -> Reading:
    """The sign where it is likelier than not; what was read otherwise, doubtful where it might yet be a sign."""
    if sign.probability > TAKEN:
        return _as_sign(reading, field, sign)
    if sign.probability < (DOUBTED_BLANK if reading.blank else DOUBTED) or reading.confidence is None:
        return reading
    confidence = reading.confidence * (1.0 - sign.probability)
    reasons = (*(r for r in reading.reasons if r is not ReadingReason.LOW_CONFIDENCE), ReadingReason.LOW_CONFIDENCE)
    return replace(reading, confidence=confidence, reasons=reasons)


def _as_sign(reading: Reading, field: LineField, sign: _Sign) -> Reading:
    """The reading of a sign; two strokes where a number is wanted may be 11, so that a person looks."""
    like_number = sign.text == SIGN and field.content in _NUMBERS
    confidence = min(sign.probability, NOT_SILENT) if like_number else sign.probability
    reasons = tuple(reason for reason in reading.reasons if reason not in _OF_THE_VALUE)
    low = (ReadingReason.LOW_CONFIDENCE,) if confidence < LOW else ()
    return Reading(field.name, None, sign.text, confidence, field.box, reasons=(*reasons, *low), ditto=True)


def mark_probability(patch: Patch, model: GlyphModel) -> float:
    """How surely 〃 stands in a patch and nothing else but specks."""
    ink = _strokes(patch.ink)
    if ink is None or SIGN not in model.classes:
        return 0.0
    usual = USUAL_MM * patch.scale
    cell = as_cell(patch, [ink], usual)
    pictures, measures = glyph_picture(cell)[None], glyph_measures(cell, usual)[None]
    scores = model.log_probabilities(pictures, measures)[0]
    return float(np.exp(scores[model.classes.index(SIGN)]))


def _strokes(ink: Mask) -> Mask | None:
    """The strokes, without what is much smaller beside them and what reaches in over an edge; None without any, and
    where there are too many."""
    pieces = find_pieces(ink)
    (height, width), (left, top, w, h, area) = ink.shape, pieces.stats.T
    inside = (left > 0) & (top > 0) & (left + w < width) & (top + h < height)
    inside[0] = False
    large = np.flatnonzero(inside & (area >= SPECK * area[inside].max(initial=1)))
    return pieces.only(np.isin(np.arange(len(area)), large)) if 0 < len(large) <= MOST_STROKES else None


def _word(logits: Logits, alphabet: tuple[str, ...]) -> _Sign | None:
    """The word for the row above that a line says, where it says hardly anything else."""
    free = decode_line(logits, mask_for(Content.TEXT, alphabet))
    bare = "".join(char for char in free.text if char.isalpha() or char == "々")
    if len(free.text.replace(" ", "")) > MOST_LETTERS:
        return None
    if bare in WORDS and bare != free.text:  # a bracket or a dash beside it
        return _Sign(bare, max(free.probability, LEAST_SURE))
    hits = rank_words(logits, alphabet, _words(alphabet))
    return _Sign(hits[0].word, 1.0 / (1.0 + exp(min(30.0, SAID - hits[0].score)))) if hits else None


@lru_cache(maxsize=4)
def _words(alphabet: tuple[str, ...]) -> tuple[str, ...]:
    """Those that an engine with these characters can read."""
    return tuple(word for word in WORDS if set(word) <= set(alphabet))


def runs_down(view: View, field: LineField) -> bool:
    """Whether a pen drew a line down the column, across a rule of the field's row and no farther than a table is."""
    patch, scale = cut_box(view, field.box), view.scale
    pieces = find_pieces(patch.ink)
    if len(pieces.stats) != 2 or pieces.stats[1, cv2.CC_STAT_HEIGHT] < TALL * patch.ink.shape[0]:
        return False
    _, _, width, height, area = (int(v) for v in pieces.stats[1])
    if width > COLUMN_MM * scale or area <= STREAK_MM * scale * height:
        return False
    ys, xs = np.nonzero(patch.ink)
    ends = [
        _follow(view.ink, patch.x + int(xs[ys == edge].min()), patch.x + int(xs[ys == edge].max()), patch.y + edge, way)
        for edge, way in ((int(ys.min()), -1), (int(ys.max()), 1))
    ]
    beyond = max(patch.y - ends[0], ends[1] - patch.y - patch.ink.shape[0])
    return bool(beyond >= BEYOND_MM * scale and ends[1] - ends[0] < STREAK * view.ink.shape[0])


def _follow(ink: Mask, left: int, right: int, row: int, way: int) -> int:
    """The last row of a line that goes on from these columns, up (-1) or down (1), over small gaps and rules."""
    end, width = row, right - left + 1
    while 0 <= row < len(ink) and abs(row - end) <= width:
        start = max(0, left - 1)
        columns = np.flatnonzero(ink[row, start : right + 2])
        if len(columns):
            end = row
        if 0 < len(columns) <= width:
            middle = start + round(float(columns.mean()))
            left, right = middle - width // 2, middle - width // 2 + width - 1
        row += way
    return end


def repeat_above(fields: Sequence[Field], readings: Sequence[Reading]) -> list[Reading]:
    """The readings of a page; those that are signs have the value of the row above, which may be a sign itself.

    No surer than both, and with the doubts of both; NOTHING_ABOVE and no value where that row has none.
    """
    above = {field.name: field.above for field in fields if isinstance(field, LineField) and field.above}
    known = {reading.name: reading for reading in readings}
    for name in above:
        _resolve(name, above, known)
    return [known[reading.name] for reading in readings]


def _resolve(name: str, above: Mapping[str, str], known: dict[str, Reading]) -> Reading | None:
    """The reading of this name once what it repeats is known; None for a field that the page does not have."""
    reading = known.get(name)
    if reading is None or not reading.ditto or reading.leans_on or ReadingReason.NOTHING_ABOVE in reading.reasons:
        return reading
    source = _resolve(above[name], above, known)
    if source is None or source.value is None or source.confidence is None:
        reasons = (*reading.reasons, ReadingReason.NOTHING_ABOVE)
        known[name] = replace(reading, confidence=0.0, reasons=reasons)
    else:
        confidence = (reading.confidence or 0.0) * source.confidence
        reasons = tuple(dict.fromkeys((*reading.reasons, *source.reasons)))
        leans_on = (source.name, *source.leans_on)
        known[name] = replace(reading, value=source.value, confidence=confidence, reasons=reasons, leans_on=leans_on)
    return known[name]
