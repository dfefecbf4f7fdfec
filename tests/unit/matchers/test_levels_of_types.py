"""The levels of every type of value, each with its reason. All values are invented."""

import pytest

from matchers.comparisons import LEVELS, codes_of, find_level, level_of
from matchers.confusion import Script, confusions, look_alike_bits
from matchers.explain import LEVEL_WORDS
from matchers.fields import FieldType
from matchers.sides import Sides
from matchers.weights import starting_odds

CASES = [
    (FieldType.FAMILY_NAME, "中村", "中材", "look_alike", "村 is read as 材"),
    (FieldType.FAMILY_NAME, "SMITH", "SMYTHE", "similar", "Latin, Jaro-Winkler"),
    (FieldType.FAMILY_NAME, "MARTINEZ", "MARTINES", "close", "Latin, a letter"),
    (FieldType.FAMILY_NAME, "斎藤", "斉藤", "variant_weak", "interchanged"),
    (FieldType.GIVEN_NAME, "WILLIAM", "BILL", "nickname", "usual short form"),
    (FieldType.GIVEN_NAME, "J", "JOHN", "initial", "first letter"),
    (FieldType.GIVEN_NAME, "JOSE", "JOSE LOPEZ", "first_only", "middle name left out"),
    (FieldType.GIVEN_NAME, "CATHERINE", "ROBERT", "else", "somebody else"),
    (FieldType.GIVEN_KANA, "ミユキ", "ミコキ", "look_alike", "ユ is read as コ"),
    (FieldType.GIVEN_KANA, "", "ミユキ", "missing", "not given"),
    (FieldType.DATE, "2015-04-01", "2015-01-01", "one_digit", "before anything weaker"),
    (FieldType.DATE, "1962-08-13", "1962-01-01", "day_unknown", "a day nobody knew"),
    (FieldType.DATE, "1989-02-13", "1990-02-13", "one_digit", "平成元年 and 2年: one digit of the era's year"),
    (FieldType.DATE, "1962-08-13", "1981-08-13", "same_day", "another year"),
    (FieldType.DATE, "1962-08-13", "1962-08-31", "two_digits", "digits changed over"),
    (FieldType.DATE, "1962-08-13", "1962-11-25", "same_year", "another day"),
    (FieldType.DATE, "19081332", "19081333", "one_digit", "no days, still digits"),
    (FieldType.DATE, "1908-01-22", "190812", "same_year", "of other length"),
    (FieldType.SEX, "F", "M", "else", "differs"),
    (FieldType.POSTAL_CODE, "1500001", "1500013", "same_area", "the area agrees"),
    (FieldType.PHONE, "0312345678", "12345678", "area_missing", "without area code"),
    (FieldType.PHONE, "0312345678", "0312345687", "close", "changed over"),
    (FieldType.PHONE, "0312345678", "0459875678", "last_four", "last four"),
    (FieldType.ADDRESS, "札幌市中央区北一条西1-2 コーポ101", "札幌市中央区北一条西1-2 コーポ202", "other_room", ""),
    (FieldType.ADDRESS, "札幌市中央区北一条西1-2-3", "札幌市中央区大通東9-8-7", "same_city", "same city"),
    (FieldType.ADDRESS, "12 GARDEN STREET", "12 GARDEN STREETS", "close", "Latin"),
    (FieldType.EMAIL, "hana.sora@example.jp", "hana.sora@example.jo", "close", "a letter"),
    (FieldType.TEXT, "OLD GREEN HILL FARM", "GREEN HILL", "within", "part of the other"),
    (FieldType.DIGITS, "123456", "123457", "close", "a digit"),
    (FieldType.KEY, "123456", "123457", "else", "right or wrong as a whole"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "left", "right", "code", "reason"), CASES)
def test_levels_of_types(kind: FieldType, left: str, right: str, code: str, reason: str) -> None:
    assert level_of(kind, left, right) == code, reason
    assert level_of(kind, right, left) == code, reason


def test_every_type_but_whole_names_has_levels_odds_and_words() -> None:
    whole = {FieldType.PERSON_NAME, FieldType.KANA_NAME}
    assert set(LEVELS) == set(FieldType) - whole
    for kind in LEVELS:
        assert LEVELS[kind][0].code == "missing"
        assert LEVELS[kind][-1].code == "else"
        assert set(starting_odds(kind)) == set(codes_of(kind)) <= set(LEVEL_WORDS)


def test_confusions_are_measured_ones() -> None:
    assert confusions(Script.DIGITS)["7", "1"] < 9
    assert look_alike_bits("ミユキ", "ミユキ", Script.KANA, 9) == 0
    assert (
        look_alike_bits("ミユキ", "ミコキ", Script.KANA, 9) == look_alike_bits("ミコキ", "ミユキ", Script.KANA, 9) < 9
    )
    assert look_alike_bits("アカリ", "ユウナ", Script.KANA, 9) == float("inf")
    assert look_alike_bits("SMITH", "SMITH", Script.NAME, 9) == float("inf"), "no Latin was measured"


def test_swapped_and_former_come_before_all_else() -> None:
    assert find_level(FieldType.FAMILY_NAME, Sides("翔", "翔", swapped=True)) == "swapped"
    assert find_level(FieldType.FAMILY_NAME, Sides("田中", "中田", former=True)) == "former"
