"""Fields written freely on lines: cut out, cleaned, recognised, and read within what the field may hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ocr.cutting.beyond import cut_beyond
from ocr.cutting.cut import View, cut_box, line_picture, split_lines, without_guides
from ocr.cutting.dirt import without_specks, without_streaks
from ocr.decoding.decode import Decoded, decode_content
from ocr.decoding.kana import spell
from ocr.decoding.lexicon import begin_address, choose_word, mend_beginning, towns_of
from ocr.decoding.values import exact_lengths, to_value
from ocr.engine import Image, Logits
from ocr.fields.doubts import line_doubts
from ocr.fields.jobs import BLANK_CONFIDENCE, Job, done
from ocr.fields.line_digits import NUMBERS, weigh_digits
from ocr.glyphs import GlyphModel
from ocr.layout import Box, Content, LineField
from ocr.readings import LOW, Reading, ReadingReason

SKIPPED = 1.25  # characters farther apart than this, in heights of the line, leave room for another


def line_job(view: View, field: LineField, model: GlyphModel | None = None) -> Job:
    """The job of a field written freely; done where nothing but dirt is there. model: of cells, for numbers."""
    view, patch = without_streaks(view, cut_box(view, field.box))
    if field.lines > 1:
        patch = without_guides(patch)
    patch = without_specks(patch)
    pictures = [line_picture(part) for part in split_lines(patch, field.lines)]
    lines = tuple(picture for picture in pictures if picture is not None)
    if not lines:
        return done(Reading(field.name, None, "", BLANK_CONFIDENCE, field.box))
    reasons = line_doubts(view, patch, field.box)

    beyond = _beyond(view, field) if ReadingReason.OUTSIDE_BOX in reasons else None

    def finish(logits: Sequence[Logits], alphabet: tuple[str, ...]) -> Reading:
        reading = _decoded_reading(field, lines, logits[: len(lines)], alphabet, reasons, model)
        if beyond is None:
            return reading
        whole = _decoded_reading(field, (beyond,), logits[len(lines) :], alphabet, reasons, model)
        return max(reading, whole, key=lambda one: one.confidence or 0.0)

    def revise(logits: Sequence[Logits], alphabet: tuple[str, ...], others: Mapping[str, Reading]) -> Reading | None:
        code = others.get(field.postal or "")
        if code is None or code.value is None or (code.confidence or 0.0) < LOW:
            return None
        begun = begin_address(logits[0], alphabet, towns_of(code.value))
        if begun is None:
            return None
        others_lines = [decode_content(matrix, alphabet, field.content) for matrix in logits[1:]]
        parts = [_doubted(part, line) for part, line in zip((begun.whole, *others_lines), lines, strict=True)]
        reading = written_reading(field.name, field.box, field.content, parts, reasons)
        return replace(reading, leans_on=(code.name,))

    return Job(lines if beyond is None else (*lines, beyond), finish, revise if field.postal else None)


def _beyond(view: View, field: LineField) -> Image | None:
    """The picture of a line with what of it runs out of its box; None for several lines, and for addresses that a
    postal code begins."""
    if field.lines > 1 or field.postal:
        return None
    patch = cut_beyond(view, field.box)
    return line_picture(without_specks(patch)) if patch else None


def _decoded_reading(
    field: LineField,
    lines: Sequence[Image],
    logits: Sequence[Logits],
    alphabet: tuple[str, ...],
    reasons: Sequence[ReadingReason],
    model: GlyphModel | None,
) -> Reading:
    second: float | None = None
    if len(logits) == 1:
        lengths = field.lengths or exact_lengths(field.content)
        parts = [decode_content(logits[0], alphabet, field.content, lengths)]
        if model is not None and field.content in NUMBERS:
            weighed, second = weigh_digits(parts[0], lines[0], field.content, model)
            parts = [weighed]
    else:
        parts = [decode_content(matrix, alphabet, field.content) for matrix in logits]
    parts = [spell(part, field.content) for part in parts]
    if field.content is Content.ADDRESS:
        begun = mend_beginning(logits[0], alphabet, parts[0])
        parts[:1] = [begun.whole] if begun else parts[:1]
    parts = [_doubted(part, line) for part, line in zip(parts, lines, strict=True)]
    if field.lexicon and len(parts) == 1:
        parts = [choose_word(parts[0], logits[0], alphabet, field.lexicon)]
    return replace(written_reading(field.name, field.box, field.content, parts, reasons), second=second)


def _doubted(decoded: Decoded, line: Image) -> Decoded:
    """Half as sure where a wide stretch of ink between two characters was read as nothing."""
    gaps = pairwise(place * line.shape[1] for place in decoded.places)
    inked = np.any(line < 160, axis=0, keepdims=True)[0]
    for left, right in gaps:
        third = (right - left) / 3
        if right - left > SKIPPED * len(line) and inked[int(left + third) : int(right - third)].mean() > 0.5:
            return replace(decoded, probability=decoded.probability * 0.5)
    return decoded


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
