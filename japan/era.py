"""Japanese eras (元号): written dates to calendar days and back.

Source of the boundary days: the edicts and laws of each change. A day on which an era changed during the day
(1912-07-30, 1926-12-25) belongs to the new era, and registers also carry it under the old one, so both
readings are taken. 昭和 ended on 1989-01-07 and 平成 on 2019-04-30, each to the end of the day.

明治 is taken from 1873-01-01 (明治6年), when the Gregorian calendar came in: days of 明治1-5 are days of
the old lunar calendar and have no plain conversion.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from japan.numerals import read_number
from japan.text import DASHES, fold_width, squeeze_spaces

FIRST_DAY = date(1873, 1, 1)
# No clock in here: beyond this year a date on a form of our days is a slip (令和99年 would be 2117).
# Callers that know the day of receipt pass a nearer `max_year`.
MAX_YEAR = 2100
# How long after its end an old era is taken with strict=False: licences and passbooks issued before the
# change print years up to 平成41年, and people keep writing the old era for some years.
OVERRUN_YEARS = 10


class DateError(ValueError):
    """Why a written date is no day. The message never holds what was written."""


class NotACalendarDay(DateError):
    """The parts are readable and name no day that exists, or one out of range."""


class EraOverrun(NotACalendarDay):
    """The year is counted in an era that had ended (平成31年6月); `strict=False` takes it."""


class UnreadableDate(DateError):
    """The text has no shape of a date."""


class Era(NamedTuple):
    """One era: first day and last day on which its name was written; `base` + year of era = western year."""

    letter: str
    kanji: str
    first: date
    last: date
    base: int


ERAS = (
    Era("M", "明治", FIRST_DAY, date(1912, 7, 30), 1867),
    Era("T", "大正", date(1912, 7, 30), date(1926, 12, 25), 1911),
    Era("S", "昭和", date(1926, 12, 25), date(1989, 1, 7), 1925),
    Era("H", "平成", date(1989, 1, 8), date(2019, 4, 30), 1988),
    Era("R", "令和", date(2019, 5, 1), date.max, 2018),
)
_BY_NAME = {name: era for era in ERAS for name in (era.letter, era.kanji, era.kanji[0])}
# The digit that stands for the era in seven-digit dates of core systems (3640107 = 昭和64年1月7日).
_BY_DIGIT = {str(number): era for number, era in enumerate(ERAS, start=1)}


@dataclass(frozen=True)
class EraDate:
    """A day's era: its letter and kanji, and the year of the era (1 is 元年)."""

    letter: str
    kanji: str
    year: int


def find_era(name: str) -> Era | None:
    """The era of a letter (either case or width), its kanji or the first of them."""
    return _BY_NAME.get(fold_width(name).strip().upper())


def calendar_day(year: int, month: int, day: int, *, max_year: int = MAX_YEAR) -> date:
    """The day of a western year; NotACalendarDay when there is none or it lies outside 1873 to `max_year`."""
    try:
        found = date(year, month, day)
    except (ValueError, OverflowError):
        raise NotACalendarDay("no such day in the calendar") from None
    if found < FIRST_DAY or found.year > max_year:
        raise NotACalendarDay("the day lies outside the years that are taken")
    return found


def to_date(era: str, year: int, month: int, day: int, *, strict: bool = True, max_year: int = MAX_YEAR) -> date:
    """The day of a date written in an era (letter or kanji).

    Raises NotACalendarDay for a day that does not exist or lies before the era, and EraOverrun for one after its end.
    With `strict` False, days before it in the year in which it began are taken, and those of OVERRUN_YEARS after.
    """
    known = find_era(era)
    if known is None or year < 1:
        raise NotACalendarDay("no such era or year of an era")
    found = calendar_day(known.base + year, month, day, max_year=max_year)
    # Whoever writes 令和元年4月30日 means a day of 2019; the year as it is printed on many papers of that spring.
    if found < known.first and (strict or found.year != known.first.year):
        raise NotACalendarDay("the day lies before the era begins")
    if found > known.last:
        if found.year > known.last.year + OVERRUN_YEARS:
            raise NotACalendarDay("the day lies long after the era ended")
        if strict:
            raise EraOverrun("the day lies after the era ended")
    return found


def from_date(day: date) -> EraDate:
    """The era of a day; on a day of change the new one. NotACalendarDay before 1873."""
    for era in reversed(ERAS):
        if day >= era.first:
            return EraDate(era.letter, era.kanji, day.year - era.base)
    raise NotACalendarDay("the day lies before the calendar of today")


