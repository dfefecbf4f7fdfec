"""Dates on forms: the era, and year, month and day in cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ocr.cutting.cell_cut import cut_cells
from ocr.cutting.cut import View, is_written, set_as_line
from ocr.cutting.intruders import without_intruders
from ocr.decoding.content import mask_for
from ocr.decoding.dates import WESTERN, DateShape, date_grammar, to_day
from ocr.decoding.decode import Decoded, decode_grammar, decode_line
from ocr.engine import Logits
from ocr.fields.cells import CellRow, read_row
from ocr.fields.jobs import BLANK_CONFIDENCE, Job, done, job_of_row, row_reasons
from ocr.layout import Box, Content, DateField, around
from ocr.marks.options import Chosen, read_options
from ocr.own import OwnModels
from ocr.readings import LOW, CharReading, Reading, ReadingReason

ONLY = 0.7  # of all that looks marked among the eras: this one alone is


def date_job(view: View, field: DateField, own: OwnModels) -> Job:
    """The job of a date; its line is asked for only where our own model is unsure."""
    box = place_of(field)
    chosen = read_era(view, field, own)
    patches = without_intruders(cut_cells(view, (*field.year, *field.month, *field.day)))
    line = set_as_line(patches)
    row = read_row(patches, Content.DATE, own.cells)
    if line is None or (row is not None and not any(row.held)):
        return done(nothing_read(field.name, box, chosen))
    chosen = era_meant(chosen, field)
    sizes = [len(field.year), len(field.month), len(field.day)]
    if row is not None:
        return job_of_row(row, line, Content.DATE, lambda row: _row_date(field.name, box, chosen, row, sizes))
    counts = _sums([is_written(patch) for patch in patches], sizes)

    def finish(logits: Sequence[Logits], alphabet: tuple[str, ...]) -> Reading:
        return _date_reading(field.name, box, chosen, _decode_date(logits[0], alphabet, chosen, counts), counts)

    return Job((line,), finish)


def place_of(field: DateField) -> Box:
    """The rectangle around all that belongs to a date."""
    return around((*(option.box for option in field.eras), *field.year, *field.month, *field.day))


def nothing_read(name: str, box: Box, chosen: Chosen) -> Reading:
    """The reading of a date without any digit: blank, or no date where an era is marked."""
    if chosen.raw in ("", WESTERN):
        return Reading(name, None, "", BLANK_CONFIDENCE, box)
    return Reading(name, None, chosen.raw, 0.0, box, reasons=(ReadingReason.NOT_A_DATE,))


def read_era(view: View, field: DateField, own: OwnModels) -> Chosen:
    """The era that is marked; WESTERN where none is to be chosen."""
    if not field.eras:
        return Chosen(WESTERN, WESTERN, 1.0)
    return read_options(view, field.eras, field.era_mark, own.ticks)


def era_meant(chosen: Chosen, field: DateField) -> Chosen:
    """The era where digits are written, since one must have been chosen: what looks struck out was circled, where it
    bears the only mark. (The bars of 平 in a ring are easily taken for a strike.) The reason stays."""
    if chosen.value is not None or chosen.raw or ReadingReason.STRUCK_OUT not in chosen.reasons:
        return chosen
    best = max(range(len(chosen.strengths)), key=lambda n: chosen.strengths[n])
    share = chosen.strengths[best] / max(1e-6, sum(chosen.strengths))
    if share < ONLY:
        return chosen
    value = field.eras[best].value
    return replace(chosen, value=value, raw=value, confidence=share)


def _row_date(name: str, box: Box, chosen: Chosen, row: CellRow, sizes: Sequence[int]) -> Reading:
    counts = _sums(row.held, sizes)
    decoded = replace(_decode_date(row.logits, row.alphabet, chosen, counts), held=row.clear)
    reading = _date_reading(name, box, chosen, decoded, counts)
    return replace(reading, reasons=(*reading.reasons, *row_reasons(row, decoded.characters)))


def _sums(flags: Sequence[bool], sizes: Sequence[int]) -> tuple[int, int, int]:
    """How many flags are set among the first of these sizes, the next, and the last."""
    year, month = sizes[0], sizes[0] + sizes[1]
    return sum(flags[:year]), sum(flags[year:month]), sum(flags[month:])


def _decode_date(logits: Logits, alphabet: tuple[str, ...], chosen: Chosen, counts: tuple[int, int, int]) -> Decoded:
    mask, lengths = mask_for(Content.DATE, alphabet, True), (sum(counts),)
    shape = DateShape(chosen.value or WESTERN, counts)
    grammar = date_grammar(shape) if chosen.value else None
    if grammar is None:
        return decode_line(logits, mask, lengths)
    day = partial(to_day, shape=shape)
    return decode_grammar(logits, mask, grammar, lengths=lengths, value=lambda text: day(text).isoformat())


def _date_reading(name: str, box: Box, chosen: Chosen, decoded: Decoded, counts: Sequence[int]) -> Reading:
    parts = _parts(decoded.characters, counts)
    digits = "-".join("".join(char.char for char in part).zfill(2) if part else "?" for part in parts)
    era = "" if chosen.raw == WESTERN else chosen.raw or "?"
    raw = era + digits
    reasons = list(chosen.reasons)
    if not decoded.values:
        reasons.append(ReadingReason.NOT_A_DATE)
        return Reading(name, None, raw, 0.0, box, None, tuple(reasons), decoded.characters)
    confidence = decoded.probability * chosen.confidence * decoded.held
    if confidence < LOW:
        reasons.append(ReadingReason.LOW_CONFIDENCE)
    value = decoded.values[0][0]
    return Reading(
        name, value, raw, confidence, box, None, tuple(reasons), decoded.characters, candidates=decoded.values
    )


def _parts(characters: Sequence[CharReading], counts: Sequence[int]) -> list[tuple[CharReading, ...]]:
    out, start = [], 0
    for count in counts:
        out.append(tuple(characters[start : start + count]))
        start += count
    return out
