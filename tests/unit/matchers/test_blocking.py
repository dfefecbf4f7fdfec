"""Blocking keys: damaged records still meet their person; keys hold no value."""

from dataclasses import replace
from datetime import date

import pytest

from matchers.blocking import KEY_RULES_VERSION, blocking_keys
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

MEETS = [
    ({"name": "高橋美咲", "kana": None, "birth_date": None}, "typed without space, name only"),
    ({"name": None, "kana": "ﾀｶﾊｼﾐｻｷ", "birth_date": None}, "reading only, no space"),
    (
        {"name": "商橋 美笑", "kana": "タカハツ ミサキ", "birth_date": date(2015, 4, 7)},
        "name, reading and day misread",
    ),
    (
        {"name": "商橋 羊咲", "kana": "夕力ハシ ミサチ", "birth_date": date(2015, 1, 1)},
        "two slips each and a wrong month",
    ),
    (
        {"name": "商橋 美咲", "kana": None, "birth_date": date(1952, 4, 1)},
        "era slip and a misread family name",
    ),
    ({"name": "渡辺 美咲", "kana": None, "birth_date": None}, "maiden name only"),
    ({"name": None, "kana": None, "birth_date": date(2015, 4, 7)}, "postal code and most of the birth date"),
    ({"name": None, "kana": None, "birth_date": None}, "phone"),
]


@pytest.mark.parametrize(("change", "reason"), MEETS)
def test_damaged_records_meet(change: dict[str, object], reason: str) -> None:
    damaged = replace(PERSON, former_names=(), **change)  # type: ignore[arg-type]
    if reason != "phone":
        damaged = replace(damaged, phone=None)
    if not reason.startswith(("postal", "phone")):
        damaged = replace(damaged, postal_code=None)
    assert blocking_keys(normalise(damaged)) & blocking_keys(normalise(PERSON)), reason


def test_strangers_do_not_meet() -> None:
    other = PersonRecord(name="森 蓮", kana="モリ レン", birth_date=date(1970, 12, 30), postal_code="0600001")
    assert not blocking_keys(normalise(other)) & blocking_keys(normalise(PERSON))


def test_keys_are_few_short_and_hold_no_value() -> None:
    keys = blocking_keys(normalise(PERSON))
    assert 10 < len(keys) < 40
    assert all(len(key) <= 20 and key.isascii() for key in keys)
    assert not any("09012345678" in key for key in keys)


def test_secret_changes_all_keys() -> None:
    person = normalise(PERSON)
    assert not blocking_keys(person) & blocking_keys(person, b"secret")
    assert blocking_keys(person, b"secret") == blocking_keys(person, b"secret")
    assert KEY_RULES_VERSION == "1"


def test_empty_record_has_no_keys() -> None:
    assert blocking_keys(normalise(PersonRecord())) == frozenset()
