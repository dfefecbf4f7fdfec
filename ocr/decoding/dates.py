"""Dates: the days of the calendar as a grammar, in cells, in blanks between 年 月 日, or written on a line."""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from japan.era import ERAS, FIRST_DAY, find_era
from ocr.decoding.acceptor import Acceptor, Builder, Node

WESTERN = "W"
LAST_YEAR = 2100
"""The last year of a date that is not bounded nearer: what lies beyond is a slip."""
SEPARATOR = "/"
"""Stands between year, month and day where their numbers of digits do not part them."""


@dataclass(frozen=True)
class DateShape:
    """How a date is written.

    era: its letter, or W for a western year. counts: digits of year, month and day, each None when unknown; then
    SEPARATOR stands between the parts, and may stand after them. first, last: the days that may be meant.
    """

    era: str
    counts: tuple[int | None, int | None, int | None] = (None, None, None)
    first: date = FIRST_DAY
    last: date = date(LAST_YEAR, 12, 31)

    @property
    def separator(self) -> str:
        return SEPARATOR if None in self.counts else ""


_Year = tuple[bool, tuple[int, int], tuple[int, int]]
"""What tells the days of one year from another's: leap or not, the first and the last (month, day)."""


@lru_cache(maxsize=256)
def date_grammar(shape: DateShape) -> Acceptor | None:
    """The days of the calendar that exist in the era and between the bounds; None when there is none such."""
    build = Builder()
    days = _days(build, shape)
    return None if days is None else build.acceptor(days)


def _days(build: Builder, shape: DateShape) -> Node | None:
    base, first, last = _bounds(shape)
    years: dict[str, Node] = {}
    known: dict[_Year, Node | None] = {}
    for year in range(first.year, last.year + 1):
        low = (first.month, first.day) if year == first.year else (1, 1)
        high = (last.month, last.day) if year == last.year else (12, 31)
        kind = isleap(year), low, high
        if kind not in known:
            known[kind] = _months(build, shape, *kind)
        rest = known[kind]
        if rest is not None:
            years |= {text + shape.separator: rest for text in _written(year - base, shape.counts[0])}
    return build.words(years) if years else None


def _bounds(shape: DateShape) -> tuple[int, date, date]:
    """What is added to the written year, and the first and last day of the era within the shape's bounds."""
    if shape.era == WESTERN:
        return 0, shape.first, shape.last
    era = find_era(shape.era)
    if era is None:
        raise ValueError("no such era")
    return era.base, max(era.first, shape.first), min(era.last, shape.last)


def _months(build: Builder, shape: DateShape, leap: bool, low: tuple[int, int], high: tuple[int, int]) -> Node | None:
    """Month and day of a year between two days of it."""
    months: dict[str, Node] = {}
    tail = build.union(build.end, build.text(SEPARATOR, build.end)) if shape.separator else build.end
    for month in range(low[0], high[0] + 1):
        start = low[1] if month == low[0] else 1
        end = min(monthrange(2000 if leap else 2001, month)[1], high[1] if month == high[0] else 31)
        days = {text: tail for day in range(start, end + 1) for text in _written(day, shape.counts[2])}
        if days:
            rest = build.words(days)
            months |= {text + shape.separator: rest for text in _written(month, shape.counts[1])}
    return build.words(months) if months else None


def _written(number: int, count: int | None) -> Iterable[str]:
    """How a number of a date is written with this many digits, or with any."""
    shortest, padded = str(number), f"{number:02d}"
    if count is None:
        return dict.fromkeys((shortest, padded))
    return (shortest.zfill(count),) if len(shortest) <= count <= max(2, len(shortest)) else ()


def to_day(text: str, shape: DateShape) -> date:
    """The day of an accepted string."""
    if shape.separator:
        parts = [int(part) for part in text.split(SEPARATOR)[:3]]
    else:
        y, m, _ = (count or 0 for count in shape.counts)
        parts = [int(text[:y]), int(text[y : y + m]), int(text[y + m :])]
    return date(parts[0] + _bounds(shape)[0], parts[1], parts[2])


@lru_cache(maxsize=16)
def written_date_grammar(first: date = FIRST_DAY, last: date = date(LAST_YEAR, 12, 31)) -> Acceptor:
    """A date on a line: an era (令和, 令 or R) and its year, or a western year of four digits; SEPARATOR between the
    parts and, for 日, after them."""
    build = Builder()
    eras: dict[str, Node] = {}
    for era in ERAS:
        days = _days(build, DateShape(era.letter, first=first, last=last))
        if days is not None:
            eras |= dict.fromkeys((era.kanji, era.kanji[0], era.letter), days)
    western = _days(build, DateShape(WESTERN, first=first, last=last))
    return build.acceptor(build.words(eras if western is None else eras | {"": western}))


def to_written_day(text: str) -> date:
    """The day of a string of `written_date_grammar`."""
    name, rest = text[: len(text) - len(text.lstrip("明治大正昭和平成令MTSHR"))], text.rstrip(SEPARATOR)
    era = find_era(name) if name else None
    return to_day(rest[len(name) :], DateShape(era.letter if era else WESTERN))
