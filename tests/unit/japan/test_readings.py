"""How names are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from japan.readings import NamePart, listed_readings, log_kana, log_reading, spell

FAMILY, GIVEN = NamePart.FAMILY, NamePart.GIVEN


@pytest.mark.parametrize(
    ("written", "kana", "part"),
    [
        ("佐藤", "サトウ", FAMILY),
        ("髙橋", "タカハシ", FAMILY),  # registered with a variant
        ("渡邉", "わたなべ", FAMILY),
        ("佐々木", "ササキ", FAMILY),
        ("美咲", "ミサキ", GIVEN),
        ("さくら", "サクラ", GIVEN),
        ("智香美", "チカミ", GIVEN),  # in no table: kanji by kanji
    ],
)
def test_a_known_reading_speaks_for_itself(written: str, kana: str, part: NamePart) -> None:
    assert log_reading(written, kana, part) - log_kana(kana, part) > 3


@pytest.mark.parametrize(
    ("written", "kana", "part", "most"),
    [
        ("佐藤", "スズキ", FAMILY, -3.5),  # another name
        ("松岡", "マッオカ", FAMILY, -3.5),  # a small kana misread
        ("陽翔", "ハルト", GIVEN, -1.9),  # a reading of today: unheard, not impossible
    ],
)
def test_an_unheard_reading_speaks_against(written: str, kana: str, part: NamePart, most: float) -> None:
    assert most - 0.5 < log_reading(written, kana, part) - log_kana(kana, part) < most


def test_the_table_knows_several_readings() -> None:
    assert listed_readings("羽生", FAMILY) >= {"ハニュウ", "ハブ"}
    assert listed_readings("鬱屋敷台", FAMILY) == frozenset()


def test_small_kana_stand_where_names_have_them() -> None:
    for right, wrong in (("マツオカ", "マッオカ"), ("コヤマ", "コャマ"), ("ハットリ", "ハツトリ")):
        assert log_kana(right, FAMILY) > log_kana(wrong, FAMILY) + 3
    for right, wrong in (("サナエ", "サナェ"), ("ショウタ", "シヨウタ"), ("タツヤ", "タッヤ")):
        assert log_kana(right, GIVEN) > log_kana(wrong, GIVEN) + 3


@given(st.text("アイウカキクサシスタチツナニンッャュョー", max_size=2))
def test_what_follows_adds_up_to_no_more_than_one(context: str) -> None:
    from math import exp

    kana = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワンッャュョー$"
    assert sum(exp(spell(GIVEN).after(("^^" + context)[-2:], char)) for char in kana) <= 1.0 + 1e-9
