"""The CSV of decided cases: CP932, nothing lost without a word, nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.packs import load_sample_pack
from pipeline.outbound import csv_export
from pipeline.outbound.csv_export import (
    CellChange,
    Change,
    CsvExport,
    is_defused,
    starts_formula,
)

COLUMNS = load_sample_pack().outbound.case_export


@dataclass(frozen=True)
class DecidedCase:
    """A row as the sample procedure declares it."""

    resident_number: str
    household_number: str
    name: str
    amount_yen: int
    bank_code: str
    branch_code: str
    account_type: str
    account_number: str
    account_holder_kana: str


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


def export_cases(cases: Iterable[DecidedCase]) -> CsvExport:
    return csv_export.export_cases(COLUMNS, [[str(cell) for cell in astuple(case)] for case in cases])


def rows_of(*cases: DecidedCase) -> list[list[str]]:
    return list(csv.reader(io.StringIO(export_cases(cases).data.decode("cp932"), newline="")))


def test_one_case() -> None:
    export = export_cases([CASE])
    assert export.changes == ()
    assert export.data.endswith(b"\r\n") and export.data.count(b"\r\n") == 2
    assert rows_of(CASE) == [
        [
            "宛名番号",
            "世帯番号",
            "氏名",
            "金額",
            "金融機関コード",
            "支店コード",
            "預金種別",
            "口座番号",
            "口座名義カナ",
        ],
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
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0", [Change.DEFUSED]),
        ("＝１＋１", "'＝１＋１", [Change.DEFUSED]),
        ("＠SUM(A1)", "'＠SUM(A1)", [Change.DEFUSED]),
        ("\u2212A1", "'－A1", [Change.DEFUSED]),  # becomes a look-alike on its way into CP932
        ("　=A1", "'　=A1", [Change.DEFUSED]),
        ("'=A1", "''=A1", [Change.DEFUSED]),
        ("''＋A1", "'''＋A1", [Change.DEFUSED]),
        ("\t=A1", "' =A1", [Change.ONE_LINE, Change.DEFUSED]),
        ("山田\r\n=A1", "山田 =A1", [Change.ONE_LINE]),
        ("+81-3-1234-5678", "'+81-3-1234-5678", [Change.DEFUSED]),
        ("-50000", "-50000", []),
        ("+12.5", "+12.5", []),
        ("ー山田", "ー山田", []),
        ("'山田", "'山田", []),
        ("0=1", "0=1", []),
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


CELLS = st.text(st.one_of(st.sampled_from("=+-@＝＋－＠' \t\r\n\u3000\u2212ｱA1"), st.characters()), max_size=12)


@given(CELLS, CELLS)
def test_every_text_fits_on_its_line_and_no_cell_is_a_formula(name: str, kana: str) -> None:
    case = replace(CASE, name=name, account_holder_kana=kana)
    data = export_cases([case]).data
    assert data.count(b"\n") == data.count(b"\r") == 2
    for cell in rows_of(case)[1]:
        assert re.match(r"[\s]*[=+@＝＋－＠-](?![0-9.]+$)", cell) is None


@given(CELLS)
def test_defusing_can_be_taken_back_exactly(name: str) -> None:
    """What stands in the file is told from what an applicant wrote, be it with apostrophes of their own."""
    cell, export = rows_of(replace(CASE, name=name))[1][2], export_cases([replace(CASE, name=name)])
    defused = Change.DEFUSED in [change.change for change in export.changes if change.column == "氏名"]
    assert is_defused(cell) == defused
    if not defused:
        assert not starts_formula(cell)


@pytest.mark.parametrize("amount", [-50000, 0, 50000])
def test_amounts_and_accounts_stay_usable(amount: int) -> None:
    case = replace(CASE, amount_yen=amount, account_holder_kana="カ)ミドリ-ショウカイ")
    assert export_cases([case]).changes == ()
    assert rows_of(case)[1][3:] == [str(amount), "0001", "001", "普通", "0123456", "ｶ)ﾐﾄﾞﾘ-ｼﾖｳｶｲ"]
