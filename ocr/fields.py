"""One reading per kind of field: which lines to recognise, and how their characters become a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np

from ocr.cells import CellRow, read_row, with_gaps, word_ends
from ocr.content import exact_lengths, mask_for, to_value
from ocr.cut import (
    Patch,
    View,
    cut_box,
    glyph_size,
    is_written,
    line_picture,
    set_as_line,
    split_lines,
    without_guides,
)
from ocr.date_fields import date_job
from ocr.decode import Decoded, decode_content, decode_line
from ocr.engine import Image, Logits
from ocr.jobs import BLANK_CONFIDENCE, LOW, Job, around, done, job_of_row, row_reasons
from ocr.kana import spell_names, weigh_sizes
from ocr.layout import Box, CellsField, ChoiceField, Content, DateField, Field, LineField, PresenceField, TickField
from ocr.lexicon import begin_address, choose_word, towns_of
from ocr.marks import is_struck_out, overflows, read_options, tick_reading
from ocr.own import NO_MODELS, OwnModels
from ocr.readings import Reading, ReadingReason

SKIPPED = 1.25  # characters farther apart than this, in heights of the line, leave room for another


def prepare(view: View, field: Field, own: OwnModels = NO_MODELS) -> Job:
    """The job of one field of a registered page; of cells, the line is asked for only where our own model is unsure."""
    if isinstance(field, LineField):
        return _line(view, field)
    if isinstance(field, CellsField):
        return _cells(view, field, own)
    if isinstance(field, DateField):
        return date_job(view, field, own)
    if isinstance(field, ChoiceField):
        return _choice(view, field, own)
    if isinstance(field, TickField):
        return _tick(view, field, own)
    return _presence(view, field)


def _line(view: View, field: LineField) -> Job:
    patch = cut_box(view, field.box)
    if field.lines > 1:
        patch = without_guides(patch)
    pictures = [line_picture(part) for part in split_lines(patch, field.lines)]
    lines = tuple(picture for picture in pictures if picture is not None)
    if not lines:
        return done(Reading(field.name, None, "", BLANK_CONFIDENCE, field.box))
    reasons = _stroke_reasons(view, patch, field.box)

    def finish(logits: Sequence[Logits], alphabet: tuple[str, ...]) -> Reading:
        if len(logits) == 1:
            lengths = field.lengths or exact_lengths(field.content)
            parts = [decode_content(logits[0], alphabet, field.content, lengths)]
        else:
            parts = [decode_line(matrix, mask_for(field.content, alphabet)) for matrix in logits]
        if field.content is Content.KATAKANA:
            parts = [spell_names(part) for part in parts]
        parts = [_doubted(part, line) for part, line in zip(parts, lines, strict=True)]
        if field.lexicon and len(parts) == 1:
            parts = [choose_word(parts[0], logits[0], alphabet, field.lexicon)]
        return written_reading(field.name, field.box, field.content, parts, reasons)

    def revise(logits: Sequence[Logits], alphabet: tuple[str, ...], others: Mapping[str, Reading]) -> Reading | None:
        code = others.get(field.postal or "")
        if code is None or code.value is None or (code.confidence or 0.0) < LOW:
            return None
        begun = begin_address(logits[0], alphabet, towns_of(code.value))
        if begun is None:
            return None
        others_lines = [decode_line(matrix, mask_for(field.content, alphabet)) for matrix in logits[1:]]
        parts = [_doubted(part, line) for part, line in zip((begun.whole, *others_lines), lines, strict=True)]
        reading = written_reading(field.name, field.box, field.content, parts, reasons)
        return replace(reading, leans_on=(code.name,))

    return Job(lines, finish, revise if field.postal else None)


def _doubted(decoded: Decoded, line: Image) -> Decoded:
    """Half as sure where a wide stretch of ink between two characters was read as nothing."""
    gaps = pairwise(place * line.shape[1] for place in decoded.places)
    inked = np.any(line < 160, axis=0, keepdims=True)[0]
    for left, right in gaps:
        third = (right - left) / 3
        if right - left > SKIPPED * len(line) and inked[int(left + third) : int(right - third)].mean() > 0.5:
            return replace(decoded, probability=decoded.probability * 0.5)
    return decoded


def _cells(view: View, field: CellsField, own: OwnModels) -> Job:
    patches = [cut_box(view, cell) for cell in field.cells]
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
            decoded = spell_names(weigh_sizes(decoded, sizes), word_ends(filled))
        return written_reading(name, box, content, [with_gaps(decoded, filled, content)], ())

    return Job((line,), finish)


def _row_reading(name: str, box: Box, content: Content, row: CellRow) -> Reading:
    if not any(row.held):
        return Reading(name, None, "", BLANK_CONFIDENCE, box)
    decoded = decode_content(row.logits, row.alphabet, content, (sum(row.held),))
    if content is Content.KATAKANA:
        decoded = spell_names(decoded, word_ends(row.held))
    decoded = with_gaps(replace(decoded, held=row.clear), row.held, content)
    return written_reading(name, box, content, [decoded], row_reasons(row))


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


def _presence(view: View, field: PresenceField) -> Job:
    there = is_written(cut_box(view, field.box))
    return done(Reading(field.name, "true" if there else "false", "", 0.9 if there else BLANK_CONFIDENCE, field.box))


def written_reading(
    name: str,
    box: Box | None,
    content: Content,
    parts: Sequence[Decoded],
    reasons: Sequence[ReadingReason],
) -> Reading:
    """The reading of the decoded lines of one field."""
    raw = "".join(part.text for part in parts)
    characters = tuple(char for part in parts for char in part.characters)
    candidates = parts[0].values if len(parts) == 1 else ()
    value = candidates[0][0] if candidates else to_value(content, raw) if raw else None
    found = list(reasons)
    if value is None:
        found.append(ReadingReason.BAD_FORMAT)
        return Reading(name, None, raw or "?", 0.0, box, None, tuple(found), characters)
    confidence = 1.0
    for part in parts:
        confidence *= part.probability * part.held
    if ReadingReason.STRUCK_OUT in found:
        confidence *= 0.3
    if ReadingReason.OUTSIDE_BOX in found:
        confidence *= 0.7
    if confidence < LOW:
        found.append(ReadingReason.LOW_CONFIDENCE)
    return Reading(name, value, raw, confidence, box, None, tuple(found), characters, candidates=candidates)


def _stroke_reasons(view: View, patch: Patch, box: Box) -> tuple[ReadingReason, ...]:
    struck = (ReadingReason.STRUCK_OUT,) if is_struck_out(patch) else ()
    outside = (ReadingReason.OUTSIDE_BOX,) if overflows(view, box) else ()
    return (*struck, *outside)
