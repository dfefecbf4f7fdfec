"""消去 on both databases: what is due, what goes, what stays, and that nothing a form said is left."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, text
from sqlmodel import select

from pipeline.domain.statuses import HoldReason, SubmissionStatus
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.erasure.blockers import Blocker
from pipeline.steps.erasure.certificate import certificate_problems, get_certificate
from pipeline.steps.erasure.holds import ErasedAlready, lift_holds, set_hold
from pipeline.steps.erasure.run import look
from pipeline.store.compact import StillSeen, compact
from pipeline.store.engine import open_engine, read, write
from pipeline.store.tables import (
    Arrival,
    Attachment,
    Case,
    DoomedBlob,
    Erasure,
    FieldValue,
    Link,
    Page,
    Submission,
    Worker,
)
from tests.databases import Databases, server_folder
from tests.erasing import DUE, KEPT, ended, erase_all, plant, rows_in, wait_until
from tests.runtime import PROCEDURE, event_kinds

__all__ = ["ended"]


def files_of(runtime: Runtime) -> set[str]:
    """Names of the files in the blob store."""
    return {path.name for path in (runtime.data_dir / "blobs").rglob("*") if path.is_file()}


def dumped(runtime: Runtime) -> str:
    """Every row of every table, as text."""
    with read(runtime.engine) as session:
        if runtime.engine.dialect.name == "sqlite":
            tables = session.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        else:
            tables = session.execute(
                text("SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")
            )
            tables = [*tables.scalars().all(), "pg_statistic"]
        return "\n".join(str(session.execute(text(f'SELECT * FROM "{name}"')).all()) for name in tables)


def database_files(runtime: Runtime) -> list[Path]:
    """The files that the database is in: with SQLite its log too, with PostgreSQL all relations of this database."""
    if runtime.engine.dialect.name == "sqlite":
        path = Path(str(runtime.engine.url.database))
        return [path, *path.parent.glob(f"{path.name}-wal")]
    with read(runtime.engine) as session:
        oid = session.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar_one()
    return [path for path in (server_folder() / "base" / str(oid)).iterdir() if path.is_file()]


def marks_in(runtime: Runtime, marks: set[str]) -> set[str]:
    """Those of the marks that stand in a file of the database or of the blob store."""
    files = [*database_files(runtime), *(p for p in (runtime.data_dir / "blobs").rglob("*") if p.is_file())]
    whole = b"\n".join(path.read_bytes() for path in files)
    return {mark for mark in marks if mark.encode() in whole}


TYPED = {"hana2651@example.jp", "hana5635@example.jp", "2026110000002"}
"""What applicants of the small sample typed and no roster holds: it stands in exports and records too."""


def test_nothing_a_form_said_is_left(ended: Runtime) -> None:
    marks = plant(ended) | TYPED
    compact(ended.engine, whole=True)
    assert len(marks) > 20 and marks_in(ended, marks) == marks, "each mark would be found where it is"
    report = erase_all(ended)
    assert (report.finished, report.submissions) == (True, len(rows_in(ended, Submission)))
    compact(ended.engine, whole=True)
    assert marks_in(ended, marks) == set()
    left = dumped(ended)
    assert [mark for mark in marks if mark in left] == []
    certificate = rows_in(ended, Erasure)[0].certificate
    assert files_of(ended) == {certificate}
    assert all(row.blob == row.name_token == "" for row in rows_in(ended, Arrival))
    assert audit(ended).breaches == ()


def test_what_an_earlier_transaction_still_sees_is_no_clean_rewrite(databases: Databases) -> None:
    with databases.migrated("postgresql") as url:
        engine = open_engine(url)
        with write(engine) as session:
            session.add(Worker(name="one"))
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as reader:
            reader.execute(text("SELECT 1"))  # a moment to look from, and no lock
            with write(engine) as session:
                session.execute(delete(Worker))
            with pytest.raises(StillSeen):
                compact(engine, whole=True, patience_s=0.2)
            reader.rollback()
            compact(engine, whole=True, patience_s=0.2)
        engine.dispose()


def test_what_stays_says_that_it_was_there(ended: Runtime) -> None:
    before = {row.id: row for row in rows_in(ended, Submission)}
    cases = {row.id: (row.number, row.status, row.amount_yen) for row in rows_in(ended, Case)}
    erase_all(ended)
    for row in rows_in(ended, Submission):
        was = before[row.id]
        assert (row.receipt_number, row.status, row.received_on) == (was.receipt_number, was.status, was.received_on)
        assert row.source_number is None and row.reference_number is None and row.erased_at == DUE
        assert event_kinds(ended, row.id)[-1] == "submission_erased"
    assert {row.id: (row.number, row.status, row.amount_yen) for row in rows_in(ended, Case)} == cases
    assert [rows_in(ended, model) for model in (FieldValue, Link, Attachment)] == [[], [], []]
    with read(ended.engine) as session:
        assert session.exec(select(DoomedBlob)).all() == []


def test_it_is_due_on_the_first_of_april_and_once(ended: Runtime) -> None:
    assert erase_all(ended, KEPT).number == "" and rows_in(ended, Erasure) == []
    first = erase_all(ended)
    events = len(event_kinds(ended, rows_in(ended, Erasure)[0].id))
    again = erase_all(ended, DUE + timedelta(days=1))
    assert (first.finished, again.number, again.submissions) == (True, "", 0)
    assert len(rows_in(ended, Erasure)) == 1
    assert len(event_kinds(ended, rows_in(ended, Erasure)[0].id)) == events
    assert certificate_problems(ended, first.number) == ()
    assert audit(ended).breaches == ()


def test_a_hold_keeps_the_whole_file_until_it_is_lifted(ended: Runtime) -> None:
    held = rows_in(ended, Submission)[0]
    set_hold(ended, held.receipt_number, HoldReason.LAWSUIT, actor="test")
    set_hold(ended, held.receipt_number, HoldReason.LAWSUIT, actor="test")
    report = erase_all(ended)
    assert report.blocked == {Blocker.HELD: 1} and report.finished
    kept = [row for row in rows_in(ended, Submission) if row.erased_at is None]
    assert held.id in {row.id for row in kept}
    assert audit(ended).breaches == ()
    assert lift_holds(ended, held.receipt_number, actor="test") == 1
    assert erase_all(ended).submissions == len(kept)
    with pytest.raises(ErasedAlready):
        set_hold(ended, held.receipt_number, HoldReason.APPEAL, actor="test")
    assert audit(ended).breaches == ()


def test_a_certificate_says_what_went(ended: Runtime) -> None:
    values, pages = len(rows_in(ended, FieldValue)), [row for row in rows_in(ended, Page) if row.blob]
    report = erase_all(ended)
    record = get_certificate(ended, report.number)["certificate"]
    assert record["counts"]["field_value"] == values
    assert record["counts"]["page"] == len(pages)
    assert {row["id"] for row in record["submissions"]} == {row.id for row in rows_in(ended, Submission)}
    assert {row["ended_on"] for row in record["submissions"]} == {"2026-11-22"}
    assert record["ended_before"] == "2027-04-01" and record["packs"][0]["years"] == 5


def test_what_is_under_way_stays(small: Runtime) -> None:
    wait_until(small, DUE)
    due = look(small, PROCEDURE)
    assert due.files == [] and set(due.blocked) == {Blocker.UNDER_WAY}
    with read(small.engine) as session:
        waiting = session.exec(select(Submission).where(Submission.status != SubmissionStatus.SETTLED)).all()
    assert waiting or due.blocked[Blocker.UNDER_WAY]
    assert erase_all(small).number == ""
