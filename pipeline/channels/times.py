"""Times of receipt as exports write them."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, timezone

from japan.era import DateError, parse_date
from japan.text import fold_width

JST = timezone(timedelta(hours=9), "JST")
"""Japan Standard Time; Japan has had no summer time since 1951."""

_CLOCK = re.compile(
    r"(?P<day>.*?[日0-9])\s*(?:T|\s)\s*(?P<half>午前|午後)?\s*(?P<h>\d{1,2})(?::|時)(?P<m>\d{1,2})分?"
    r"(?::?(?P<s>\d{1,2})(?:\.\d+)?秒?)?"
)


def parse_time(text: str) -> datetime | None:
    """The moment that was written, aware; None when it is no moment.

    Takes ISO 8601 with or without zone (without: Japan's), and any date of `japan.era.parse_date` with an
    optional time of day; a day alone is its midnight.
    """
    plain = fold_width(text).strip()
    try:
        found = datetime.fromisoformat(plain)
    except ValueError:
        return _written(plain)
    return found if found.tzinfo else found.replace(tzinfo=JST)


def _written(plain: str) -> datetime | None:
    clock = _CLOCK.fullmatch(plain)
    try:
        day = parse_date(clock["day"] if clock else plain)
        return datetime.combine(day, _clock_time(clock) if clock else time(), JST)
    except (DateError, ValueError):
        return None


def _clock_time(clock: re.Match[str]) -> time:
    hour = int(clock["h"])
    if clock["half"] == "午後" and hour < 12:
        hour += 12
    return time(hour, int(clock["m"]), int(clock["s"] or 0))
