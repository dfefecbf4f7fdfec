"""The CSV of decided cases: CP932, nothing lost without a word, nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.outbound.csv_export import HEADERS, CellChange, Change, DecidedCase, export_cases

CASE = DecidedCase(
    resident_number="00012345",
    household_number="00000678",
    name="髙橋 美咲",
    amount_yen=50000,
    bank_code="0001",
    branch_code="001",
    account_type="普通",
    account_number="0123456",
    account_holder_kana="タカハシ ミサキ",
)


def rows_of(*cases: DecidedCase) -> list[list[str]]:
    return list(csv.reader(io.StringIO(export_cases(cases).data.decode("cp932"), newline="")))


def test_one_case() -> None:
    export = export_cases([CASE])
    assert export.changes == ()
    assert export.data.endswith(b"\r\n") and export.data.count(b"\r\n") == 2
    assert rows_of(CASE) == [
        list(HEADERS),
        ["00012345", "00000678", "髙橋 美咲", "50000", "0001", "001", "普通", "0123456", "ﾀｶﾊｼ ﾐｻｷ"],
    ]


@pytest.mark.parametrize(
    ("name", "cell", "changes"),
    [
        ("𠮷田 花子", "〓田 花子", [Change.SUBSTITUTED]),
        ("山﨑 太郎", "山﨑 太郎", []),
        ("\ufa19田 太郎", "\ufa19田 太郎", []),  # a compatibility character that CP932 has stays what it is
        ("葛\U000e0100城 太郎", "葛城 太郎", []),
        ("ガ〜ド−", "ガ～ド－", []),
        ("か\u3099", "が", []),
        ("=1+1", "'=1+1", [Change.DEFUSED]),
        ("@SUM(A1)", "'@SUM(A1)", [Change.DEFUSED]),
        ('a"b,c', 'a"b,c', []),
        ("〓", "〓", []),
    ],
)
def test_names(name: str, cell: str, changes: list[Change]) -> None:
    case = replace(CASE, name=name)
    assert rows_of(case)[1][2] == cell
    assert export_cases([CASE, case]).changes == tuple(CellChange(2, "氏名", change) for change in changes)


def test_a_holder_that_no_bank_would_take_is_reported_and_kept() -> None:
    case = replace(CASE, account_holder_kana="高橋")
    export = export_cases([case])
    assert export.changes == (CellChange(1, "口座名義カナ", Change.NOT_ZENGIN),)
    assert rows_of(case)[1][8] == "高橋"


@given(st.text(max_size=20), st.text(max_size=20))
def test_every_text_fits_and_no_cell_is_a_formula(name: str, kana: str) -> None:
    case = replace(CASE, name=name, account_holder_kana=kana)
    for cell in rows_of(case)[1]:
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
