"""Dates from era marks and digit cells: the likeliest day that really exists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product

from ocr.readings import CharReading

WESTERN = "W"
_TRIED = 400
_INVALID_BELOW = 0.10  # a real date this unlikely beside an impossible reading is not offered

Digits = Sequence[CharReading]
ToDate = Callable[[str, int, int, int], date]


@dataclass(frozen=True)
class DateGuess:
    """The likeliest real date (None when none fits the ink) and the joint probability of its digits."""

    value: date | None
    probability: float


def likeliest_date(era: str, year: Digits, month: Digits, day: Digits, to_date: ToDate) -> DateGuess:
    """The most probable combination of the digits' alternatives that is a day of the era's calendar.

    to_date raises ValueError for a day that does not exist.
    """
    groups = [_numbers(part) for part in (year, month, day)]
    if not all(groups):
        return DateGuess(None, 0.0)
    combinations = [(y[1] * m[1] * d[1], y[0], m[0], d[0]) for y, m, d in product(*(group[:24] for group in groups))]
    combinations.sort(key=lambda item: -item[0])
    for probability, y, m, d in combinations[:_TRIED]:
        if probability < _INVALID_BELOW * combinations[0][0]:
            break
        try:
            return DateGuess(to_date(era, y, m, d), probability)
        except ValueError:
            continue
    return DateGuess(None, 0.0)


def _numbers(digits: Digits) -> list[tuple[int, float]]:
    """The numbers that a group of digits may be, most probable first."""
    if not digits:
        return []
    choices = [((digit.char, digit.probability), *digit.alternatives) for digit in digits]
    found: dict[int, float] = {}
    for combination in product(*choices):
        text = "".join(char for char, _ in combination)
        if not text.isdigit():
            continue
        probability = 1.0
        for _, p in combination:
            probability *= p
        found[int(text)] = found.get(int(text), 0.0) + probability
    return sorted(found.items(), key=lambda item: -item[1])


def calendar_date(era: str, year: int, month: int, day: int) -> date:
    """The day; ValueError when the era or the calendar does not have it. Era W is the western calendar."""
    if era == WESTERN:
        return date(year, month, day)
    from japan.era import to_date

    return to_date(era, year, month, day)
