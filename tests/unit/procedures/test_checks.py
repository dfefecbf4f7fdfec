"""Checks: what is missing, contradictory or impossible, the same on every channel."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.procedures.ages import age_on
from pipeline.procedures.checks import UNCLASSIFIED, CheckFinding, run_checks
from tests.unit.procedures.packs import make_pack

PACK = make_pack()
WHOLE = {
    "name": "髙橋 美咲",
    "kana": "タカハシ ミサキ",
    "consent": "true",
    "child_name.1": "髙橋 陽菜",
    "child_birth.1": "2020-04-01",
    "child_relation.1": "child",
}
RECEIVED = date(2026, 6, 1)


def find(attachments: tuple[str, ...] = ("identity",), problems: dict[str, str] | None = None,
         **values: str | None) -> list[tuple[str, tuple[str, ...]]]:  # fmt: skip
    """Codes and fields found when these values (None: left out) replace those of a whole application."""
    return [(f.code, f.fields) for f in findings(attachments, problems, **values)]


def findings(attachments: tuple[str, ...] = ("identity",), problems: dict[str, str] | None = None,
             **values: str | None) -> tuple[CheckFinding, ...]:  # fmt: skip
    told = {**WHOLE, **{key.replace("__", "."): value for key, value in values.items()}}
    given = {key: value for key, value in told.items() if value is not None}
    return run_checks(PACK, given, RECEIVED, attachments, problems)


def test_a_whole_application_has_no_findings() -> None:
    assert find() == []


def test_a_missing_field_is_asked_for_by_its_japanese_name() -> None:
    found = findings(kana=None)
    assert [(f.code, f.fields) for f in found] == [("required", ("kana",))]
    assert found[0].deficiency is not None
    assert found[0].deficiency.ja == "「kana欄」を記入してください。"


def test_a_child_is_asked_for_only_where_anything_of_it_was_given() -> None:
    assert find(child_lives__2="false") == []
    found = findings(child_name__2="髙橋 翔")
    assert [f.fields for f in found] == [("child_birth.2",), ("child_relation.2",)]
    assert found[0].deficiency is not None
    assert found[0].deficiency.ja == "対象児童2人目の「child_birth欄」を記入してください。"
    assert found[1].deficiency is not None
    assert found[1].deficiency.ja.endswith("を選んでください。")


def test_a_value_without_a_normal_form_is_named_once_and_not_called_missing() -> None:
    assert find(child_birth__1=None, problems={"child_birth.1": "no_such_day"}) == [
        ("invalid_value", ("child_birth.1",))
    ]


@pytest.mark.parametrize(("digits", "wrong"), [("1234567", False), ("12345678", False), ("123456", True)])
def test_digits_are_counted(digits: str, wrong: bool) -> None:
    assert find(account=digits) == ([("digit_count", ("account",))] if wrong else [])


def test_the_wrong_count_says_the_right_ones() -> None:
    deficiency = findings(account="1")[0].deficiency
    assert deficiency is not None and deficiency.ja == "「account欄」は7桁または8桁で記入してください。"


@pytest.mark.parametrize("consent", [None, "false"])
def test_consent_is_asked_for_once(consent: str | None) -> None:
    assert find(consent=consent) == [("consent_missing", ("consent",))]


@pytest.mark.parametrize(
    ("attachments", "agent", "codes"),
    [
        (("identity",), "true", ["attachment_mandate"]),
        (("identity",), "false", []),
        (("identity", "mandate"), "true", []),
        ((), None, ["attachment_identity"]),
    ],
)
def test_attachments(attachments: tuple[str, ...], agent: str | None, codes: list[str]) -> None:
    found = findings(attachments, by_agent=agent)
    assert [f.code for f in found] == codes
    assert all(f.deficiency is not None for f in found)


def test_a_missing_paper_is_only_a_doubt_while_an_attachment_is_unsorted() -> None:
    found = findings((UNCLASSIFIED,))
    assert [(f.code, f.deficiency) for f in found] == [("attachment_identity", None)]


def test_no_child_at_all() -> None:
    gone = {"child_name__1": None, "child_birth__1": None, "child_relation__1": None}
    assert find(**gone) == [("no_child", ())]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("birth", "codes"),
    [
        ("2008-04-03", []),  # 17 until the end of 1 April 2026
        ("2008-04-02", ["too_old"]),  # 18 on the day before the birthday
        ("2026-04-01", []),
        ("2026-04-02", ["too_old"]),  # not yet born on the base date
        ("2026-06-02", ["too_old", "born_later"]),
    ],
)
def test_ages_and_receipt(birth: str, codes: list[str]) -> None:
    assert [code for code, _ in find(child_birth__1=birth)] == codes


@pytest.mark.parametrize(
    ("holder", "differs"),
    [("タカハシ ミサキ", False), ("タカハシミサキ", False), ("タカハシ ケンタ", True), (None, False)],
)
def test_the_account_holder(holder: str | None, differs: bool) -> None:
    assert find(holder=holder) == ([("holder_differs", ("holder", "kana"))] if differs else [])


@pytest.mark.parametrize(
    ("postal", "address", "differs"),
    [
        ("1000001", "東京都千代田区千代田1-1", False),
        ("1000001", "大阪府大阪市北区梅田1-1", True),
        ("9999999", "東京都千代田区千代田1-1", False),
        ("1000001", None, False),
    ],
    ids=["agree", "disagree", "an unknown code says nothing", "no address"],
)
def test_postal_code_and_address(postal: str, address: str | None, differs: bool) -> None:
    assert bool(find(postal=postal, address=address)) is differs


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        ("2008-04-02", "2026-04-01", 18),
        ("2008-04-02", "2026-03-31", 17),
        ("2004-02-29", "2005-02-28", 1),
        ("2004-02-29", "2005-02-27", 0),
        ("2004-02-29", "2008-02-28", 4),
        ("2026-01-01", "2026-12-31", 1),
        ("2026-01-01", "2025-12-31", -1),
        ("2026-01-01", "2026-01-01", 0),
    ],
)
def test_age_is_reached_on_the_day_before_the_birthday(birth: str, day: str, age: int) -> None:
    assert age_on(date.fromisoformat(birth), date.fromisoformat(day)) == age
