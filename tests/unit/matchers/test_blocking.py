"""Blocking keys: damaged records still meet their person; keys hold no value."""

from dataclasses import replace
from datetime import date

import pytest

from japan.city_tables import CityTables
from japan.variants import install_tables
from matchers.blocking import blocking_keys, key_rules_version, key_values, rule_of
from matchers.normalise import normalise
from matchers.records import PersonRecord

PERSON = PersonRecord(
    name="髙橋 美咲",
    kana="タカハシ ミサキ",
    birth_date=date(2015, 4, 1),
    postal_code="1500001",
    phone="09012345678",
    former_names=("渡邊 美咲",),
)

ADDRESS = "東京都渋谷区神宮前1-2-3"
MEETS = [
    ({"name": "高橋美咲", "kana": None, "birth_date": None}, "typed without space, name only"),
    ({"name": None, "kana": "ﾀｶﾊｼﾐｻｷ", "birth_date": None}, "reading only, no space"),
    ({"name": None, "kana": "ミサキ タカハシ", "birth_date": None}, "reading only, parts in each other's place"),
    ({"name": "美咲 髙橋", "kana": None, "birth_date": None}, "name only, parts in each other's place"),
    ({"name": "商橋 美笑", "kana": "タカハツ ミサキ", "birth_date": date(2015, 4, 7)}, "name and day misread"),
    ({"name": "商橋 美咲", "kana": None, "birth_date": date(1952, 4, 1)}, "era slip and a misread name"),
    ({"name": "商橋 羊咲", "kana": "夕力ハシ ミサチ", "birth_date": date(2015, 4, 1)}, "two slips each"),
    ({"name": "鈴木 羊咲", "kana": None}, "another name, the right date"),
    ({"name": "渡辺 美咲", "kana": None, "birth_date": None}, "maiden name only"),
    ({"name": None, "kana": None, "birth_date": None, "address": ADDRESS}, "address"),
    ({"name": None, "kana": None, "birth_date": None, "phone": "1234-5678"}, "phone without its front"),
    ({"name": None, "kana": None, "birth_date": None, "account": "123-4567890"}, "account"),
]


@pytest.mark.parametrize(("change", "reason"), MEETS)
def test_damaged_records_meet(change: dict[str, object], reason: str) -> None:
    bare = replace(PERSON, former_names=(), phone=None, postal_code=None)
    damaged = normalise(replace(bare, **change))  # type: ignore[arg-type]
    if reason == "phone without its front":
        damaged = replace(damaged, phone="12345678")
    known = replace(PERSON, address=ADDRESS + " コーポ青葉101", account="00011234567890")
    assert blocking_keys(damaged) & blocking_keys(normalise(known)), reason


def test_strangers_do_not_meet() -> None:
    other = PersonRecord(name="森 蓮", kana="モリ レン", birth_date=date(1970, 12, 30), postal_code="0600001")
    assert not blocking_keys(normalise(other)) & blocking_keys(normalise(PERSON))


def test_keys_are_few_short_and_hold_no_value() -> None:
    keys = blocking_keys(normalise(PERSON))
    assert 8 <= len(keys) <= 15
    assert all(len(key) <= 20 and key.isascii() for key in keys)
    assert not any("09012345678" in key for key in keys)


def test_secret_changes_all_keys() -> None:
    person = normalise(PERSON)
    assert not blocking_keys(person) & blocking_keys(person, b"secret")
    assert blocking_keys(person, b"secret") == blocking_keys(person, b"secret")


def test_a_citys_tables_are_part_of_the_version() -> None:
    shipped = key_rules_version()
    install_tables(CityTables(private={"\ue000": "髙"}))
    try:
        assert key_rules_version().startswith(f"{shipped}-")
        assert not blocking_keys(normalise(PERSON)) & keys_before()
    finally:
        install_tables(None)
    assert key_rules_version() == shipped


def keys_before() -> frozenset[str]:
    """What the shipped table gives, made in the middle of another installation."""
    install_tables(None)
    return blocking_keys(normalise(PERSON))


def test_names_with_one_character_wrong_lost_or_too_many_meet() -> None:
    for other in ("上木旗葵", "上木葵", "上木陽葵子", "陽葵 上木"):
        assert _names_of("上木 陽葵") & _names_of(other), other
    assert not _names_of("上木 陽葵") & _names_of("小石 和子")
    assert _names_of("SMITH JOHN PAUL") & _names_of("John Smith"), "a middle name left out"


def _names_of(name: str) -> set[str]:
    return {value for rule, value in key_values(normalise(PersonRecord(name=name))) if rule == "n"}


def test_a_key_shows_its_rule_alone() -> None:
    assert {rule_of(key) for key in blocking_keys(normalise(PERSON))} == {"d", "n", "k", "p"}


def test_empty_record_has_no_keys() -> None:
    assert blocking_keys(normalise(PersonRecord())) == frozenset()
