"""Ages as Japanese law reckons them."""

from __future__ import annotations

from datetime import date, timedelta


def age_on(birth: date, day: date) -> int:
    """Completed years of life on a day; -1 before birth.

    年齢計算ニ関スル法律(明治35年法律第50号) counts from the day of birth itself, and 民法143条 ends a year of
    life with the day before the birthday: who is born on 2 April 2008 is 18 on 1 April 2026. Who is born on
    29 February completes a year on 28 February of every year (民法143条2項).
    """
    if birth > day:
        return -1
    reached = day + timedelta(days=1)
    return reached.year - birth.year - ((reached.month, reached.day) < (birth.month, birth.day))
