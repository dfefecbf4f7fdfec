"""A field on its way through recognition, and what the jobs of all kinds of field have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp

from ocr.decoding.content import mask_for
from ocr.decoding.ctc import log_share
from ocr.decoding.decode import decode_line
from ocr.decoding.masks import CharMask
from ocr.engine import Image, Logits
from ocr.fields.cells import CellRow
from ocr.layout import Content
from ocr.marks.loops import is_knotted
from ocr.readings import LOW, CharReading, Reading, ReadingReason

SURE = 0.995
"""A row of cells of which the network is this sure is not recognised as a line besides. Below it two readers that agree
are much surer than one (docs/decisions/0030)."""
BLANK_CONFIDENCE = 0.99
CLEAR, CLEAR_KANA = 0.8, 0.5
"""Rows less surely clear are overwritten (`CellRow.clear`); of the many letters of a name one is often a little odd."""
AGAINST, CONTRADICTED = 0.2, 0.65
"""Of digits to which the line gives less than the first, this share is right, however sure the network is. Of kana the
line often knows nothing."""


@dataclass(frozen=True)
class Job:
    """A field on its way: the lines to recognise and what makes the reading of their log-probabilities.

    revise: makes the reading again, knowing those of the other fields by their names; None for no other reading.
    """

    lines: tuple[Image, ...]
    finish: Callable[[Sequence[Logits], tuple[str, ...]], Reading]
    revise: Callable[[Sequence[Logits], tuple[str, ...], Mapping[str, Reading]], Reading | None] | None = None


def done(reading: Reading) -> Job:
    """The job of a field for which no line need be recognised."""
    return Job((), lambda logits, alphabet: reading)


def job_of_row(row: CellRow, line: Image, content: Content, read: Callable[[CellRow], Reading]) -> Job:
    """The job of a row that the network has looked at: done where it is sure, else with its line as a second reader."""
    reading = read(row)
    if reading.blank or (reading.confidence or 0.0) >= SURE:
        return done(reading)

    def finish(logits: Sequence[Logits], alphabet: tuple[str, ...]) -> Reading:
        mask = mask_for(content, alphabet, content is Content.DATE)
        joined = read(row.joined(decode_line(logits[0], mask, (sum(row.inked),)).characters))
        second = chance_on_line(joined, logits[0], mask)
        if content is not Content.KATAKANA and second < AGAINST:
            joined = contradicted(joined)
        return replace(joined, second=second)

    return Job((line,), finish)


def contradicted(reading: Reading) -> Reading:
    """The reading as sure as those are that the other reader of the same digits does not take for these."""
    confidence = (reading.confidence or 0.0) * CONTRADICTED
    low = confidence < LOW and ReadingReason.LOW_CONFIDENCE not in reading.reasons
    reasons = (*reading.reasons, ReadingReason.LOW_CONFIDENCE) if low else reading.reasons
    return replace(reading, confidence=confidence, reasons=reasons)


def chance_on_line(reading: Reading, logits: Logits, mask: CharMask) -> float:
    """How probable the line makes the characters of a reading among all strings that are as long."""
    text = [one.char for one in reading.characters if one.char.strip()]
    if not text or not set(text) <= set(mask.outputs):
        return 0.0
    return exp(min(0.0, log_share(mask.apply(logits), [mask.outputs.index(char) for char in text])))


def row_reasons(row: CellRow, characters: Sequence[CharReading]) -> tuple[ReadingReason, ...]:
    """Why a person should look at a row of cells of which these characters were read."""
    over = row.clear < (CLEAR if row.loops else CLEAR_KANA) or is_knotted(row.loops, [one.char for one in characters])
    return (ReadingReason.OVERWRITTEN,) if over else ()
