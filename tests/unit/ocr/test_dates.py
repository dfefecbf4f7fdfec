"""The days of the calendar as a grammar."""

from __future__ import annotations

from datetime import date, timedelta
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from japan.era import FIRST_DAY, NotACalendarDay, to_date
from ocr.decoding.dates import (
    WESTERN,
    DateShape,
    date_grammar,
    to_day,
    to_written_day,
    written_date_grammar,
)

CELLS = (2, 2, 2)


def accepts(shape: DateShape, text: str) -> bool:
    grammar = date_grammar(shape)
    return grammar is not None and grammar.weight(text) > -inf


@settings(max_examples=200, deadline=None)
@given(st.sampled_from("MTSHR"), st.integers(0, 99), st.integers(0, 13), st.integers(0, 32))
def test_the_grammar_holds_what_the_calendar_holds(era: str, year: int, month: int, day: int) -> None:
    shape, text = DateShape(era, CELLS), f"{year:02d}{month:02d}{day:02d}"
    try:
        expected = to_date(era, year, month, day)
    except NotACalendarDay:
        assert not accepts(shape, text)
    else:
        assert accepts(shape, text)
        assert to_day(text, shape) == expected


@pytest.mark.parametrize(
    ("counts", "text", "accepted"),
    [
        ((2, 1, 1), "5834", True),
        ((2, 1, 2), "58310", True),
        ((1, 2, 2), "58310", False),  # the thirty-first month
        ((2, 2, 0), "5803", False),
        ((None, None, None), "58/3/4", True),
        ((None, None, None), "58/03/4/", True),  # 日 after it
        ((None, None, None), "5834", False),
    ],
)
def test_digits_may_be_counted_or_parted(
    counts: tuple[int | None, int | None, int | None], text: str, accepted: bool
) -> None:
    assert accepts(DateShape("S", counts), text) is accepted


def test_bounds_close_the_calendar() -> None:
    shape = DateShape(WESTERN, (4, 2, 2), first=date(1920, 3, 5), last=date(2008, 4, 1))
    for day, accepted in ((date(1920, 3, 4), False), (date(1920, 3, 5), True), (date(2008, 4, 1), True)):
        assert accepts(shape, f"{day:%Y%m%d}") is accepted
    assert not accepts(shape, f"{shape.last + timedelta(1):%Y%m%d}")
    assert date_grammar(DateShape("R", CELLS, last=date(2018, 1, 1))) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和5/4/1/", date(2023, 4, 1)),
        ("令5/4/1", date(2023, 4, 1)),
        ("R05/04/01", date(2023, 4, 1)),
        ("昭和64/1/7/", date(1989, 1, 7)),
        ("2024/2/29", date(2024, 2, 29)),
        ("昭和64/1/8/", None),
        ("2023/2/29", None),
        ("5/4/1", None),  # no era
    ],
)
def test_dates_on_a_line(text: str, day: date | None) -> None:
    grammar = written_date_grammar()
    if day is None:
        assert grammar.weight(text) == -inf
    else:
        assert grammar.weight(text) == 0.0
        assert to_written_day(text) == day


def test_every_day_has_its_place() -> None:
    grammar = date_grammar(DateShape(WESTERN, (4, 2, 2)))
    assert grammar is not None
    assert all(grammar.weight(f"{FIRST_DAY + timedelta(n):%Y%m%d}") == 0.0 for n in range(0, 80_000, 37))
