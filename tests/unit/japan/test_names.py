"""Names, variant characters, phones, check digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from japan.check import is_my_number, my_number_check_digit
from japan.names import is_latin, name_key, normalise_name, split_name
from japan.numerals import read_number
from japan.phone import normalise_phone
from japan.variants import _TABLE, Kinship, are_variants, fold_variants, kinship, parse_table

names = st.text("髙高﨑崎齋斎斉齊邊邉辺澤沢美咲A z・　\ufe00\U000e0100\ufa10塚", max_size=8)

KIN = [
    ("髙橋", "高橋", Kinship.STRONG, "はしご高"),
    ("山﨑", "山崎", Kinship.STRONG, "立崎"),
    ("渡邊", "渡邉", Kinship.STRONG, "both are 辺"),
    ("齋藤", "斎藤", Kinship.STRONG, "old form"),
    ("斉藤", "斎藤", Kinship.WEAK, "different characters that people interchange"),
    ("齊藤", "斎藤", Kinship.WEAK, "old form of 斉"),
    ("辻\U000e0100", "辻", Kinship.STRONG, "variation selector"),
    ("\ufa10本", "塚本", Kinship.STRONG, "compatibility character"),
    ("中村", "塚村", Kinship.NONE, "strangers that published closures merge"),
    ("河合", "川合", Kinship.NONE, "different characters"),
    ("大阪", "大坂", Kinship.NONE, "different characters"),
]


@pytest.mark.parametrize(("left", "right", "kin", "reason"), KIN)
def test_kinship(left: str, right: str, kin: Kinship, reason: str) -> None:
    assert kinship(left, right) is kin, reason
    assert kinship(right, left) is kin, reason
    assert are_variants(left, right) is (kin is Kinship.STRONG)


def test_table_is_wide_and_well_formed() -> None:
    table = parse_table(_TABLE.read_text(encoding="utf-8").splitlines())
    assert len(table["strong"]) >= 150
    assert not set(table["strong"]) & set(table["strong"].values()), "no base is a variant: one step folds"


@pytest.mark.parametrize("row", ["高\t髙", "高\t髙\tmaybe\tx", "高橋\t髙\tstrong\tx"])
def test_bad_table_names_its_line(row: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        parse_table(["# head", row])


def test_second_base_is_refused() -> None:
    with pytest.raises(ValueError, match="second base"):
        parse_table(["高\t髙\tstrong\tx", "隆\t髙\tstrong\tx"])


@given(st.one_of(names, st.text(max_size=10)))
def test_idempotent(text: str) -> None:
    for normalise in (normalise_name, name_key, fold_variants, lambda value: fold_variants(value, weak=True)):
        once = normalise(text)
        assert normalise(once) == once


def test_registered_characters_are_kept() -> None:
    assert normalise_name("髙橋　美咲 様") == "髙橋 美咲"


NAME_KEYS = [
    ("髙橋 美咲", "高橋美咲", "variant, space"),
    ("Nguyen Van An", "AN, Nguyễn Van", "order and accents of Latin names"),
    ("O’Neill Sam", "SAM O'NEILL", "apostrophe"),
    ("ＬＥＥ　ＭＩＮ", "Min Lee", "full width"),
]


@pytest.mark.parametrize(("left", "right", "reason"), NAME_KEYS)
def test_name_keys(left: str, right: str, reason: str) -> None:
    assert name_key(left) == name_key(right), reason


def test_split() -> None:
    assert (split_name("渡邉　太郎").family, split_name("渡邉　太郎").given) == ("渡邉", "太郎")
    assert split_name("渡邉太郎").given is None
    assert is_latin("Lee Min")
    assert not is_latin("李 民")


PHONES = [
    ("090-1234-5678", "09012345678", "mobile"),
    ("０３（１２３４）５６７８", "0312345678", "full width"),
    ("+81 90 1234 5678", "09012345678", "country code"),
    ("+81 (0)3-1234-5678", "0312345678", "country code and trunk zero"),
    ("0120-123-456", "0120123456", "freephone"),
    ("0800-123-4567", "08001234567", "freephone of eleven digits"),
    ("090-1234-567", None, "a digit too few"),
    ("12345678", None, "no area code"),
]


@pytest.mark.parametrize(("text", "phone", "reason"), PHONES)
def test_phone(text: str, phone: str | None, reason: str) -> None:
    assert normalise_phone(text) == phone, reason
    assert phone is None or normalise_phone(phone) == phone


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("六十四", 64),
        ("二〇二〇", 2020),
        ("壱拾", 10),
        ("廿三", 23),
        ("１２", 12),
        ("元", None),
        ("", None),
        ("十百", None),
    ],
)
def test_numbers(text: str, number: int | None) -> None:
    assert read_number(text) == number


@given(st.integers(0, 9999))
def test_my_number_catches_one_wrong_digit(value: int) -> None:
    first = f"{value:011d}"
    right = my_number_check_digit(first)
    assert is_my_number(f"{first}{right}")
    assert not is_my_number(f"{first}{(right + 1) % 10}")


def test_my_number_example() -> None:
    """The rule of the ordinance worked by its table of weights, from the left."""
    digits = [int(char) for char in "12345678901"]
    weights = [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]
    remainder = sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    assert my_number_check_digit("12345678901") == (0 if remainder <= 1 else 11 - remainder)
