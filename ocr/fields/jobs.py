"""A field on its way through recognition, and what the jobs of all kinds of field have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ocr.decoding.content import mask_for
from ocr.decoding.decode import decode_line
from ocr.engine import Image, Logits
from ocr.fields.cells import CellRow
from ocr.layout import Content
from ocr.readings import Reading, ReadingReason

SURE = 0.9  # a row of cells of which the network is this sure is not recognised as a line besides
BLANK_CONFIDENCE = 0.99


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
    """The job of a row that the network has looked at: done where it is sure, else with its line."""
    reading = read(row)
    if reading.blank or (reading.confidence or 0.0) >= SURE:
        return done(reading)

    def finish(logits: Sequence[Logits], alphabet: tuple[str, ...]) -> Reading:
        mask = mask_for(content, alphabet, content is Content.DATE)
        return read(row.joined(decode_line(logits[0], mask, (sum(row.inked),)).characters))

    return Job((line,), finish)


def row_reasons(row: CellRow) -> tuple[ReadingReason, ...]:
    """Why a person should look at a row of cells."""
    return (ReadingReason.OVERWRITTEN,) if row.clear < 0.5 else ()
