"""The eligible list (対象者名簿) in: row by row from its file, in chunks that are each one short write.

How many rows were dealt with is written with them, so that an import that was killed goes on there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

from sqlmodel import Session, select

from pipeline.channels.roster import RosterFile, Row
from pipeline.procedures.pack import Procedure
from pipeline.runtime import Runtime
from pipeline.steps.frequencies import count_names_again
from pipeline.steps.packs import latest_pack
from pipeline.steps.roster_cells import Problem, RosterEntry, read_row
from pipeline.steps.roster_report import skipped_lines
from pipeline.steps.roster_rows import make_keys, write_entries
from pipeline.store.bulk import add_plain_rows, learn_sizes
from pipeline.store.engine import again_on_clash, read, write
from pipeline.store.tables import Household, HouseholdMember, MatchKey, Person, Roster, RosterProblem, RosterRow

CHUNK = 1000
"""Rows a write: long enough to be quick, short enough (a fraction of a second) that nobody waits for it."""
LOOK_AFTER = (2, 20, 200)
"""Chunks after which the planner learns how large the tables are; once more at the end."""
_GROWN = (Person, MatchKey, RosterRow, Household, HouseholdMember)

Progress = Callable[[int, int], None]
"""Told (done, of how many)."""


@dataclass(frozen=True)
class RosterImported:
    """rows: all rows of the list; skipped: line numbers (the header is 1) of those that were left out; the store keeps
    why (`pipeline.steps.roster_report`)."""

    roster_id: str
    rows: int
    skipped: tuple[int, ...]


def import_roster(
    runtime: Runtime,
    procedure_id: str,
    source: bytes | Path,
    *,
    progress: Progress = lambda done, total: None,
    counted: Progress = lambda done, total: None,
) -> RosterImported:
    """Writes the list in short chunks; a list that is in already changes nothing, and a killed import goes on.

    progress, counted: told how many rows are in, then of how many people the names are counted, and of how many.
    Registered names are kept exactly as they stand. Raises WrongEncoding, MissingColumn or ExportError, and then
    nothing is written. The same file under another mapping or reference date is another list.
    """
    with read(runtime.engine) as session:
        _, pack = latest_pack(session, procedure_id)
    file = RosterFile(source, pack.roster.headers)
    encoding = file.encoding()
    roster = _roster(runtime, pack, file, encoding)
    if not roster.complete:
        _go_on(runtime, pack, roster, file.rows(encoding, skip=roster.done), progress)
        _complete(runtime, roster, counted)
    with read(runtime.engine) as session:
        return RosterImported(roster.id, roster.rows, skipped_lines(session, roster.id))


def _roster(runtime: Runtime, pack: Procedure, file: RosterFile, encoding: str) -> Roster:
    digest = _digest(pack, file)
    with read(runtime.engine) as session:
        if known := _find(session, digest):
            return known
    rows = file.count(encoding)

    def work() -> Roster:
        with write(runtime.engine) as session:
            roster = _find(session, digest) or Roster(
                procedure_id=pack.id,
                digest=digest,
                base_date=date.fromisoformat(pack.matching.base_date),
                imported_at=runtime.clock(),
                rows=rows,
            )
            session.add(roster)
            return roster

    return again_on_clash(work)


def _digest(pack: Procedure, file: RosterFile) -> str:
    whole = hashlib.sha256()
    for part in (pack.id, pack.matching.base_date, pack.roster.model_dump_json()):
        whole.update(part.encode() + b"\0")
    for block in file.parts():
        whole.update(block)
    return whole.hexdigest()


def _find(session: Session, digest: str) -> Roster | None:
    return session.exec(select(Roster).where(Roster.digest == digest)).first()


def _go_on(runtime: Runtime, pack: Procedure, roster: Roster, rows: Iterator[Row], progress: Progress) -> None:
    done = roster.done
    for number, chunk in enumerate(iter(lambda: list(islice(rows, CHUNK)), []), start=1):
        entries, problems = _read(runtime, pack, chunk)
        with read(runtime.engine) as session:
            make_keys(session, entries)
        _write(runtime, roster.id, done, len(chunk), entries, problems)
        done += len(chunk)
        if number in LOOK_AFTER:
            learn_sizes(runtime.engine, *_GROWN)
        progress(done, roster.rows)
    learn_sizes(runtime.engine, *_GROWN)


def _complete(runtime: Runtime, roster: Roster, counted: Progress) -> None:
    """Puts the list in force, with how common the names are now."""
    count_names_again(runtime, counted)
    with write(runtime.engine) as session:
        session.get_one(Roster, roster.id).complete = True


def _read(runtime: Runtime, pack: Procedure, rows: Iterable[Row]) -> tuple[list[RosterEntry], list[Problem]]:
    entries: list[RosterEntry] = []
    problems: list[Problem] = []
    for line, row in rows:
        entry, wrong = read_row(line, row, pack.roster, runtime.secrets.key)
        problems += wrong
        if entry:
            entries.append(entry)
    return entries, problems


def _write(
    runtime: Runtime, roster_id: str, start: int, rows: int, entries: list[RosterEntry], problems: list[Problem]
) -> None:
    def work() -> None:
        with write(runtime.engine) as session:
            roster = session.get_one(Roster, roster_id, with_for_update=True)
            if roster.done != start:
                return  # another import of the same list was faster
            found = [*problems, *write_entries(session, roster, entries)]
            add_plain_rows(
                session,
                RosterProblem,
                ("roster_id", "line", "code", "header"),
                [(roster_id, one.line, one.code.value, one.header) for one in dict.fromkeys(found)],
            )
            roster.done = start + rows
            session.add(roster)

    again_on_clash(work)
