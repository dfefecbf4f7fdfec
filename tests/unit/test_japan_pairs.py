"""How characters follow each other, in words, places and names."""

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from japan.pairs import EDGE, NEUTRAL, CharPairs, Kind, log_chance


@pytest.mark.parametrize(
    ("kind", "before", "usual", "rare"),
    [
        (Kind.WORDS, "消", "費", "賣"),
        (Kind.WORDS, "保", "険", "險"),
        (Kind.PLACES, "桐", "生", "牛"),
        (Kind.PLACES, "生", "市", "巾"),
        (Kind.PLACES, "3", "丁", "T"),
        (Kind.PLACES, "丁", "目", "日"),
        (Kind.NAMES, "木", "村", "材"),
        (Kind.NAMES, EDGE, "増", "增"),
    ],
)
def test_usual_characters_are_likelier(kind: Kind, before: str, usual: str, rare: str) -> None:
    assert log_chance(kind, before, usual) > log_chance(kind, before, rare)


def test_a_word_may_end_between_two_characters() -> None:
    """No word holds 修費, but 修 ends words and 費 begins and ends them."""
    assert log_chance(Kind.WORDS, "修", "費") > log_chance(Kind.WORDS, "修", "貧")


@given(st.characters(), st.sampled_from(Kind))
def test_any_character_has_a_chance(char: str, kind: Kind) -> None:
    assert -30.0 < log_chance(kind, char, "山") <= 0.0
    assert -30.0 < log_chance(kind, "山", char) <= 0.0


def test_signs_and_letters_cost_what_an_average_character_costs() -> None:
    assert log_chance(Kind.PLACES, "山", "-") == log_chance(Kind.WORDS, "山", "A") == NEUTRAL


def test_chances_sum_to_no_more_than_one() -> None:
    counts = {" ": {"a": 3.0, "b": 1.0}, "a": {"b": 2.0, " ": 1.0}, "b": {" ": 3.0}}
    pairs = CharPairs(counts, {"a": 0.2, "b": 0.4, " ": 0.4}, 0.0)
    for before in "ab":
        inside = sum(pairs.chance(before, char) for char in "ab")
        assert inside <= 1.0 + 1e-9
        assert pairs.chance(before, "a") > 0.0
    assert exp(log_chance(Kind.NAMES, EDGE, "佐")) < 1.0
