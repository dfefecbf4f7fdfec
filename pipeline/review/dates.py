"""Days as staff read them: 令和8年11月22日(日)."""

from __future__ import annotations

from datetime import date

from japan.era import FIRST_DAY, format_wareki

_WEEKDAYS = "月火水木金土日"


def wareki(day: date, *, weekday: bool = False) -> str:
    """The day in its era; days before 1873 in the western calendar, since theirs was another one."""
    text = format_wareki(day) if day >= FIRST_DAY else f"{day.year}年{day.month}月{day.day}日"
    return f"{text}({_WEEKDAYS[day.weekday()]})" if weekday else text


def age_on(birth: date, day: date) -> int | None:
    """Full years on `day`, None when born later. Counted on the birthday itself, as people say it."""
    years = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
    return years if years >= 0 else None
