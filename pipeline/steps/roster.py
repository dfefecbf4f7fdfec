"""The eligible list (対象者名簿) in: persons, their validity, their keys."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, or_, select

from japan.era import DateError, parse_date
from japan.kana import to_full_katakana
from japan.postal import normalise_postal
from pipeline.channels.errors import MissingColumn, WrongEncoding
from pipeline.domain.statuses import LinkStatus
from pipeline.procedures.pack import Procedure, RosterColumns
from pipeline.runtime import Runtime
from pipeline.steps.hold import protect_submission
from pipeline.steps.packs import latest_pack
from pipeline.steps.people import index_person
from pipeline.store.engine import read, write
from pipeline.store.tables import Case, Entry, Link, Person, Roster, RosterRow, Submission

CHUNK = 200
_TRUE = {"1", "○", "はい", "true", "対象", "有"}


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
    skipped: list[int] = []
    for start in range(0, len(rows), CHUNK):
        with write(runtime.engine) as session:
            for line, row in rows[start : start + CHUNK]:
                if not _write_row(runtime, session, pack, roster_id, row):
                    skipped.append(line)
        progress(min(start + CHUNK, len(rows)), len(rows))
    with write(runtime.engine) as session:
        roster = session.get_one(Roster, roster_id)
        roster.complete = True
        session.add(roster)
    return RosterImported(roster_id, len(rows), tuple(skipped))


def _rows(data: bytes, columns: RosterColumns) -> list[tuple[int, dict[str, str]]]:
    text = _decoded(data)
    reader = csv.DictReader(io.StringIO(text, newline=""))
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


def _numbered(reader: csv.DictReader[str]) -> Iterator[tuple[int, dict[str, str]]]:
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


def _write_row(runtime: Runtime, session: Session, pack: Procedure, roster_id: str, row: dict[str, str]) -> bool:
    columns = pack.roster
    number, name = row[columns.resident_number], row[columns.name]
    if not number or not name:
        return False
    person = session.exec(select(Person).where(Person.resident_number == number)).first() or Person(
        resident_number=number, name=name
    )
    protected_before = person.protected
    _fill(person, row, columns)
    session.add(person)
    session.flush()
    if person.protected and not protected_before:
        _protect_what_touches(session, person)
    index_person(session, person, runtime.secrets.key)
    known = session.exec(
        select(RosterRow).where(RosterRow.roster_id == roster_id, RosterRow.person_id == person.id)
    ).first()
    if known is None:
        session.add(
            RosterRow(
                roster_id=roster_id,
                person_id=person.id,
                eligible=_cell(row, columns.eligible) in _TRUE,
                valid_from=date.fromisoformat(pack.matching.base_date),
            )
        )
    return True


def _protect_what_touches(session: Session, person: Person) -> None:
    """Somebody newly 支援措置対象者 takes what they are part of along, also where it arrived before."""
    touched = select(Link.submission_id).where(Link.person_id == person.id, Link.status != LinkStatus.UNDONE)
    for submission in session.exec(
        select(Submission).where(col(Submission.id).in_(touched)).order_by(col(Submission.id)).with_for_update()
    ).all():
        protect_submission(session, submission)
        submission.version += 1
    entered = select(Entry.case_id).where(col(Entry.submission_id).in_(touched), col(Entry.case_id).is_not(None))
    for case in session.exec(
        select(Case).where(or_(col(Case.subject_id) == person.id, col(Case.id).in_(entered)))
    ).all():
        case.protected = True
        session.add(case)


def _fill(person: Person, row: dict[str, str], columns: RosterColumns) -> None:
    person.name = row[columns.name]
    person.kana = to_full_katakana(row[columns.kana])
    person.household_number = row[columns.household_number] or None
    person.birth_date = _day(row[columns.birth_date])
    person.postal_code = normalise_postal(_cell(row, columns.postal_code)) or None
    person.address = _cell(row, columns.address) or None
    person.former_name = _cell(row, columns.former_name) or None
    person.reference_number = _cell(row, columns.reference_number) or None
    person.phone = _cell(row, columns.phone) or None
    person.protected = _cell(row, columns.protected) in _TRUE


def _cell(row: dict[str, str], column: str | None) -> str:
    return row.get(column, "") if column else ""


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except DateError:
        return None
