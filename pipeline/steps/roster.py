"""The eligible list (対象者名簿) in: its rows, in chunks that are each one short write."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import select

from japan.era import DateError, parse_date
from japan.kana import to_full_katakana
from japan.postal import normalise_postal
from pipeline.channels.errors import ExportError, MissingColumn, WrongEncoding
from pipeline.domain.texts import is_text
from pipeline.procedures.pack import Procedure, RosterColumns
from pipeline.runtime import Runtime
from pipeline.steps.packs import latest_pack
from pipeline.steps.roster_rows import RosterEntry, make_entry, write_entries
from pipeline.store.bulk import learn_sizes
from pipeline.store.engine import again_on_clash, read, write
from pipeline.store.tables import MatchKey, Person, Roster, RosterRow

CHUNK = 500
"""Rows a write: long enough to be quick, short enough (a quarter of a second) that nobody waits for it."""
LOOK_AFTER = (2, 20)
"""Chunks after which the planner learns how large the tables are; once more at the end."""
_GROWN = (Person, MatchKey, RosterRow)
_TRUE = {"1", "○", "はい", "true", "対象", "有"}

Row = tuple[int, dict[str, str]]
"""A line number (1-based, the header is 1) and the cells by column."""


@dataclass(frozen=True)
class RosterImported:
    """rows: all rows of the list; skipped: line numbers (1-based, header is 1) without a number or a name."""

    roster_id: str
    rows: int
    skipped: tuple[int, ...]


def import_roster(
    runtime: Runtime,
    procedure_id: str,
    data: bytes,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> RosterImported:
    """Writes the list in short chunks; the same list again changes nothing, and a crashed import goes on.

    Registered names are kept exactly as they stand. Raises WrongEncoding or MissingColumn.
    """
    with read(runtime.engine) as session:
        _, pack = latest_pack(session, procedure_id)
    rows = _rows(data, pack.roster)
    roster_id = _roster_id(runtime, pack, data, len(rows))
    skipped = [line for line, row in rows if not _is_usable(row, pack.roster)]
    done = 0
    for number, chunk in enumerate(_chunks(rows, pack.roster.resident_number), start=1):
        entries = [_entry(runtime, row, pack.roster) for _, row in chunk if _is_usable(row, pack.roster)]
        _write_chunk(runtime, roster_id, date.fromisoformat(pack.matching.base_date), entries)
        done += len(chunk)
        if number in LOOK_AFTER:
            learn_sizes(runtime.engine, *_GROWN)
        progress(done, len(rows))
    with write(runtime.engine) as session:
        roster = session.get_one(Roster, roster_id)
        roster.complete = True
        session.add(roster)
    learn_sizes(runtime.engine, *_GROWN)
    return RosterImported(roster_id, len(rows), tuple(skipped))


def _rows(data: bytes, columns: RosterColumns) -> list[Row]:
    text = _decoded(data)
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        return _read_rows(reader, columns)
    except csv.Error:  # a cell of more than 131,072 characters: a quote that never closes
        raise ExportError(f"line {reader.line_num}") from None


def _read_rows(reader: csv.DictReader[str], columns: RosterColumns) -> list[Row]:
    header = reader.fieldnames or []
    needed = [
        columns.resident_number,
        columns.household_number,
        columns.name,
        columns.kana,
        columns.birth_date,
    ]
    for name in needed:
        if name not in header:
            raise MissingColumn(name)
    return list(_numbered(reader))


def _numbered(reader: csv.DictReader[str]) -> Iterator[Row]:
    for row in reader:
        yield reader.line_num, {name: (cell or "").strip() for name, cell in row.items() if name}


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise WrongEncoding("UTF-8, CP932")


def _roster_id(runtime: Runtime, pack: Procedure, data: bytes, rows: int) -> str:
    digest = hashlib.sha256(pack.id.encode() + b"\0" + data).hexdigest()
    with write(runtime.engine) as session:
        known = session.exec(select(Roster).where(Roster.digest == digest)).first()
        if known:
            return known.id
        roster = Roster(
            procedure_id=pack.id,
            digest=digest,
            base_date=date.fromisoformat(pack.matching.base_date),
            imported_at=runtime.clock(),
            rows=rows,
        )
        session.add(roster)
        return roster.id


def _chunks(rows: Iterable[Row], number_column: str) -> Iterator[list[Row]]:
    """At most CHUNK rows, in no chunk one person twice: a later row of the same person is written after."""
    chunk: list[Row] = []
    numbers: set[str] = set()
    for line, row in rows:
        number = row[number_column]
        if len(chunk) == CHUNK or (number and number in numbers):
            yield chunk
            chunk, numbers = [], set()
        chunk.append((line, row))
        numbers.add(number)
    if chunk:
        yield chunk


def _write_chunk(runtime: Runtime, roster_id: str, valid_from: date, entries: Sequence[RosterEntry]) -> None:
    def work() -> None:
        with write(runtime.engine) as session:
            write_entries(session, roster_id, valid_from, entries)

    again_on_clash(work)


def _is_usable(row: dict[str, str], columns: RosterColumns) -> bool:
    return bool(row[columns.resident_number] and row[columns.name]) and is_text("".join(row.values()))


def _entry(runtime: Runtime, row: dict[str, str], columns: RosterColumns) -> RosterEntry:
    facts = {
        "resident_number": row[columns.resident_number],
        "name": row[columns.name],
        "kana": to_full_katakana(row[columns.kana]),
        "household_number": row[columns.household_number] or None,
        "birth_date": _day(row[columns.birth_date]),
        "postal_code": normalise_postal(_cell(row, columns.postal_code)) or None,
        "address": _cell(row, columns.address) or None,
        "former_name": _cell(row, columns.former_name) or None,
        "reference_number": _cell(row, columns.reference_number) or None,
        "phone": _cell(row, columns.phone) or None,
        "protected": _cell(row, columns.protected) in _TRUE,
    }
    return make_entry(facts, eligible=_cell(row, columns.eligible) in _TRUE, secret=runtime.secrets.key)


def _cell(row: dict[str, str], column: str | None) -> str:
    return row.get(column, "") if column else ""


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except DateError:
        return None
