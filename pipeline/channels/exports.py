"""E-application exports through the sandbox: what `online.read_export` reads, read in a child."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pipeline.channels.errors import EmptyFile, SizeTooLarge
from pipeline.channels.online import ExportReading, OnlineRecord, RowProblem, read_export, row_problem
from pipeline.channels.sandbox import Message, run_limited
from pipeline.procedures.pack import OnlineChannel, Procedure

MAX_EXPORT_BYTES = 100 * 1024 * 1024
"""Some 50,000 applications. What a child may hold of it in memory is limited apart."""


def open_export(data: bytes, procedure: Procedure, channel: OnlineChannel) -> ExportReading:
    """The records of an export and the rows that are none; the same errors as `read_export`, and those of the
    sandbox and SizeTooLarge."""
    if not data:
        raise EmptyFile
    if len(data) > MAX_EXPORT_BYTES:
        raise SizeTooLarge(f"> {MAX_EXPORT_BYTES // 1024**2} MB")
    records: list[OnlineRecord] = []
    problems: list[RowProblem] = []
    for fields, _ in run_limited(read_rows, data, procedure, channel):
        if "code" in fields:
            problems.append(row_problem(fields["line"], fields["column"], fields["code"], bool(fields["kept"])))
        else:
            records.append(_record_of(fields))
    return ExportReading(tuple(records), tuple(problems))


def read_rows(data: bytes, procedure: Procedure, channel: OnlineChannel) -> Iterator[Message]:
    """Inside the sandbox: a message for each record, then one for each problem {line, column, code, kept}."""
    reading = read_export(data, procedure, channel)
    for record in reading.records:
        yield {**asdict(record), "received_at": record.received_at.isoformat()}, b""
    for problem in reading.problems:
        kept = problem.record_kept
        yield {"line": problem.line, "column": problem.column, "code": problem.code, "kept": kept}, b""


def _record_of(fields: dict[str, Any]) -> OnlineRecord:
    return OnlineRecord(
        receipt_number=str(fields["receipt_number"]),
        received_at=datetime.fromisoformat(fields["received_at"]),
        values={str(key): str(text) for key, text in fields["values"].items()},
        attachments=tuple((str(kind), str(name)) for kind, name in fields["attachments"]),
        line=int(fields["line"]),
        content_hash=str(fields["content_hash"]),
    )
