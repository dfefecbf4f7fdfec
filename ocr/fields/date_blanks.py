"""Dates written freely before the printed 年, 月 and 日, read twice: as one line, print and all, by the recogniser of
lines, and digit by digit by the network of cells. Two readings that agree are much surer than either."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import product
from math import inf, prod

from japan.era import find_era
from ocr.cutting.cut import Patch, View, cut_box, is_written, line_picture
from ocr.decoding.acceptor import Acceptor
from ocr.decoding.content import mask_for
from ocr.decoding.dates import SEPARATOR, WESTERN, DateShape, date_grammar, to_day
from ocr.decoding.decode import ODDS, UNFIT, decode_grammar
from ocr.engine import Logits
from ocr.fields.date_fields import era_meant, nothing_read, place_of, read_era
from ocr.fields.free_digits import Number, read_numbers
from ocr.fields.jobs import SURE, Job, done
from ocr.imaging import find_pieces
from ocr.layout import Box, Content, DateField
from ocr.marks.options import Chosen
from ocr.own import OwnModels
from ocr.readings import LOW, CharReading, Reading, ReadingReason

PRINT_MM = 4.6  # from a free place to the end of the 年, 月 or 日 that is printed behind it
ASTRAY_MM = 0.6  # how far writing may leave its place before it is cut off
WEIGHT = 0.7
"""Of the logarithms of the two readings' probabilities: both see the same ink, so they are not independent. What is
hardly digits to the network (`Number.clear`) it is asked less about."""
DIGITS_FLOOR, LINE_FLOOR = 1e-4, 1e-3  # the probability left to what a reading does not name
_ASIDE_MM = 2.2  # past the ends of the date: `cut_box` takes tall strokes at its ends for rules
_LEAST = 1e-6  # combinations of numbers less probable than this are not looked at
_KEPT = 5

Days = Mapping[str, float]
"""ISO dates and how probable each is; what is missing to one is that no day is written."""


def blanks_job(view: View, field: DateField, own: OwnModels) -> Job:
    """The job of a date with blanks; its line is asked for only where our own model is unsure or missing."""
    chosen, box, whole = read_era(view, field, own), place_of(field), cut_date(view, field)
    places = cut_places(whole, field)
    found = read_numbers(places, (2 if field.eras else 4, 2, 2), own.cells) if own.cells else None
    written = [bool(one.texts) for one in found] if found else [is_written(place) for place in places]
    if not any(written):
        return done(nothing_read(field.name, box, chosen))
    chosen = era_meant(chosen, field)
    read = _Date(field.name, box, chosen, found)
    line = line_picture(whole)
    if not all(written) or chosen.value is None or line is None:
        return done(read.none())
    shape = DateShape(chosen.value)
    by_digits = days_of(found, shape) if found else None
    least_clear = min(one.clear for one in found) if found else 0.0
    if found and by_digits and max(by_digits.values()) * prod(one.clear for one in found) >= SURE:
        return done(read.best(by_digits))

    def finish(logits: Sequence[Logits], alphabet: tuple[str, ...]) -> Reading:
        by_line = days_of_line(logits[0], alphabet, shape)
        if by_digits is None:
            return read.best(by_line)
        reading = read.best(both(by_digits, by_line, least_clear))
        return replace(reading, second=by_line.get(reading.value or "", 0.0))

    return Job((line,), finish)


def cut_date(view: View, field: DateField) -> Patch:
    """The writing of a date with blanks from year to day, with the printed words between them."""
    first, last = field.year[0], field.day[0]
    left, right = first.x, last.x + last.w + PRINT_MM
    whole = cut_box(view, Box(left - _ASIDE_MM, first.y, right - left + 2 * _ASIDE_MM, first.h))
    return _between(whole, left, right)


def cut_places(whole: Patch, field: DateField) -> list[Patch]:
    """The free places of a date that was cut out, without print."""
    return [_between(whole, box.x, box.x + box.w) for box in (field.year[0], field.month[0], field.day[0])]


def _between(patch: Patch, left_mm: float, right_mm: float) -> Patch:
    """The ink that stands between two edges, cut off a little past them.

    A ring around an era, and what is printed behind a place, may reach in; their middles are outside.
    """
    scale = patch.scale
    x0 = max(0, round((left_mm - ASTRAY_MM) * scale) - patch.x)
    x1 = max(x0 + 1, round((right_mm + ASTRAY_MM) * scale) - patch.x)
    pieces = find_pieces(patch.ink)
    middle = (patch.x + pieces.middles[:, 0]) / scale
    keep = (middle > left_mm - ASTRAY_MM / 2) & (middle < right_mm + ASTRAY_MM / 2)
    keep[0] = False
    return Patch(patch.flat[:, x0:x1], pieces.only(keep)[:, x0:x1], scale, patch.x + x0, patch.y)


def days_of(numbers: Sequence[Number], shape: DateShape) -> Days:
    """The days that three numbers make, as far as the calendar has them; empty where it hardly has any."""
    grammar, era = date_grammar(shape), find_era(shape.era)
    found: dict[str, float] = {}
    for (year, month, day), probability in _accepted(numbers, grammar) if grammar else ():
        iso = f"{int(year) + (era.base if era else 0)}-{month:0>2}-{day:0>2}"
        found[iso] = found.get(iso, 0.0) + probability
    share = min(1.0, sum(found.values()))
    fits = share * ODDS / (share * ODDS + 1.0 - share)
    return {day: probability * fits / share for day, probability in found.items()} if fits >= UNFIT else {}


def _accepted(numbers: Sequence[Number], grammar: Acceptor) -> Iterator[tuple[tuple[str, str, str], float]]:
    """Year, month and day that the grammar takes, 元 as 1, and how probable they are together."""
    years, months, days = ([part for part in number.texts if part[1] > _LEAST] for number in numbers)
    for (written, of_year), (month, of_month) in product(years, months):
        year, both_are = "1" if written == "元" else written, of_year * of_month
        state = grammar.after(f"{year}{SEPARATOR}{month}{SEPARATOR}")
        for day, of_day in days:
            last = None if state is None or both_are * of_day <= _LEAST else grammar.after(day, state)
            if last is not None and grammar.finals[last] > -inf:
                yield (year, month, day), both_are * of_day


def days_of_line(logits: Logits, alphabet: tuple[str, ...], shape: DateShape) -> Days:
    """The days that a line may say, from the year to the printed 日."""
    grammar = date_grammar(shape)
    if grammar is None:
        return {}
    day = partial(to_day, shape=shape)
    mask = mask_for(Content.DATE, alphabet)
    return dict(decode_grammar(logits, mask, grammar, value=lambda text: day(text).isoformat()).values)


def both(by_digits: Days, by_line: Days, clear: float) -> Days:
    """What two readings of the same ink say together. clear: how surely the digits are digits, 0.0-1.0."""

    def weighed(digits: float, line: float) -> float:
        return float(max(digits, DIGITS_FLOOR) ** (clear * WEIGHT) * max(line, LINE_FLOOR) ** WEIGHT)

    found = {day: weighed(by_digits.get(day, 0.0), by_line.get(day, 0.0)) for day in {**by_digits, **by_line}}
    none = weighed(1.0 - sum(by_digits.values()), 1.0 - sum(by_line.values()))
    total = none + sum(found.values())
    return (
        {day: probability / total for day, probability in found.items()}
        if max(found.values(), default=0) > none
        else {}
    )


@dataclass(frozen=True)
class _Date:
    """What is known of a field before its day is. numbers: None without a network."""

    name: str
    box: Box
    chosen: Chosen
    numbers: Sequence[Number] | None

    @property
    def _clear(self) -> float:
        return prod(one.clear for one in self.numbers) if self.numbers else 1.0

    def best(self, days: Days) -> Reading:
        """The likeliest day; no value where none is likely."""
        if not days:
            return self.none()
        ranked = sorted(days.items(), key=lambda item: -item[1])[:_KEPT]
        sure = self._clear**0.5 * self.chosen.confidence
        confidence = ranked[0][1] * sure
        low = (ReadingReason.LOW_CONFIDENCE,) if confidence < LOW else ()
        ways = [(self._written(day), probability) for day, probability in ranked]
        return Reading(
            self.name, ranked[0][0], self._raw(ways[0][0]), confidence, self.box, None,
            (*self._reasons(), *low), _characters(ways), candidates=tuple((day, p * sure) for day, p in ranked),
        )  # fmt: skip

    def none(self) -> Reading:
        """What stands there, which is no day."""
        texts = [one.texts[0][0] if one.texts else "?" for one in self.numbers or ()] or ["?", "?", "?"]
        reasons = (*self._reasons(), ReadingReason.NOT_A_DATE)
        return Reading(self.name, None, self._raw(texts), 0.0, self.box, None, reasons)

    def _reasons(self) -> tuple[ReadingReason, ...]:
        """As for a row of cells."""
        return (*self.chosen.reasons, *((ReadingReason.OVERWRITTEN,) if self._clear < 0.5 else ()))

    def _written(self, day: str) -> tuple[str, ...]:
        """Year, month and day as the numbers have them, else as they are usually written."""
        meant = date.fromisoformat(day)
        era = find_era(self.chosen.value or WESTERN)
        parts = (meant.year - (era.base if era else 0), meant.month, meant.day)
        known = [[text for text, _ in one.texts] for one in self.numbers] if self.numbers else [[], [], []]
        return tuple(
            next((text for text in texts if _number(text) == part), str(part))
            for texts, part in zip(known, parts, strict=True)
        )

    def _raw(self, texts: Sequence[str]) -> str:
        era = "" if self.chosen.raw == WESTERN else self.chosen.raw or "?"
        return era + "-".join(text if text == "?" else text.zfill(2) for text in texts)


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else 1 if text == "元" else None


def _characters(ways: Sequence[tuple[tuple[str, ...], float]]) -> tuple[CharReading, ...]:
    """The characters of the first way to read a date, each against those of the other ways in its place."""
    total = sum(probability for _, probability in ways)
    out = []
    for place, text in enumerate(ways[0][0]):
        for n, char in enumerate(text):
            found: dict[str, float] = {}
            for parts, probability in ways:
                said = parts[place][n] if len(parts[place]) == len(text) else ""
                found[said] = found.get(said, 0.0) + probability / total
            others = sorted(((c, p) for c, p in found.items() if c not in ("", char)), key=lambda item: -item[1])
            out.append(CharReading(char, found[char], tuple(others)))
    return tuple(out)
