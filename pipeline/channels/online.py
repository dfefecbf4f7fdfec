"""E-application exports in, records out: CSV and JSON through the channel's mapping of the pack.

A row that cannot be used names its line and column and the rest goes on; what is wrong with the whole file
is an `ArrivalError`. A value that is merely wrong (令和99年) is no problem here: the record keeps it as it
came, and `pipeline.procedures.values` says what is wrong with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.channels.errors import EmptyFile, ExportError, MissingColumn, WrongEncoding
from pipeline.channels.export_rows import BadRow, RawRow, decodings, is_utf8, read_csv, read_json
from pipeline.channels.times import parse_time
from pipeline.domain.texts import is_text
from pipeline.procedures.pack import ColumnMap, Label, OnlineChannel, Procedure, field_key


@dataclass(frozen=True)
class RowProblem:
    """What is wrong with one row, without its values.

    line: for CSV the line of the file where the row starts, for JSON the number of the record; 1-based.
    column: header or path; None when it is the whole row.
    record_kept: the row is among the records all the same.
    """

    line: int
    column: str | None
    code: str
    message: Label
    record_kept: bool = False


@dataclass(frozen=True)
class OnlineRecord:
    """One application as it was sent.

    received_at: 到達日時, with its zone (Japan's where the export says none).
    values: field key -> raw text, only where something was given.
    attachments: (attachment kind, file name relative to the export).
    line: as in RowProblem. content_hash: SHA-256 (hex) of the whole row, mapped or not, in canonical form.
    """

    receipt_number: str
    received_at: datetime
    values: dict[str, str]
    attachments: tuple[tuple[str, str], ...]
    line: int
    content_hash: str


@dataclass(frozen=True)
class ExportReading:
    """Everything an export held: usable records, and what was wrong with the others."""

    records: tuple[OnlineRecord, ...]
    problems: tuple[RowProblem, ...]


MAX_VALUE = 4_000
"""Characters of one value; the longest honest one is a statement of reasons."""
MAX_RECEIPT = 200
MAX_FILES = 100
YEARS = range(2000, 2101)
"""When an application may have been received. Outside of it a clock is wrong, or time zones run out of years."""

_NAMED = 5
"""As many missing columns are named; when more are missing it is another file."""

_MESSAGES = {
    "malformed_row": Label(
        ja="行の形式が崩れています(引用符や区切り)。", en="The row's quotes or separators are broken."
    ),
    "unclosed_quote": Label(
        ja="引用符が閉じていないため、この行から後を読めません。",
        en="A quote is not closed: nothing from this line on can be read.",
    ),
    "cell_count": Label(ja="列の数が見出しと違います。", en="The number of cells is not the header's."),
    "no_receipt_number": Label(ja="受付番号がありません。", en="The receipt number is missing."),
    "bad_received_at": Label(ja="受付日時を読み取れません。", en="The time of receipt cannot be read."),
    "not_a_value": Label(ja="値ではなく構造が入っています。", en="Holds a structure instead of a value."),
    "unsafe_file_name": Label(
        ja="添付ファイル名が使えません(フォルダーの外など)。",
        en="The attachment's name cannot be used (outside the folder, for example).",
    ),
    "not_text": Label(
        ja="文字として保存できない値があります(制御文字や壊れた文字)。",
        en="Holds what cannot be kept as text (a NUL or half a character).",
    ),
    "too_long": Label(ja="値が長すぎます。", en="The value is too long."),
    "too_many_files": Label(ja="添付ファイルが多すぎます。", en="There are too many attachments."),
    "missing_member": Label(ja="必要な項目がありません。", en="A required member is missing."),
    "not_a_record": Label(ja="レコードではありません。", en="Not a record."),
}


def read_export(data: bytes, procedure: Procedure, channel: OnlineChannel) -> ExportReading:
    """The records of an export and the rows that are none.

    Raises EmptyFile, WrongEncoding, MissingColumn (naming the headers), or ExportError.
    """
    if not data.strip():
        raise EmptyFile
    try:
        rows = _rows_of(data, channel)
    except RecursionError:
        raise ExportError("nested too deep") from None
    columns = _columns(procedure, channel)
    records: list[OnlineRecord] = []
    problems: list[RowProblem] = []
    for row in rows:
        if isinstance(row, BadRow):
            problems.append(row_problem(row.line, row.column, row.code))
            continue
        record, found = _record_of(row, channel, columns)
        problems.extend(found)
        if record is not None:
            records.append(record)
    return ExportReading(tuple(records), tuple(problems))


def read_record(content: dict[str, Any], procedure: Procedure, channel: OnlineChannel) -> ExportReading:
    """One record that was sent by itself, in the shape of this JSON channel; its numbers are text already.

    Here the sender can mend at once, so every problem speaks against the record: there is a record or there are
    problems, never both.
    """
    row = RawRow(1, content, flat=False)
    missing = [row_problem(1, name, "missing_member") for name in _needed(channel) if not row.has(name)]
    if missing:
        return ExportReading((), tuple(missing))
    record, problems = _record_of(row, channel, _columns(procedure, channel))
    return ExportReading((record,) if record and not problems else (), tuple(problems))


def _columns(procedure: Procedure, channel: OnlineChannel) -> tuple[ColumnMap, ...]:
    known = {spec.name for spec in procedure.fields}
    return tuple(column for column in channel.columns if column.field in known)


def _rows_of(data: bytes, channel: OnlineChannel) -> list[RawRow | BadRow]:
    """The rows under the first declared encoding that gives the mapped headers.

    Text in another encoding often decodes to nonsense without an error (EUC-JP as CP932), so an encoding but
    UTF-8, which is hardly met by chance, counts as right only when at least one mapped header is there.
    """
    needed = _needed(channel)
    best: list[str] | None = None
    for text in decodings(data, channel.encodings):
        rows, missing = _read_text(text, channel)
        if not missing:
            return rows
        if best is None or len(missing) < len(best):
            best = missing
    if best is None or (len(best) == len(needed) and not is_utf8(data)):
        raise WrongEncoding(", ".join(channel.encodings))
    raise MissingColumn(", ".join(best[:_NAMED]) + (f" (+{len(best) - _NAMED})" if best[_NAMED:] else ""))


def _read_text(text: str, channel: OnlineChannel) -> tuple[list[RawRow | BadRow], list[str]]:
    """The rows, and the mapped headers (for JSON: paths that no record has) which are missing."""
    if channel.format == "csv":
        headers, rows = read_csv(text)
        return rows, [name for name in _needed(channel) if name not in headers]
    rows = read_json(text, channel.records)
    records = [row for row in rows if isinstance(row, RawRow)]
    lacking = [name for name in _needed(channel) if not any(row.has(name) for row in records)]
    return rows, lacking if records else []


def _needed(channel: OnlineChannel) -> list[str]:
    mapped = [column.column for column in channel.columns if column.required]
    # A table without its column of attachments would make every applicant seem to have sent none; a JSON
    # record may leave out what it has not.
    files = channel.attachments if channel.format == "csv" else ()
    return list(dict.fromkeys([channel.receipt_number, channel.received_at, *mapped, *files]))


def _record_of(
    row: RawRow, channel: OnlineChannel, columns: Iterable[ColumnMap]
) -> tuple[OnlineRecord | None, list[RowProblem]]:
    receipt = row.text(channel.receipt_number)
    if not receipt:
        return None, [row_problem(row.line, channel.receipt_number, "no_receipt_number")]
    written = row.text(channel.received_at)
    received_at = parse_time(written) if len(written) <= MAX_RECEIPT else None
    if received_at is None or received_at.year not in YEARS:
        return None, [row_problem(row.line, channel.received_at, "bad_received_at")]
    if unfit := list(_unfit(row, channel, columns)):
        return None, unfit
    values, problems = _values_of(row, columns)
    attachments, unsafe = _attachments_of(row, channel)
    problems += [row_problem(row.line, column, "unsafe_file_name", kept=True) for column in unsafe]
    digest = hashlib.sha256(row.canonical().encode("utf-8", "surrogatepass")).hexdigest()
    return OnlineRecord(receipt, received_at, values, attachments, row.line, digest), problems


def _unfit(row: RawRow, channel: OnlineChannel, columns: Iterable[ColumnMap]) -> Iterator[RowProblem]:
    """What no store could keep or no person would have typed; such a row is not taken."""
    longest = {channel.receipt_number: MAX_RECEIPT}
    for column in (channel.receipt_number, *(one.column for one in columns), *channel.attachments):
        text = row.text(column)
        if not is_text(text) or not all(map(is_text, row.names(column))):
            yield row_problem(row.line, column, "not_text")
        elif len(text) > longest.get(column, MAX_VALUE):
            yield row_problem(row.line, column, "too_long")
        elif column in channel.attachments and len(row.names(column)) > MAX_FILES:
            yield row_problem(row.line, column, "too_many_files")


def _values_of(row: RawRow, columns: Iterable[ColumnMap]) -> tuple[dict[str, str], list[RowProblem]]:
    """Raw values by field key; columns that feed the same field (姓 and 名) are joined with a space."""
    values: dict[str, str] = {}
    problems: list[RowProblem] = []
    for column in columns:
        if row.is_structure(column.column):
            problems.append(row_problem(row.line, column.column, "not_a_value", kept=True))
            continue
        text = row.text(column.column)
        if not text:
            continue
        key = field_key(column.field, column.index)
        told = column.values.get(text, text)
        values[key] = f"{values[key]} {told}" if key in values else told
    return values, problems


def _attachments_of(row: RawRow, channel: OnlineChannel) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    found: list[tuple[str, str]] = []
    unsafe: list[str] = []
    for column, kind in channel.attachments.items():
        for name in row.names(column):
            if is_safe_name(name):
                found.append((kind, name.replace("\\", "/")))
            else:
                unsafe.append(column)
    return tuple(found), unsafe


def is_safe_name(name: str) -> bool:
    """Whether a file name of an export stays inside the export's folder, on any system."""
    plain = name.replace("\\", "/")
    parts = plain.split("/")
    control = any(ord(char) < 32 for char in plain)
    return not control and ":" not in plain and all(part not in ("", ".", "..") for part in parts)


def row_problem(line: int, column: str | None, code: str, kept: bool = False) -> RowProblem:
    """The problem with the words that go with its code."""
    return RowProblem(line, column, code, _MESSAGES[code], kept)
