"""What a city says truly stands in its scans: a CSV file with a line for each field."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pipeline.channels.errors import ExportError
from pipeline.channels.export_rows import BadRow, RawRow, decodings, read_csv
from pipeline.procedures.pack import Procedure

NEEDED = frozenset({"file", "field", "value"})
OPTIONAL = frozenset({"page", "group"})
ENCODINGS = ("utf-8-sig", "cp932")


@dataclass(frozen=True)
class Said:
    """What truly stands in a field, None where nothing was written; the group it is counted in, and its line."""

    value: str | None
    group: str
    line: int


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line of the truth, or with what it names. line: 1-based, 0 for the whole file."""

    line: int
    code: str
    about: str = ""


Truths = Mapping[tuple[str, int], Mapping[str, Said]]
"""File and page number (1-based) -> field key -> what stands there."""


def read_truth(data: bytes, pack: Procedure, files: Collection[str]) -> tuple[Truths, list[Problem]]:
    """The truth of these files' fields, and every line that cannot be used. files: the names that are there."""
    for text in decodings(data, ENCODINGS):
        try:
            headers, rows = read_csv(text)
        except ExportError as error:
            return {}, [Problem(1, "header_twice", error.detail or "")]
        missing = sorted(NEEDED - headers)
        strange = sorted(headers - NEEDED - OPTIONAL)
        if missing or strange:
            return {}, [Problem(1, "missing_column", ", ".join(missing))] * bool(missing) + [
                Problem(1, "unknown_column", ", ".join(strange))
            ] * bool(strange)
        return _sorted_by_page(rows, pack, files)
    return {}, [Problem(0, "unknown_encoding")]


def _sorted_by_page(
    rows: list[RawRow | BadRow], pack: Procedure, files: Collection[str]
) -> tuple[Truths, list[Problem]]:
    truths: dict[tuple[str, int], dict[str, Said]] = {}
    problems: list[Problem] = []
    for row in rows:
        found = Problem(row.line, row.code) if isinstance(row, BadRow) else _problem(row, pack, files)
        if isinstance(row, BadRow) or found:
            problems.append(found or Problem(row.line, "malformed_row"))
            continue
        page = truths.setdefault((row.text("file"), int(row.text("page") or 1)), {})
        if row.text("field") in page:
            problems.append(Problem(row.line, "field_twice", row.text("field")))
        page.setdefault(row.text("field"), Said(row.text("value") or None, row.text("group"), row.line))
    return truths, problems


def _problem(row: RawRow, pack: Procedure, files: Collection[str]) -> Problem | None:
    """What keeps a line from being used. The value is never named."""
    if row.text("file") not in files:
        return Problem(row.line, "no_such_file", row.text("file"))
    page = row.text("page") or "1"
    if not (page.isascii() and page.isdecimal() and 1 <= int(page) <= 10_000):
        return Problem(row.line, "bad_page")
    name, dot, index = row.text("field").partition(".")
    if name not in {spec.name for spec in pack.fields} or (dot and not (index.isascii() and index.isdecimal())):
        return Problem(row.line, "unknown_field", row.text("field"))
    return None
