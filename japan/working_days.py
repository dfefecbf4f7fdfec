"""Days on which a city hall is open: what a 標準処理期間 is counted in."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import holidays


def is_working_day(day: date) -> bool:
    """True unless the day is a 閉庁日: a weekend, a national holiday or 29 December to 3 January.

    地方自治法第4条の2第2項; the holidays are those of 国民の祝日に関する法律.
    """
    at_new_year = (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)
    return day.weekday() < 5 and not at_new_year and day not in _holidays_of(day.year)


def add_working_days(day: date, count: int) -> date:
    """The last of `count` working days after `day`; the day itself does not count (民法第140条)."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


@cache
def _holidays_of(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("JP", years=year))
