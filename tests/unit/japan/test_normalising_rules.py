"""What holds for every rule whatever is written: twice is as once, nothing raises, and no two names become one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from japan import variants
from japan.address import address_key, building_key, normalise_address, place_key, split_building
from japan.bank import account_key, from_symbol, parse_account
from japan.city_tables import CityTables
from japan.email import normalise_email
from japan.era import format_wareki, from_date, read_date
from japan.kana import kana_key, kana_shape_key, to_full_katakana
from japan.names import name_key, normalise_name
from japan.phone import normalise_phone
from japan.postal import complete_place, normalise_postal
from japan.registered_names import read_registered_name
from japan.sex import normalise_sex
from japan.splitting import split_reading, split_unspaced
from japan.text import drop_spaces, strip_selectors

written = st.text(
    "髙高﨑崎齋斎斉邊辺渡沢澤佐藤"
    "美咲太郎一二三十ヶケ々アイウカガコオロータミスズヾゝっゞ"
    "ｱｶﾞﾟｰ‐－―ぁがAbZz09０９１-. 　,()（）［］@:+年月日昭和令元RS"
    "丁目番地号の大字上る方室F様\ufe00\U000e0100\ufa10\ue000\u3099\u200b",
    max_size=14,
) | st.text(max_size=12)
FOLDS: list[Callable[[str], str]] = [
    normalise_name,
    name_key,
    variants.fold_variants,
    to_full_katakana,
    kana_key,
    normalise_address,
    building_key,
    account_key,
    normalise_sex,
    lambda text: normalise_phone(text) or "",
    lambda text: normalise_email(text) or "",
    lambda text: normalise_postal(text) or "",
    lambda text: day.isoformat() if (day := read_date(text)) else "",
    lambda text: read_registered_name(text).legal,
]


@settings(max_examples=150)
@given(written)
def test_twice_is_as_once(text: str) -> None:
    for number, fold in enumerate(FOLDS):
        once = fold(text)
        assert fold(once) == once, number


@settings(max_examples=100)
@given(written, written)
def test_nothing_raises(text: str, other: str) -> None:
    for fold in (kana_shape_key, place_key, address_key, split_building, parse_account, read_registered_name):
        fold(text)
    split_unspaced(text, other)
    split_reading(text, other, text + other)
    from_symbol(text, other)
    complete_place(text, other)


names = st.text("髙高﨑崎碕齋斎斉齊邊邉辺澤沢龍竜瀧滝眞真佐藤中塚河川合 　", min_size=1, max_size=5)
_TABLE = variants.parse_table(variants._TABLE.read_text("utf-8").splitlines())["strong"]


def _direct(left: str, right: str) -> bool:
    """One row of the reviewed table holds both."""
    return left == right or _TABLE.get(left, left) == _TABLE.get(right, right)


@settings(max_examples=300)
@given(names, names)
def test_names_are_one_by_direct_pairs_alone(left: str, right: str) -> None:
    plain = [drop_spaces(strip_selectors(text)) for text in (left, right)]
    same = len(plain[0]) == len(plain[1]) and all(map(_direct, *plain))
    assert (name_key(left) == name_key(right)) is same


@settings(max_examples=150)
@given(names)
def test_a_registered_name_stays_as_it_is(name: str) -> None:
    kept = normalise_name(name)
    assert drop_spaces(kept) == drop_spaces(name)
    assert drop_spaces(read_registered_name(name).legal) == drop_spaces(name)


kana_names = st.text("アイウエオカガキギコゴサザシジツヅトドハバパンミユヨ", min_size=1, max_size=5)


@settings(max_examples=200)
@given(kana_names, kana_names)
def test_readings_are_one_by_what_sounds_alike_alone(left: str, right: str) -> None:
    """Of kana without small ones and long marks, only ヅ and long vowels spelt by ear are folded."""
    if kana_key(left) == kana_key(right):
        assert len(left) == len(right)
        pairs = {frozenset(pair) for pair in zip(left, right, strict=True) if pair[0] != pair[1]}
        assert pairs <= {frozenset("ヅズ"), frozenset("オウ"), frozenset("エイ")}


@given(st.dates(date(1912, 8, 1), date(2100, 12, 31)))
def test_a_day_is_read_back_from_every_way_of_writing_it(day: date) -> None:
    era = from_date(day)
    for text in (
        day.isoformat(), f"{day:%Y/%m/%d}", f"{day:%Y%m%d}", format_wareki(day),
        f"{era.letter}{era.year}.{day.month}.{day.day}", f"{era.letter}{era.year:02}{day:%m%d}",
        f"{era.kanji}{_kanji(era.year)}年{_kanji(day.month)}月{_kanji(day.day)}日",
    ):  # fmt: skip
        assert read_date(text) == day, text


def _kanji(number: int) -> str:
    digits = "〇一二三四五六七八九"
    tens, ones = divmod(number, 10)
    if tens > 9:
        return "".join(digits[int(char)] for char in str(number))
    return (digits[tens] if tens > 1 else "") + ("十" if tens else "") + (digits[ones] if ones or not tens else "")


@given(st.integers(0, 99), st.integers(1, 9_999_999))
def test_symbols_of_japan_post_bank(branch: int, number: int) -> None:
    account = from_symbol(f"1{branch:02}40", f"{number}1")
    assert account is not None
    assert (account.bank, account.branch, account.number) == ("9900", f"{branch:02}8", f"{number:07}")
    assert account_key(f"記号1{branch:02}40 番号{number}1") == account_key("-".join(account)) == "".join(account)
    assert from_symbol(f"1{branch:02}40", f"{number}2") is None, "a 番号 ends in 1"


@pytest.fixture
def city() -> object:
    tables = CityTables(
        strong={"吞": "呑", "齋": "中", "甲": "邊", "乙": "丙", "丙": "丁", "辻\U000e0101": "辻"},
        weak={"戊": "己"},
        private={"\ue000": "髙", "\ue001": "土佐", "\ue002": "\ue000"},
    )
    variants.install_tables(tables)
    yield tables
    variants.install_tables(None)


def test_a_citys_tables_add_and_never_overrule(city: object) -> None:
    assert name_key("吞") == name_key("呑")
    assert name_key("齋") == name_key("斎"), "the reviewed table goes first"
    assert name_key("甲") == name_key("辺"), "a target that the reviewed table folds"
    assert name_key("乙") != name_key("丁"), "no chain"
    assert name_key("\ue000橋") == name_key("高橋"), "a private character"
    assert name_key("\ue001") == name_key("土佐")
    assert name_key("\ue002") == "\ue002", "no chain of private characters"
    assert variants.kinship("戊", "己") is variants.Kinship.WEAK


@settings(max_examples=150)
@given(st.text("吞呑齋斎邊辺甲乙丙丁戊己辻\U000e0101\ue000\ue001髙", max_size=6))
def test_twice_is_as_once_with_a_citys_tables(text: str) -> None:
    variants.install_tables(
        CityTables({"吞": "呑", "甲": "邊", "乙": "丙", "丙": "丁"}, {"戊": "己"}, {"\ue000": "髙"})
    )
    try:
        for weak in (False, True):
            once = variants.fold_variants(text, weak=weak)
            assert variants.fold_variants(once, weak=weak) == once
    finally:
        variants.install_tables(None)
