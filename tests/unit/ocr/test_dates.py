"""The likeliest day that really exists."""

from __future__ import annotations

from datetime import date

import pytest

from ocr.dates import calendar_date, likeliest_date
from ocr.readings import CharReading

Digits = tuple[CharReading, ...]


def digits(*choices: str, sure: float = 0.96) -> Digits:
    """One digit per argument: the first letter at `sure`, the others share the rest."""
    out = []
    for letters in choices:
        rest = (1 - sure) / max(1, len(letters) - 1)
        out.append(CharReading(letters[0], sure, tuple((other, rest) for other in letters[1:])))
    return tuple(out)


def test_a_plain_date() -> None:
    guess = likeliest_date("S", digits("5", "8"), digits("3"), digits("0", "4"), calendar_date)
    assert guess.value == date(1983, 3, 4)
    assert guess.probability == pytest.approx(0.96**5)


def test_a_month_that_cannot_be_takes_its_likely_alternative() -> None:
    month = (CharReading("1", 0.97, ()), CharReading("7", 0.55, (("1", 0.44),)))
    guess = likeliest_date("R", digits("2"), month, digits("9"), calendar_date)
    assert guess.value == date(2020, 11, 9)
    assert guess.probability < 0.5  # it is a guess, and says so


@pytest.mark.parametrize(
    ("era", "year", "month", "day", "reason"),
    [
        ("S", ("5", "8"), ("1", "3"), ("0", "3"), "no thirteenth month"),
        ("R", ("2",), ("1", "1"), ("3", "1"), "November has thirty days"),
        ("S", ("6", "5"), ("1",), ("1",), "the era had ended"),
        ("R", ("1",), ("4",), ("1",), "the era had not begun"),
        ("H", (), ("4",), ("1",), "no year"),
    ],
)
def test_dates_that_do_not_exist(
    era: str, year: tuple[str, ...], month: tuple[str, ...], day: tuple[str, ...], reason: str
) -> None:
    guess = likeliest_date(era, digits(*year), digits(*month), digits(*day), calendar_date)
    assert guess.value is None, reason


def test_a_western_year() -> None:
    guess = likeliest_date("W", digits("2", "0", "2", "4"), digits("2"), digits("2", "9"), calendar_date)
    assert guess.value == date(2024, 2, 29)
