"""Working days of a city hall."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from japan.working_days import add_working_days, is_working_day


@pytest.mark.parametrize(
    ("day", "open_", "why"),
    [
        (date(2026, 11, 20), True, "a Friday"),
        (date(2026, 11, 21), False, "a Saturday"),
        (date(2026, 11, 23), False, "勤労感謝の日, a Monday"),
        (date(2026, 5, 6), False, "振替休日 of 憲法記念日, which is a Sunday"),
        (date(2026, 9, 22), False, "国民の休日 between two holidays"),
        (date(2026, 12, 28), True, "the last day before the new year's closing"),
        (date(2026, 12, 29), False, "閉庁 from 29 December"),
        (date(2027, 1, 4), True, "open again on 4 January"),
    ],
)
def test_open_days(day: date, open_: bool, why: str) -> None:
    assert is_working_day(day) is open_, why


def test_twenty_working_days_skip_weekends_and_holidays() -> None:
    assert add_working_days(date(2026, 11, 2), 20) == date(2026, 12, 2)


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.integers(1, 60))
def test_the_end_is_open_and_counts(day: date, count: int) -> None:
    end = add_working_days(day, count)
    between = [date.fromordinal(n) for n in range(day.toordinal() + 1, end.toordinal() + 1)]
    assert is_working_day(end)
    assert sum(is_working_day(one) for one in between) == count
