"""One reading per kind of field: which lines to recognise, and how their characters become a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from ocr.dates import WESTERN, DateShape, date_grammar, to_day
from ocr.decode import Decoded, decode_content, decode_grammar, decode_line
from ocr.engine import Image, Logits
from ocr.kana import spell_names, weigh_sizes
from ocr.layout import Box, CellsField, ChoiceField, Content, DateField, Field, LineField, PresenceField, TickField
from ocr.lexicon import begin_address, choose_word, towns_of
from ocr.marks import Chosen, is_struck_out, overflows, read_options, tick_reading
from ocr.own import NO_MODELS, OwnModels
from ocr.readings import CharReading, Reading, ReadingReason

LOW = 0.6
SURE = 0.9  # a row of cells of which the network is this sure is not recognised as a line besides
BLANK_CONFIDENCE = 0.99
SKIPPED = 1.25  # characters farther apart than this, in heights of the line, leave room for another


@dataclass(frozen=True)
class Job:
    """A field on its way: the lines to recognise and what makes the reading of their log-probabilities.

    revise: makes the reading again, knowing those of the other fields by their names; None for no other reading.
    """

    lines: tuple[Image, ...]
    finish: Callable[[Sequence[Logits], tuple[str, ...]], Reading]
    revise: Callable[[Sequence[Logits], tuple[str, ...], Mapping[str, Reading]], Reading | None] | None = None


def prepare(view: View, field: Field, own: OwnModels = NO_MODELS) -> Job:
    """The job of one field of a registered page; of cells, the line is asked for only where our own model is unsure."""
    if isinstance(field, LineField):
        return _line(view, field)
    if isinstance(field, CellsField):
        return _cells(view, field, own)
    if isinstance(field, DateField):
        return _date(view, field, own)
    if isinstance(field, ChoiceField):
        return _choice(view, field, own)
    if isinstance(field, TickField):
        return _tick(view, field, own)
    return _presence(view, field)


def _done(reading: Reading) -> Job:
    return Job((), lambda logits, alphabet: reading)


def _line(view: View, field: LineField) -> Job:
    patch = cut_box(view, field.box)
    if field.lines > 1:
        patch = without_guides(patch)
    pictures = [line_picture(part) for part in split_lines(patch, field.lines)]
    lines = tuple(picture for picture in pictures if picture is not None)
    if not lines:
        return _done(Reading(field.name, None, "", BLANK_CONFIDENCE, field.box))
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
        return _done(Reading(name, None, "", BLANK_CONFIDENCE, box))
    row = read_row(patches, content, own.cells)
    if row is not None:
        return _job_of_row(row, line, content, partial(_row_reading, name, box, content))
    filled = [is_written(patch) for patch in patches]

    def finish(logits: Sequence[Logits], alphabet: tuple[str, ...]) -> Reading:
        decoded = decode_content(logits[0], alphabet, content, (sum(filled),))
        if content is Content.KATAKANA:
            sizes = [glyph_size(patch) for patch in patches if is_written(patch)]
            decoded = spell_names(weigh_sizes(decoded, sizes), word_ends(filled))
        return written_reading(name, box, content, [with_gaps(decoded, filled, content)], ())

    return Job((line,), finish)


def _job_of_row(row: CellRow, line: Image, content: Content, read: Callable[[CellRow], Reading]) -> Job:
    """The job of a row that the network has looked at: done where it is sure, else with its line."""
    reading = read(row)
    if reading.blank or (reading.confidence or 0.0) >= SURE:
        return _done(reading)

    def finish(logits: Sequence[Logits], alphabet: tuple[str, ...]) -> Reading:
        mask = mask_for(content, alphabet, content is Content.DATE)
        return read(row.joined(decode_line(logits[0], mask, (sum(row.inked),)).characters))

    return Job((line,), finish)


def _row_reading(name: str, box: Box, content: Content, row: CellRow) -> Reading:
    if not any(row.held):
        return Reading(name, None, "", BLANK_CONFIDENCE, box)
    decoded = decode_content(row.logits, row.alphabet, content, (sum(row.held),))
    if content is Content.KATAKANA:
        decoded = spell_names(decoded, word_ends(row.held))
    decoded = with_gaps(replace(decoded, held=row.clear), row.held, content)
    return written_reading(name, box, content, [decoded], _row_reasons(row))


def _row_reasons(row: CellRow) -> tuple[ReadingReason, ...]:
    return (ReadingReason.OVERWRITTEN,) if row.clear < 0.5 else ()


def _date(view: View, field: DateField, own: OwnModels) -> Job:
    groups = [[cut_box(view, cell) for cell in cells] for cells in (field.year, field.month, field.day)]
    options = [option.box for option in field.eras]
    box = around((*options, *field.year, *field.month, *field.day))
    chosen = _read_era(view, field, own)
    patches = [patch for group in groups for patch in group]
    line = set_as_line(patches)
    row = read_row(patches, Content.DATE, own.cells)
    if line is None or (row is not None and not any(row.held)):
        if chosen.raw in ("", WESTERN):
            return _done(Reading(field.name, None, "", BLANK_CONFIDENCE, box))
        return _done(Reading(field.name, None, chosen.raw, 0.0, box, reasons=(ReadingReason.NOT_A_DATE,)))
    sizes = [len(group) for group in groups]
    if row is not None:
        return _job_of_row(row, line, Content.DATE, lambda row: _row_date(field.name, box, chosen, row, sizes))
    counts = _sums([is_written(patch) for patch in patches], sizes)

    def finish(logits: Sequence[Logits], alphabet: tuple[str, ...]) -> Reading:
        return _date_reading(field.name, box, chosen, _decode_date(logits[0], alphabet, chosen, counts), counts)

    return Job((line,), finish)


def _read_era(view: View, field: DateField, own: OwnModels) -> Chosen:
    if not field.eras:
        return Chosen(WESTERN, WESTERN, 1.0)
    return read_options(view, field.eras, field.era_mark, own.ticks)


def _row_date(name: str, box: Box, chosen: Chosen, row: CellRow, sizes: Sequence[int]) -> Reading:
    counts = _sums(row.held, sizes)
    decoded = replace(_decode_date(row.logits, row.alphabet, chosen, counts), held=row.clear)
    reading = _date_reading(name, box, chosen, decoded, counts)
    return replace(reading, reasons=(*reading.reasons, *_row_reasons(row)))


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


def _choice(view: View, field: ChoiceField, own: OwnModels) -> Job:
    chosen = read_options(view, field.options, field.mark, own.ticks)
    box = around([option.box for option in field.options])
    reasons = chosen.reasons
    if chosen.value is not None and chosen.confidence < LOW:
        reasons = (*reasons, ReadingReason.LOW_CONFIDENCE)
    return _done(Reading(field.name, chosen.value, chosen.raw, chosen.confidence, box, reasons=reasons))


def _tick(view: View, field: TickField, own: OwnModels) -> Job:
    value, confidence, reasons = tick_reading(view, field.box, own.ticks)
    raw = "✓" if value == "true" else ""
    return _done(Reading(field.name, value, raw, confidence, field.box, reasons=reasons))


def _presence(view: View, field: PresenceField) -> Job:
    there = is_written(cut_box(view, field.box))
    return _done(Reading(field.name, "true" if there else "false", "", 0.9 if there else BLANK_CONFIDENCE, field.box))


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


def around(boxes: Sequence[Box]) -> Box:
    """The rectangle around boxes."""
    x0, y0 = min(box.x for box in boxes), min(box.y for box in boxes)
    x1, y1 = max(box.x + box.w for box in boxes), max(box.y + box.h for box in boxes)
    return Box(x0, y0, x1 - x0, y1 - y0)
