"""Eras: every day there and back, boundary days, and what must be refused."""

import contextlib
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from japan.era import (
    ERAS,
    DateError,
    EraOverrun,
    NotACalendarDay,
    UnreadableDate,
    format_wareki,
    from_date,
    parse_date,
    to_date,
)

days = st.dates(min_value=date(1873, 1, 1), max_value=date(2100, 12, 31))

READ = [
    ("2020-04-01", date(2020, 4, 1), "ISO"),
    ("２０２０／４／１", date(2020, 4, 1), "full width"),
    ("2020.4.1", date(2020, 4, 1), "dots"),
    ("2020年4月1日", date(2020, 4, 1), "western in kanji"),
    ("20200401", date(2020, 4, 1), "eight digits"),
    ("2020-04-01T00:00:00+09:00", date(2020, 4, 1), "a time after the day, as JSON exports write it"),
    ("2020/4/1 0:00", date(2020, 4, 1), "a time after the day, as spreadsheets write it"),
    ("令和2年4月1日", date(2020, 4, 1), "era"),
    ("令和 2 年 4 月 1 日", date(2020, 4, 1), "spaces between"),
    ("令和二年四月一日", date(2020, 4, 1), "kanji numerals"),
    ("昭和六十四年一月七日", date(1989, 1, 7), "the last day of 昭和"),
    ("昭和64年1月7日", date(1989, 1, 7), "a year libraries refuse"),
    ("平成元年1月8日", date(1989, 1, 8), "元年"),
    ("R元.5.1", date(2019, 5, 1), "letter with 元"),
    ("R2.4.1", date(2020, 4, 1), "letter"),
    ("r2-4-1", date(2020, 4, 1), "small letter"),
    ("Ｈ３１／４／３０", date(2019, 4, 30), "full-width letter"),
    ("令2.4.1", date(2020, 4, 1), "one kanji"),
    ("R 2 4 1", date(2020, 4, 1), "spaces as separators"),
    ("S640107", date(1989, 1, 7), "letter and six digits"),
    ("3640107", date(1989, 1, 7), "era as a digit"),
    ("㍻31年4月30日", date(2019, 4, 30), "squared era name"),
    ("昭和50年1月2日生", date(1975, 1, 2), "生 after it"),
    ("明治45年7月30日", date(1912, 7, 30), "a day of change under the old era, as registers write it"),
    ("大正元年7月30日", date(1912, 7, 30), "the same day under the new era"),
    ("大正15年12月25日", date(1926, 12, 25), "day of change"),
    ("昭和元年12月25日", date(1926, 12, 25), "day of change"),
]


@pytest.mark.parametrize(("text", "day", "reason"), READ)
def test_reads(text: str, day: date, reason: str) -> None:
    assert parse_date(text) == day, reason


REFUSED = [
    ("令和99年1月1日", NotACalendarDay, "a slip, far in the future"),
    ("2021-02-29", NotACalendarDay, "no leap year"),
    ("令和2年13月1日", NotACalendarDay, "no such month"),
    ("令和0年1月1日", NotACalendarDay, "years of an era start at 1"),
    ("平成元年1月7日", NotACalendarDay, "still 昭和"),
    ("令和元年4月30日", NotACalendarDay, "still 平成"),
    ("平成31年6月1日", EraOverrun, "平成 had ended"),
    ("昭和64年1月8日", EraOverrun, "昭和 had ended"),
    ("昭和95年1月1日", NotACalendarDay, "long after"),
    ("明治5年1月1日", NotACalendarDay, "the lunar calendar"),
    ("1850-01-01", NotACalendarDay, "before the calendar of today"),
    ("02/04/01", UnreadableDate, "no era and no century"),
    ("令和2年4月", UnreadableDate, "no day"),
    ("", UnreadableDate, "nothing"),
    ("不明", UnreadableDate, "words"),
    ("令和百千年4月1日", UnreadableDate, "no number"),
]


@pytest.mark.parametrize(("text", "error", "reason"), REFUSED)
def test_refuses(text: str, error: type[DateError], reason: str) -> None:
    with pytest.raises(DateError) as caught:
        parse_date(text)
    assert type(caught.value) is error, reason
    assert not set(str(caught.value)) & set("0123456789令和平成"), "the message holds no part of the value"


def test_old_era_kept_up_is_taken_when_asked() -> None:
    assert parse_date("平成31年6月1日", strict=False) == date(2019, 6, 1)
    assert to_date("H", 36, 3, 3, strict=False) == date(2024, 3, 3)
    with pytest.raises(NotACalendarDay):
        to_date("S", 80, 1, 1, strict=False)


def test_nearer_bound() -> None:
    assert parse_date("令和8年11月22日", max_year=2027) == date(2026, 11, 22)
    with pytest.raises(NotACalendarDay):
        parse_date("令和18年11月22日", max_year=2027)


def test_every_day_there_and_back() -> None:
    for ordinal in range(date(1873, 1, 1).toordinal(), date(2101, 1, 1).toordinal()):
        day = date.fromordinal(ordinal)
        era = from_date(day)
        assert to_date(era.letter, era.year, day.month, day.day) == day
        assert to_date(era.kanji, era.year, day.month, day.day) == day


def test_eras_follow_each_other() -> None:
    for old, new in pairwise(ERAS):
        assert 0 <= (new.first - old.last).days <= 1
        assert from_date(new.first).letter == new.letter
        assert from_date(date.fromordinal(new.first.toordinal() - 1)).letter == old.letter


@given(days)
def test_parse_reads_what_was_formatted(day: date) -> None:
    era = from_date(day)
    letters = f"{era.letter}{era.year}.{day.month}.{day.day}"
    solid = f"{era.letter}{era.year:02}{day.month:02}{day.day:02}"
    for text in (format_wareki(day), letters, solid, day.isoformat(), day.strftime("%Y%m%d")):
        assert parse_date(text) == day


@given(st.text(max_size=20))
def test_any_text_is_a_day_or_a_date_error(text: str) -> None:
    with contextlib.suppress(DateError):
        assert parse_date(text) >= date(1873, 1, 1)


def test_first_year_is_written_gannen() -> None:
    assert format_wareki(date(2019, 5, 1)) == "令和元年5月1日"
    assert format_wareki(date(2026, 11, 22)) == "令和8年11月22日"
