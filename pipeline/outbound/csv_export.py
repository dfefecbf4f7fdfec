"""Decided cases as the CSV (CP932) that the core system takes."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from japan.kana import zengin_kana
from japan.text import strip_selectors

HEADERS = (
    "宛名番号", "世帯番号", "氏名", "金額",
    "金融機関コード", "支店コード", "預金種別", "口座番号", "口座名義カナ",
)  # fmt: skip
GETA = "〓"

# Characters that Unicode and CP932 tables of the same shape place differently; nothing is lost.
_SAME_SHAPE = str.maketrans("〜−‖—¢£¬", "～－∥―￠￡￢")
_APART = re.compile("[ぁ-ヿ][\u3099\u309a]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Change(StrEnum):
    """What was done to a cell: a character replaced by 〓, a formula disarmed, a name no bank would take."""

    SUBSTITUTED = "substituted"
    DEFUSED = "defused"
    NOT_ZENGIN = "not_zengin"


@dataclass(frozen=True)
class DecidedCase:
    """One case to be paid. account_type: words as the core system expects (普通, 当座)."""

    resident_number: str
    household_number: str
    name: str
    amount_yen: int
    bank_code: str
    branch_code: str
    account_type: str
    account_number: str
    account_holder_kana: str


@dataclass(frozen=True)
class CellChange:
    """A cell that does not stand in the file as it stands in the store. row: 1-based without the header."""

    row: int
    column: str
    change: Change


@dataclass(frozen=True)
class CsvExport:
    """data: the file, CP932 with CRLF. changes: the cells that somebody must look at."""

    data: bytes
    changes: tuple[CellChange, ...]


def export_cases(rows: Iterable[DecidedCase]) -> CsvExport:
    """The file and what had to be changed for it: nothing is dropped without a word."""
    changes: list[CellChange] = []
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(HEADERS)
    for number, case in enumerate(rows, start=1):
        cells = []
        for column, text in zip(HEADERS, _cells(case), strict=True):
            cell, made = _fit(column, text)
            cells.append(cell)
            changes.extend(CellChange(number, column, change) for change in made)
        writer.writerow(cells)
    return CsvExport(target.getvalue().encode("cp932"), tuple(changes))


def _cells(case: DecidedCase) -> tuple[str, ...]:
    return (
        case.resident_number, case.household_number, case.name, str(case.amount_yen), case.bank_code,
        case.branch_code, case.account_type, case.account_number, case.account_holder_kana,
    )  # fmt: skip


def _fit(column: str, text: str) -> tuple[str, list[Change]]:
    """The cell as it can stand in the file, and what was done to it."""
    made: list[Change] = []
    if column == "口座名義カナ":
        kana = zengin_kana(text)
        if kana is None:
            made.append(Change.NOT_ZENGIN)
        else:
            text = kana
    fitted = _to_cp932(text)
    if GETA in fitted and GETA not in text:
        made.append(Change.SUBSTITUTED)
    if fitted.startswith(_FORMULA):
        # A spreadsheet would run it (OWASP: CSV injection); an apostrophe makes it text.
        fitted = f"'{fitted}"
        made.append(Change.DEFUSED)
    return fitted, made


def _to_cp932(text: str) -> str:
    # NFC for kana alone: it would turn registered characters such as U+FA19 into others.
    joined = _APART.sub(lambda found: unicodedata.normalize("NFC", found.group()), strip_selectors(text))
    plain = joined.translate(_SAME_SHAPE)
    return "".join(char if _has_cp932(char) else GETA for char in plain)


def _has_cp932(char: str) -> bool:
    try:
        char.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
