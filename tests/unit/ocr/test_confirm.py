"""Fields that confirm or contradict each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.confidence.confirm import CHANCES, Chance, Fact, Why, confirm, kana_fits, log_odds_of, with_evidence
from ocr.readings import Reading

TODAY = date(2026, 11, 22)


def read(**values: str | None) -> dict[str, Reading]:
    return {key: Reading(key, value, value or "", 0.9) for key, value in values.items()}


@pytest.mark.parametrize(
    ("fact", "values", "confirms"),
    [
        (Fact(Why.POSTAL_ADDRESS, ("a", "b")), ("3760101", "群馬県みどり市大間々町大間々1-2"), True),
        (Fact(Why.POSTAL_ADDRESS, ("a", "b")), ("3760101", "東京都渋谷区神宮前1-2"), False),
        (Fact(Why.NAME_KANA, ("a", "b")), ("髙橋 美咲", "タカハシ ミサキ"), True),
        (Fact(Why.NAME_KANA, ("a", "b")), ("髙橋美咲", "タカハシ ミサキ"), True),
        (Fact(Why.NAME_KANA, ("a", "b")), ("高橋 央", "タカハシ リオ"), False),  # 莉 was lost
        (Fact(Why.AGE_BIRTH, ("a", "b"), TODAY), ("43", "1983-03-04"), True),
        (Fact(Why.AGE_BIRTH, ("a", "b"), TODAY), ("33", "1983-03-04"), False),
        (Fact(Why.AGE_BIRTH, ("a", "b"), TODAY), ("42", "1983-11-23"), True),  # a birthday tomorrow
        (Fact(Why.SUM, ("a", "b", "c")), ("1200", "300", "1500"), True),
        (Fact(Why.SUM, ("a", "b", "c")), ("1200", "800", "1500"), False),
    ],
)
def test_what_belongs_together_is_compared(fact: Fact, values: tuple[str, ...], confirms: bool) -> None:
    readings = read(**dict(zip(fact.keys, values, strict=True)))
    (found,) = confirm(readings, [fact])
    assert found.keys == fact.keys
    assert (found.log_odds > 0) is confirms


@pytest.mark.parametrize(
    ("fact", "values"),
    [
        (Fact(Why.POSTAL_ADDRESS, ("a", "b")), ("3760107", "群馬県みどり市大間々町大間々1-2")),  # no such code
        (Fact(Why.NAME_KANA, ("a", "b")), ("SILVA MARIA", "シルバ マリア")),
        (Fact(Why.NAME_KANA, ("a", "b")), ("高橋 美咲", "タカハシミサキ")),
        (Fact(Why.AGE_BIRTH, ("a", "b")), ("43", "1983-03-04")),  # on which day?
        (Fact(Why.SUM, ("a", "b")), ("1200", "?")),
        (Fact(Why.SUM, ("a", "missing")), ("1200", "1200")),
    ],
)
def test_what_cannot_be_compared_tells_nothing(fact: Fact, values: tuple[str, ...]) -> None:
    assert confirm(read(a=values[0], b=values[1]), [fact]) == []


def test_a_blank_field_tells_nothing() -> None:
    assert confirm(read(a="3760101", b=None), [Fact(Why.POSTAL_ADDRESS, ("a", "b"))]) == []


def test_help_that_was_used_is_not_counted_again() -> None:
    fact = Fact(Why.POSTAL_ADDRESS, ("a", "b"))
    readings = read(a="3760101", b="群馬県みどり市大間々町大間々1-2")
    leaning = readings | {"b": replace(readings["b"], leans_on=("a",))}
    assert confirm(readings, [fact])
    assert confirm(leaning, [fact]) == []


def test_evidence_moves_confidence() -> None:
    readings = read(a="髙橋 美咲", b="タカハシ ミサキ")
    agreeing = confirm(readings, [Fact(Why.NAME_KANA, ("a", "b"))])
    assert with_evidence(0.9, log_odds_of("a", agreeing) or 0.0) > 0.98
    assert with_evidence(0.9, 0.0) == pytest.approx(0.9)
    assert log_odds_of("c", agreeing) is None
    lost = confirm(read(a="高橋 央", b="タカハシ リオ"), [Fact(Why.NAME_KANA, ("a", "b"))])
    assert with_evidence(0.9, log_odds_of("b", lost) or 0.0) < 0.8


@given(st.floats(0.0, 1.0), st.lists(st.sampled_from(list(Why)), max_size=4))
def test_confidence_stays_a_probability(confidence: float, kinds: list[Why]) -> None:
    found = sum(CHANCES[kind].log_odds(True) for kind in kinds)
    assert 0.0 < with_evidence(confidence, found) < 1.0
    assert with_evidence(confidence, found) >= min(confidence, 1 - 1e-6) - 1e-9


def test_a_chance_tells_nothing_when_both_cases_are_alike() -> None:
    assert Chance(0.4, 0.4).log_odds(True) == Chance(0.4, 0.4).log_odds(False) == 0.0


def test_names_may_be_read_in_several_ways() -> None:
    assert kana_fits("羽生 一郎", "ハブ イチロウ") and kana_fits("羽生 一郎", "ハニュウ イチロウ")
    assert kana_fits("佐々木 美咲", "ササキ ミサキ")
