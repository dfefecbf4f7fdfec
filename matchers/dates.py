"""How two days of birth relate: the slips of pen, era and reader that leave them apart.

Days are text, 2015-04-01; what is no day of the calendar (19081332 in a table) is still compared by its digits.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from rapidfuzz.distance import OSA

from japan.era import EraDate, NotACalendarDay, from_date
from matchers.levels import Level
from matchers.sides import Sides


def month_day_swapped() -> Level:
    """Month and day in each other's place."""

    def holds(sides: Sides) -> bool:
        left, right = _digits(sides.left), _digits(sides.right)
        return len(left) == 8 and right == left[:4] + left[6:] + left[4:6]

    return Level("swapped_month_day", holds)


def one_digit() -> Level:
    """One digit differs, with the year counted in western years or in the years of one era."""
    return Level("one_digit", lambda sides: _fewest_digits(sides.left, sides.right) == 1)


def two_digits() -> Level:
    """Two digits differ, counted as `one_digit`, or neighbours stand in each other's place, or one is missing."""

    def holds(sides: Sides) -> bool:
        if _fewest_digits(sides.left, sides.right) == 2:
            return True
        return OSA.distance(_digits(sides.left), _digits(sides.right), score_cutoff=1) <= 1

    return Level("two_digits", holds)


def era_slip() -> Level:
    """The same year, month and day of another era (昭和 circled for 平成)."""

    def holds(sides: Sides) -> bool:
        a, b = _era(sides.left), _era(sides.right)
        same = a is not None and b is not None and a.year == b.year and a.letter != b.letter
        return same and _digits(sides.left)[4:] == _digits(sides.right)[4:]

    return Level("era_slip", holds)


def day_unknown() -> Level:
    """One is the first of January of the other's year, as registers write a day nobody knows."""

    def holds(sides: Sides) -> bool:
        left, right = _digits(sides.left), _digits(sides.right)
        return left[:4] == right[:4] and "0101" in (left[4:], right[4:])

    return Level("day_unknown", holds)


def same_day() -> Level:
    """The same month and day of another year."""
    return Level("same_day", lambda sides: _digits(sides.left)[4:] == _digits(sides.right)[4:])


def same_year() -> Level:
    """Another day of the same year."""
    return Level("same_year", lambda sides: _digits(sides.left)[:4] == _digits(sides.right)[:4])


def _digits(text: str) -> str:
    return text.replace("-", "")


@lru_cache(maxsize=2**15)
def _era(text: str) -> EraDate | None:
    try:
        return from_date(date.fromisoformat(text))
    except (ValueError, NotACalendarDay):
        return None


@lru_cache(maxsize=2**15)
def _fewest_digits(left: str, right: str) -> int:
    """How many digits differ; 9 for texts of different lengths."""
    one, other = _digits(left), _digits(right)
    western = _differing(one, other)
    a, b = _era(left), _era(right)
    if a is None or b is None or a.letter != b.letter:
        return western
    return min(western, _differing(f"{a.year:02}{one[4:]}", f"{b.year:02}{other[4:]}"))


def _differing(left: str, right: str) -> int:
    return sum(a != b for a, b in zip(left, right, strict=True)) if len(left) == len(right) else 9
