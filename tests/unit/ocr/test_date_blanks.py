"""Dates before the printed 年 月 日: the calendar over what is read, two readings together, and what is cut out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from japan.era import NotACalendarDay, to_date
from ocr.cutting.cut import make_view
from ocr.decoding.dates import DateShape
from ocr.engine import Image, Logits
from ocr.fields.date_blanks import PRINT_MM, blanks_job, both, cut_date, cut_places, days_of
from ocr.fields.free_digits import Number
from ocr.layout import Box, DateField, Mark, Option
from ocr.own import NO_MODELS, OwnModels
from ocr.reader import run_jobs
from ocr.readings import Reading, ReadingReason
from tests.unit.ocr.pages import Sheet
from tests.unit.ocr.test_free_digits import Bars

HEISEI = DateShape("H")
PLACES = [Box(60 + 15 * n, 100, 10, 8) for n in range(3)]
ERAS = (Option("H", Box(40, 100, 8, 8)), Option("R", Box(49, 100, 8, 8)))
BORN = DateField("born", ERAS, Mark.CIRCLE, (PLACES[0],), (PLACES[1],), (PLACES[2],), blanks=True)


def sure(text: str, rest: float = 0.01) -> Number:
    return Number(((text, 1 - rest), ("88", rest)), 1.0)


@given(st.integers(1, 40), st.integers(0, 14), st.integers(0, 33), st.booleans())
def test_numbers_are_a_day_where_the_calendar_has_it(year: int, month: int, day: int, padded: bool) -> None:
    width = 2 if padded else 1
    found = days_of([sure(f"{n:0{width}d}") for n in (year, month, day)], HEISEI)
    try:
        meant = to_date("H", year, month, day)
    except NotACalendarDay:
        assert found == {} or max(found.values()) < 0.5, "only what is hardly read there makes a day"
    else:
        assert max(found, key=lambda one: found[one]) == meant.isoformat()
        assert 0.9 < found[meant.isoformat()] <= 1.0


def test_the_first_year_may_be_written_out_and_ways_to_write_a_day_add_up() -> None:
    year = Number((("元", 0.5), ("1", 0.3), ("01", 0.2)), 1.0)
    found = days_of([year, sure("4", 0.0), sure("1", 0.0)], DateShape("H"))
    assert found["1989-04-01"] == pytest.approx(1.0)


def test_a_western_year_has_four_digits() -> None:
    assert list(days_of([sure("2024"), sure("2"), sure("29")], DateShape("W"))) == ["2024-02-29"]
    assert days_of([sure("24", 0.0), sure("2"), sure("28")], DateShape("W")) == {}


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(0.0, 1.0))
def test_agreement_is_surer_than_disagreement(digits: float, line: float, clear: float) -> None:
    same = both({"a": digits}, {"a": line}, clear)
    other = both({"a": digits}, {"b": line}, clear)
    assert same.get("a", 0.0) >= max(other.values(), default=0.0)
    for found in (same, other):
        assert sum(found.values()) <= 1 + 1e-9


def test_two_that_agree_are_surer_than_the_less_sure_one_and_no_day_needs_both() -> None:
    assert both({"a": 0.9}, {"a": 0.95}, 1.0)["a"] > 0.95
    assert both({"a": 0.3}, {}, 1.0) == {}
    assert both({}, {}, 1.0) == {}
    smudged = both({"a": 0.9}, {"b": 0.9}, 0.05)
    assert smudged["b"] > smudged["a"], "what is no digit to the network is the line's to read"


def sheet(*written: int) -> Sheet:
    """The print of the date, 平 circled; upright bars in the places (a two is two bars)."""
    made = Sheet()
    for option in ERAS:
        made.word(option.box)
    made.ring(ERAS[0].box, 1.2)
    for place, bars in zip(PLACES, written, strict=True):
        made.word(Box(place.x + place.w + 0.8, place.y, 3.4, place.h))
        for n in range(bars):
            made.digit_one(Box(place.x + 2.5 + 2.5 * n, place.y, 2, place.h))
    return made


class Says:
    """A line recogniser that says the same of every line, and keeps what it was shown."""

    engine_id = "says"
    alphabet: tuple[str, ...] = ("", *"0123456789年月日")

    def __init__(self, text: str) -> None:
        self._text = text
        self.shown: list[Image] = []

    def logits(self, lines: Sequence[Image]) -> list[Logits]:
        self.shown += lines
        matrix = np.full((2 * len(self._text) + 1, len(self.alphabet)), -12.0, np.float32)
        matrix[::2, 0] = -0.001
        for n, char in enumerate(self._text):
            matrix[2 * n + 1, self.alphabet.index(char)] = -0.001
        return [matrix for _ in lines]


def read(made: Sheet, engine: Says, own: OwnModels = NO_MODELS) -> Reading:
    return run_jobs([blanks_job(make_view(made.image, made.scale), BORN, own)], engine)[0]


def test_print_and_the_ring_of_an_era_are_no_writing() -> None:
    made = sheet(1, 2, 0)
    whole = cut_date(make_view(made.image, made.scale), BORN)
    places = cut_places(whole, BORN)
    widths = [np.count_nonzero(one.ink.any(axis=0)) / made.scale for one in places]
    assert 0.3 < widths[0] < 1.0 and 0.6 < widths[1] < 2.0 and widths[2] == 0
    right = (whole.x + np.flatnonzero(whole.ink.any(axis=0))[-1]) / made.scale
    assert PLACES[2].x + PLACES[2].w + 1 < right < PLACES[2].x + PLACES[2].w + PRINT_MM + 1, "日 is in the line"


def test_the_line_alone_reads_a_date_where_no_network_is_there() -> None:
    engine = Says("1年11月1日")
    found = read(sheet(1, 2, 1), engine)
    assert (found.value, found.raw, len(engine.shown)) == (date(1989, 11, 1).isoformat(), "H01-11-01", 1)
    assert found.confidence is not None and found.confidence > 0.5


def test_a_sure_network_needs_no_line() -> None:
    engine = Says("7年7月7日")
    found = read(sheet(2, 1, 2), engine, OwnModels(cells=Bars(0.9995)))
    assert (found.value, engine.shown) == ("1999-01-11", [])
    assert [char.char for char in found.characters] == list("11111")


def test_two_readings_that_contradict_each_other_are_doubtful() -> None:
    agreed = read(sheet(2, 1, 2), Says("11年1月11日"), OwnModels(cells=Bars(0.97)))
    denied = read(sheet(2, 1, 2), Says("17年7月17日"), OwnModels(cells=Bars(0.97)))
    assert agreed.value == "1999-01-11" and agreed.confidence is not None and agreed.confidence > 0.6
    assert denied.confidence is not None and denied.confidence < 0.6
    assert ReadingReason.LOW_CONFIDENCE in denied.reasons or denied.value is None
    assert agreed.second is not None and denied.second is not None and denied.second < 0.1 < 0.9 < agreed.second


@pytest.mark.parametrize("written", [(1, 0, 1), (0, 0, 1), (1, 1, 0)])
def test_a_date_with_a_place_left_blank_is_none(written: tuple[int, int, int]) -> None:
    for own in (NO_MODELS, OwnModels(cells=Bars(0.999))):
        engine = Says("1年1月1日")
        found = read(sheet(*written), engine, own)
        assert (found.value, found.confidence, engine.shown) == (None, 0.0, [])
        assert ReadingReason.NOT_A_DATE in found.reasons and "?" in found.raw


def test_an_impossible_day_is_none() -> None:
    found = read(sheet(2, 2, 2), Says("11年11月31日"))
    assert (found.value, found.confidence) == (None, 0.0)
    assert ReadingReason.NOT_A_DATE in found.reasons


def test_nothing_written_and_no_era_is_blank() -> None:
    made = Sheet()
    for option in ERAS:
        made.word(option.box)
    assert read(made, Says("1年1月1日"), OwnModels(cells=Bars())).blank
