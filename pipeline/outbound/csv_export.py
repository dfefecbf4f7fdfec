"""Decided cases as the CSV (CP932) that the core system takes.

Names and account holders were typed by applicants, and a spreadsheet runs a cell that starts with = + - @ (OWASP: CSV
injection). Three rules:

1. Control characters become spaces: a line break inside a cell would start a new cell for a reader that goes by lines.
2. A cell that would then start a formula, after spaces and also by a full-width look-alike (＝＋－＠), gets one
   apostrophe in front. A plain number is no formula: amounts, codes and account numbers stay as they are, and so does
   every account holder a bank would take, since none of those starts with such a mark.
3. A cell that starts so behind apostrophes of its own gets one more. So taking one apostrophe off each cell that
   `is_defused` gives back exactly what is in the store; nothing of ours does that.

Every cell changed is in `CsvExport.changes`, and how many is in the history of the export.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from japan.kana import zengin_kana
from japan.text import strip_selectors
from pipeline.procedures.pack import ExportColumn

GETA = "〓"

# Characters that Unicode and CP932 tables of the same shape place differently; nothing is lost.
_SAME_SHAPE = str.maketrans("〜−‖—¢£¬", "～－∥―￠￡￢")
_APART = re.compile("[ぁ-ヿ][\u3099\u309a]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_FORMULA = re.compile(r"[\s']*[-=+@＝＋－＠]")
_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?")


class Change(StrEnum):
    """What was done to a cell: a character replaced by 〓, control characters by a space, a formula disarmed; or
    nothing, but that no bank would take the name."""

    SUBSTITUTED = "substituted"
    ONE_LINE = "one_line"
    DEFUSED = "defused"
    NOT_ZENGIN = "not_zengin"


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


def export_cases(columns: Sequence[ExportColumn], rows: Iterable[Sequence[str]]) -> CsvExport:
    """The file and what had to be changed for it: nothing is dropped without a word.

    rows: one a case, with a text for each column.
    """
    changes: list[CellChange] = []
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow([column.header for column in columns])
    for number, texts in enumerate(rows, start=1):
        cells = []
        for column, text in zip(columns, texts, strict=True):
            cell, made = _fit(column, text)
            cells.append(cell)
            changes.extend(CellChange(number, column.header, change) for change in made)
        writer.writerow(cells)
    return CsvExport(target.getvalue().encode("cp932"), tuple(changes))


def _fit(column: ExportColumn, text: str) -> tuple[str, list[Change]]:
    """The cell as it can stand in the file, and what was done to it."""
    made: list[Change] = []
    if column.write == "zengin":
        kana = zengin_kana(text)
        if kana is None:
            made.append(Change.NOT_ZENGIN)
        else:
            text = kana
    plain = _CONTROL.sub(" ", text)
    if plain != text:
        made.append(Change.ONE_LINE)
    fitted = _to_cp932(plain)
    if GETA in fitted and GETA not in plain:
        made.append(Change.SUBSTITUTED)
    if starts_formula(fitted):
        fitted = f"'{fitted}"
        made.append(Change.DEFUSED)
    return fitted, made


def starts_formula(cell: str) -> bool:
    """Whether a spreadsheet might run the cell, be it behind spaces or apostrophes; a plain number it would not."""
    return _FORMULA.match(cell) is not None and _NUMBER.fullmatch(cell) is None


def is_defused(cell: str) -> bool:
    """Whether a cell of the file has an apostrophe of ours in front: one off, and it is the cell of the store."""
    return cell.startswith("'") and starts_formula(cell[1:])


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
