"""One reading per kind of field: which lines to recognise, and how their characters become a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ocr.cutting.cell_cut import cut_cells
from ocr.cutting.cut import (
    Patch,
    View,
    glyph_size,
    is_written,
    set_as_line,
)
from ocr.cutting.intruders import without_intruders
from ocr.decoding.decode import decode_content
from ocr.decoding.kana import spell, weigh_sizes
from ocr.engine import Logits
from ocr.fields.cells import CellRow, read_row, with_gaps
from ocr.fields.date_blanks import blanks_job
from ocr.fields.date_fields import date_job
from ocr.fields.ditto import with_ditto
from ocr.fields.doubts import row_doubts, with_doubts
from ocr.fields.jobs import BLANK_CONFIDENCE, Job, done, job_of_row, row_reasons
from ocr.fields.line_fields import line_job, written_reading
from ocr.fields.presence import presence_job
from ocr.layout import Box, CellsField, ChoiceField, Content, DateField, Field, LineField, TickField, around
from ocr.marks.options import read_options, tick_reading
from ocr.own import NO_MODELS, OwnModels
from ocr.readings import LOW, Reading, ReadingReason

_OF_ONE_PIECE = frozenset((Content.DIGITS, Content.PHONE, Content.POSTAL_CODE, Content.MY_NUMBER, Content.MONEY))
"""What is written of pieces that hang together; the marks of a kana stand apart, and may touch an edge themselves."""


def prepare(view: View, field: Field, own: OwnModels = NO_MODELS) -> Job:
    """The job of one field of a registered page; of cells, the line is asked for only where our own model is unsure."""
    if isinstance(field, LineField):
        return with_ditto(line_job(view, field, own.cells), view, field, own.cells)
    if isinstance(field, CellsField):
        return with_doubts(_cells(view, field, own), lambda: row_doubts(view, field.cells))
    if isinstance(field, DateField):
        job = blanks_job(view, field, own) if field.blanks else date_job(view, field, own)
        return with_doubts(job, lambda: row_doubts(view, (*field.year, *field.month, *field.day)))
    if isinstance(field, ChoiceField):
        return _choice(view, field, own)
    if isinstance(field, TickField):
        return _tick(view, field, own)
    return presence_job(view, field)


def _cells(view: View, field: CellsField, own: OwnModels) -> Job:
    patches = cut_cells(view, field.cells)
    if field.content in _OF_ONE_PIECE:
        patches = without_intruders(patches)
    return cells_job(field.name, around(field.cells), field.content, patches, own)


def cells_job(name: str, box: Box, content: Content, patches: Sequence[Patch], own: OwnModels = NO_MODELS) -> Job:
    """The job of a row of cells, cut out."""
    line = set_as_line(patches)
    if line is None:
        return done(Reading(name, None, "", BLANK_CONFIDENCE, box))
    row = read_row(patches, content, own.cells)
    if row is not None:
        return job_of_row(row, line, content, partial(_row_reading, name, box, content))
    filled = [is_written(patch) for patch in patches]

    def finish(logits: Sequence[Logits], alphabet: tuple[str, ...]) -> Reading:
        decoded = decode_content(logits[0], alphabet, content, (sum(filled),))
        if content is Content.KATAKANA:
            sizes = [glyph_size(patch) for patch in patches if is_written(patch)]
            decoded = weigh_sizes(decoded, sizes)
        spelt = spell(with_gaps(decoded, filled, content), content)
        return written_reading(name, box, content, [spelt], ())

    return Job((line,), finish)


def _row_reading(name: str, box: Box, content: Content, row: CellRow) -> Reading:
    if not any(row.held):
        return Reading(name, None, "", BLANK_CONFIDENCE, box)
    decoded = decode_content(row.logits, row.alphabet, content, (sum(row.held),))
    decoded = spell(with_gaps(replace(decoded, held=row.clear), row.held, content), content)
    return written_reading(name, box, content, [decoded], row_reasons(row, decoded.characters))


def _choice(view: View, field: ChoiceField, own: OwnModels) -> Job:
    chosen = read_options(view, field.options, field.mark, own.ticks)
    box = around([option.box for option in field.options])
    reasons = chosen.reasons
    if chosen.value is not None and chosen.confidence < LOW:
        reasons = (*reasons, ReadingReason.LOW_CONFIDENCE)
    return done(Reading(field.name, chosen.value, chosen.raw, chosen.confidence, box, reasons=reasons))


def _tick(view: View, field: TickField, own: OwnModels) -> Job:
    value, confidence, reasons = tick_reading(view, field.box, own.ticks)
    raw = "✓" if value == "true" else ""
    return done(Reading(field.name, value, raw, confidence, field.box, reasons=reasons))
