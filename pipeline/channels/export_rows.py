"""The rows of an export as they stand in the file, before any mapping: CSV lines and JSON records."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipeline.channels.errors import ExportError

_STEP = re.compile(r"[^.\[\]]+")
# Python's cp932 gives these for bytes that no CP932 text has, among them the marks of UTF-16.
_NOT_CP932 = re.compile("[\x80\xa0\uf8f1-\uf8f3]")
_CP932_NAMES = frozenset({"cp932", "ms932", "windows-31j", "shift_jis", "sjis"})
_JIS_ESCAPES = (b"\x1b$B", b"\x1b$@")


def steps_of(path: str) -> list[str]:
    """The names, and places in lists, that a dotted path goes through."""
    return _STEP.findall(path)


def find_at(document: Any, path: str, missing: Any = None) -> Any:
    """What stands at a dotted path (`children.0.name`, `children[0].name`); `missing` when nothing does."""
    found = document
    for step in steps_of(path):
        if isinstance(found, dict) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return missing
    return found


@dataclass(frozen=True)
class BadRow:
    """A row that is none. line: 1-based, as in `RowProblem`."""

    line: int
    column: str | None
    code: str


@dataclass(frozen=True)
class RawRow:
    """One CSV row or JSON record. A CSV row is a flat record whose keys are headers, dots and all."""

    line: int
    content: dict[str, Any]
    flat: bool

    def find(self, column: str) -> Any:
        """What stands at a header or path; None when nothing does."""
        return self.content.get(column) if self.flat else find_at(self.content, column)

    def has(self, column: str) -> bool:
        """Whether the header or path is there at all, be it empty."""
        return column in self.content if self.flat else find_at(self.content, column, self) is not self

    def text(self, column: str) -> str:
        """The value there as text, trimmed; "" when there is none."""
        found = self.find(column)
        if isinstance(found, bool):
            return "true" if found else "false"
        return "" if found is None or isinstance(found, dict | list) else str(found).strip()

    def is_structure(self, column: str) -> bool:
        """Whether a list or object stands where a value should."""
        return isinstance(self.find(column), dict | list)

    def names(self, column: str) -> tuple[str, ...]:
        """The file names there: a list in JSON, separated by `;` in CSV."""
        found = self.find(column)
        parts = found if isinstance(found, list) else str(found or "").split(";")
        return tuple(name for part in parts if (name := str(part).strip()))

    def canonical(self) -> str:
        """The whole row as one text, the same for the same content in any order of its columns."""
        return json.dumps(self.content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def decodings(data: bytes, encodings: tuple[str, ...]) -> Iterator[str]:
    """The text under each declared encoding that can hold these bytes, in the order declared."""
    escaped = any(mark in data for mark in _JIS_ESCAPES)
    for encoding in encodings:
        if escaped and "2022" not in encoding:
            continue
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        except LookupError:
            raise ExportError(f"unknown encoding {encoding}") from None
        if "\x00" not in text and not (encoding.lower() in _CP932_NAMES and _is_misread(data, text)):
            yield text


def is_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8, be they plain ASCII."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_misread(data: bytes, text: str) -> bool:
    """Whether other text was taken for CP932. EUC-JP then comes out as half-width kana for the most part."""
    if _NOT_CP932.search(text):
        return True
    foreign = [char for char in text if ord(char) > 127]
    half_width = sum("\uff61" <= char <= "\uff9f" for char in foreign)
    if not foreign or half_width < 0.4 * len(foreign):
        return False
    try:
        data.decode("euc_jp")
    except UnicodeDecodeError:
        return False
    return True


def read_csv(text: str) -> tuple[set[str], list[RawRow | BadRow]]:
    """The headers and the rows; a row's line is where it starts, since quoted cells may hold line breaks.

    Raises ExportError when a header stands twice, as no one could say which is meant.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        headers = [cell.strip() for cell in next(reader, [])]
    except csv.Error:
        raise ExportError("line 1") from None
    named = [header for header in headers if header]
    if len(set(named)) != len(named):
        twice = sorted({header for header in named if named.count(header) > 1})
        raise ExportError(", ".join(twice))
    return set(named), list(_csv_rows(reader, headers))


def _csv_rows(reader: Any, headers: list[str]) -> Iterator[RawRow | BadRow]:
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            at_end = "unexpected end" in str(error)
            yield BadRow(line, None, "unclosed_quote" if at_end else "malformed_row")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(headers):
            yield BadRow(line, None, "cell_count")
            continue
        content = {header: cell for header, cell in zip(headers, cells, strict=True) if header}
        yield RawRow(line, content, flat=True)


def read_json(text: str, records: str) -> list[RawRow | BadRow]:
    """The records of the list at the path `records` ("" for the document itself), numbered from 1.

    Raises ExportError when it is no JSON or no list stands there.
    """
    try:
        document = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except json.JSONDecodeError as error:
        raise ExportError(f"line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise ExportError("nested too deep") from None
    listed = find_at(document, records)
    if not isinstance(listed, list):
        raise ExportError(records or "list of records")
    return [
        RawRow(number, item, flat=False) if isinstance(item, dict) else BadRow(number, None, "not_a_record")
        for number, item in enumerate(listed, start=1)
    ]