def format_wareki(day: date) -> str:
    """The day as 令和8年11月22日, the first year of an era as 元年."""
    era = from_date(day)
    year = "元" if era.year == 1 else str(era.year)
    return f"{era.kanji}{year}年{day.month}月{day.day}日"


_DASH = re.compile(f"[{re.escape(DASHES)}]|(?<=[0-9元])ー(?=[0-9])")
_ERA = r"(?P<era>明治|大正|昭和|平成|令和|[明大昭平令MTSHR])"
_NUM = r"(?:[0-9]{1,4}|[〇零○◯一二三四五六七八九十百千壱弐参拾廿]{1,7})"
_PARTS = re.compile(
    rf"(?:西暦)?(?:{_ERA}[.]?)?(?P<year>元|{_NUM})[年./,・-](?P<month>{_NUM})[月./,・-](?P<day>{_NUM})日?"
)
_SOLID = re.compile(
    r"(?:(?P<western>[0-9]{4})|(?P<era>明治|大正|昭和|平成|令和|[明大昭平令MTSHR1-5])(?P<year>[0-9]{2}))"
    r"(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
)
_TIME = re.compile(r"(?:T| )\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?$")
_TAIL = re.compile(r"\s*(?:生まれ|生|\([日月火水木金土]\))$")


def parse_date(text: str, *, strict: bool = True, max_year: int = MAX_YEAR) -> date:
    """The day that was written, in any of the ways forms and exports write one.

    Takes 2020-04-01, 2020/4/1, 2020.4.1, 2020年4月1日, 20200401, 令和2年4月1日, 令和二年四月一日, 令和元年,
    R2.4.1, H31/4/30, 令2.4.1, S640107, 3640107 (era as a digit), in any width and with spaces between; a time
    after the day is dropped. Two-digit western years are not guessed at.

    Raises UnreadableDate when the text has no such shape, else as `to_date`.
    """
    plain = _DASH.sub("-", squeeze_spaces(fold_width(text)))
    plain = _TAIL.sub("", _TIME.sub("", plain))
    plain = re.sub(r"(?<=[0-9元]) (?=[0-9])", ".", plain) if not re.search(r"[年./,・-]", plain) else plain
    plain = plain.replace(" ", "").upper()
    solid = _SOLID.fullmatch(plain)
    if solid:
        return _solid_day(solid, strict, max_year)
    parts = _PARTS.fullmatch(plain)
    if parts is None:
        raise UnreadableDate("the text is not written as a date")
    return _day_of(parts["era"], parts["year"], parts["month"], parts["day"], strict, max_year)


# Letters and kana that a machine reads for digits and kanji numerals. Only taken where nothing is a date as it stands,
# so no readable date changes. S is left out: it is an era.
_LOOK_ALIKE = str.maketrans("OoQDlI|!]iZzBニハミ", "0000111111228二八三")
_DASH_FOR_ONE = re.compile(
    f"[{re.escape(DASHES)}ー](?=[年月日])|(?<=[年月])[{re.escape(DASHES)}ー](?=[十二三四五六七八九日])"
)


def read_date(text: str, *, max_year: int = MAX_YEAR) -> date | None:
    """The day that was meant, or None; never raises. For records that are compared, not for values that are kept.

    As `parse_date` with strict=False, and where that finds no date, with letters that look like digits taken for them
    (R6.4.l, 2O20/4/1, 昭和五十四年ー月三日).
    """
    for candidate in (text, _fold_look_alikes(text)):
        try:
            return parse_date(candidate, strict=False, max_year=max_year)
        except DateError:
            continue
    return None


def _fold_look_alikes(text: str) -> str:
    plain = fold_width(text).strip()
    return plain[:1].replace("l", "1").replace("|", "1") + _DASH_FOR_ONE.sub("一", plain[1:]).translate(_LOOK_ALIKE)


def _solid_day(found: re.Match[str], strict: bool, max_year: int) -> date:
    era = found["era"]
    if era in _BY_DIGIT:
        era = _BY_DIGIT[era].letter
    return _day_of(era, found["western"] or found["year"], found["month"], found["day"], strict, max_year)


def _day_of(era: str | None, year: str, month: str, day: str, strict: bool, max_year: int) -> date:
    numbers = [1 if part == "元" and era else read_number(part) for part in (year, month, day)]
    if numbers[0] is None or numbers[1] is None or numbers[2] is None:
        raise UnreadableDate("a part of the date is no number")
    if era:
        return to_date(era, numbers[0], numbers[1], numbers[2], strict=strict, max_year=max_year)
    if numbers[0] < 1000:
        raise UnreadableDate("the year has neither an era nor four digits")
    return calendar_day(numbers[0], numbers[1], numbers[2], max_year=max_year)
