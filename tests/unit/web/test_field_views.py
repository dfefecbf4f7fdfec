"""How fields are shown: other readings, values in words, ages."""

from __future__ import annotations

import json
from datetime import date

import pytest

from pipeline.domain.statuses import Origin
from pipeline.procedures.pack import Label, Procedure
from pipeline.procedures.registry import load_pack
from pipeline.review.dates import age_on, wareki
from pipeline.review.field_views import group_fields, show_value
from pipeline.store.tables import FieldValue
from tests.factories import PACK, letters

PROCEDURE: Procedure = load_pack(PACK).procedure


def _shown(key: str, raw: str, value: str | None, alternatives: list[object]) -> list[str]:
    row = FieldValue(
        submission_id="s",
        key=key,
        raw=raw,
        value=value,
        origin=Origin.OCR,
        alternatives=json.dumps(alternatives),
    )
    groups = group_fields(PROCEDURE, [row], {})
    field = next(field for group in groups for field in group.fields if field.key == key)
    return [other.shown.ja for other in field.alternatives]


def test_other_readings_change_one_character_each_likeliest_first() -> None:
    stored = letters("1713604", {0: [("7", 0.2)], 4: [("8", 0.4), ("0", 0.001)]})
    assert _shown("account_number", "1713604", "1713604", stored) == ["1713804", "7713604"]


def test_what_is_no_value_is_not_offered() -> None:
    stored = letters("2019-04-09", {5: [("9", 0.5)], 9: [("7", 0.3)]})
    assert _shown("child_birth_date.1", "2019-04-09", "2019-04-09", stored) == ["平成31年4月7日"]


@pytest.mark.parametrize("stored", [[["1", 0.5]], ["1"], [["1", 0.5, None]]])
def test_readings_of_another_shape_offer_nothing(stored: list[object]) -> None:
    assert _shown("account_number", "1", "1", stored) == []


def test_what_a_form_does_not_ask_is_no_doubt_until_a_check_misses_it() -> None:
    said = {"address": (Label(ja="住所がありません。", en="No address."),)}
    fields = {field.key: field for group in group_fields(PROCEDURE, [], said) for field in group.fields}
    assert not any(field.doubtful for field in fields.values())
    assert [key for key, field in fields.items() if field.flagged] == ["address"]


def test_repeated_roles_show_where_something_is_given() -> None:
    rows = [
        FieldValue(submission_id="s", key=f"child_name.{n}", raw=name, value=name, origin=Origin.OCR)
        for n, name in ((1, ""), (2, "髙橋 陽菜"), (3, ""))
    ]
    groups = group_fields(PROCEDURE, rows, {})
    assert [(group.role, group.index) for group in groups if group.role == "child"] == [
        ("child", 1),
        ("child", 2),
    ]


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("postal_code", "2060802", "206-0802"),
        ("account_type", "ordinary", "普通"),
        ("consent", "true", "はい"),
        ("applicant_birth_date", "1989-01-08", "平成元年1月8日"),
        ("applicant_name", "髙橋 美咲", "髙橋 美咲"),
        ("applicant_name", None, ""),
    ],
)
def test_values_in_words(name: str, value: str | None, shown: str) -> None:
    assert show_value(PROCEDURE.field(name), value).ja == shown


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (date(2019, 4, 9), date(2026, 4, 8), 6),
        (date(2019, 4, 9), date(2026, 4, 9), 7),
        (date(2020, 2, 29), date(2026, 2, 28), 5),
        (date(2027, 1, 1), date(2026, 1, 1), None),
    ],
)
def test_ages(birth: date, day: date, age: int | None) -> None:
    assert age_on(birth, day) == age


def test_days_before_the_calendar_of_today_stay_western() -> None:
    assert wareki(date(1850, 1, 2)) == "1850年1月2日"
    assert wareki(date(2026, 11, 22), weekday=True) == "令和8年11月22日(日)"
