"""Rows out of a store and into one: a file of JSON lines for every table, the same from either database.

Tables are taken as the database has them, not as this code would make them, so that a dump of an older schema can
still be read.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, DateTime, Engine, MetaData, Table, bindparam, func, insert, select, text

PASSING = frozenset({"alembic_version", "user_session", "worker", "work_lease"})
"""Tables of the moment: who is signed in, who works on what. The schema's own mark is made by the migrations."""

_ROWS = 1000


@dataclass(frozen=True)
class TableDump:
    """How many rows a file holds, and its SHA-256 (hex)."""

    rows: int
    sha256: str


def tables_of(bind: Engine | Connection) -> list[Table]:
    """The tables that a dump holds, each after those it refers to."""
    metadata = MetaData()
    metadata.reflect(bind)
    return [table for table in metadata.sorted_tables if table.name not in PASSING]


def dump_table(connection: Connection, table: Table, path: Path) -> TableDump:
    """Writes all rows of a table: a line of column names, then a line for each row."""
    rows = 0
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, filename="", mtime=0) as file:
        file.write(_line([column.name for column in table.columns]))
        for row in connection.execute(select(table), execution_options={"yield_per": _ROWS}):
            file.write(_line([_plain(value) for value in row]))
            rows += 1
    return TableDump(rows, sha256_of(path))


def load_table(connection: Connection, table: Table, path: Path) -> int:
    """Inserts all rows of a dump into an empty table; gives their number.

    References within the table are set once all its rows are there.
    """
    own = [key.parent.name for key in table.foreign_keys if key.column.table is table]
    rows = 0
    for some in _in_parts(_rows_of(table, path)):
        connection.execute(insert(table), [{**row, **dict.fromkeys(own)} for row in some])
        rows += len(some)
    for name in own:
        _set_references(connection, table, name, path)
    _continue_numbers(connection, table)
    return rows


def has_rows(connection: Connection, table: Table) -> bool:
    """True when there is at least one row."""
    return connection.execute(select(table).limit(1)).first() is not None


def sha256_of(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _set_references(connection: Connection, table: Table, name: str, path: Path) -> None:
    (key,) = table.primary_key.columns
    change = table.update().where(key == bindparam("row")).values({name: bindparam("to")})
    named = ({"row": row[key.name], "to": row[name]} for row in _rows_of(table, path) if row[name] is not None)
    for some in _in_parts(named):
        connection.execute(change, some)


def _continue_numbers(connection: Connection, table: Table) -> None:
    # PostgreSQL numbers rows from a sequence, which knows nothing of rows that brought their number along.
    if connection.dialect.name != "postgresql" or table.autoincrement_column is None:
        return
    column = table.autoincrement_column
    last = connection.execute(select(func.max(column))).scalar()
    if last is not None:
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)"),
            {"table": table.name, "column": column.name, "last": last},
        )


def _rows_of(table: Table, path: Path) -> Iterator[dict[str, Any]]:
    readers = {column.name: _reader(column.type) for column in table.columns}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        names = json.loads(next(file))
        for line in file:
            yield {name: readers[name](value) for name, value in zip(names, json.loads(line), strict=True)}


def _reader(kind: Any) -> Callable[[Any], Any]:
    if isinstance(kind, DateTime):
        return lambda value: None if value is None else datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return lambda value: None if value is None else date.fromisoformat(value)
    return lambda value: value


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _line(values: list[Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _in_parts(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while some := list(islice(rows, _ROWS)):
        yield some
