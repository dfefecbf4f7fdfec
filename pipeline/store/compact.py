"""Rewriting a database, so that what was deleted is not in its files any more either.

A deleted row leaves its bytes in the file until something else is written over them. SQLite is rewritten whole, and its
write-ahead log emptied. PostgreSQL rewrites each table with its indexes and statistics (which hold sample values) and
then its own table of statistics; while a table is rewritten nobody reads it, so `whole` is for a quiet hour. Without it
PostgreSQL only frees the space to be written over. Its own log goes on holding old pages until they are recycled.
A rewrite keeps what a transaction that began earlier may still see; that is waited for, and said where it lasts.
"""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, Table, literal, select, text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import SQLModel

import pipeline.store.tables  # noqa: F401  (fills the metadata)

PATIENCE_S = 60.0


class StillSeen(Exception):
    """A transaction that began before a row was deleted is still open, so its bytes could not be taken away."""


def compact(engine: Engine, *, whole: bool, patience_s: float = PATIENCE_S) -> None:
    """Rewrites the database. whole: on PostgreSQL, tables are locked one after the other while they are rewritten.

    Raises OperationalError when another process holds the database, StillSeen when an earlier transaction was not over
    after `patience_s` seconds; nothing is lost, try again later.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "sqlite":
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("VACUUM")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        patient_until = time.monotonic() + patience_s
        for table in SQLModel.metadata.sorted_tables:
            if whole:
                _forget_samples(connection, table)
                _rewrite(connection, table, patient_until)
            else:
                connection.execute(text(f'VACUUM (ANALYZE) "{table.name}"'))
        if whole:
            connection.execute(text("VACUUM (FULL) pg_catalog.pg_statistic"))
            with suppress(ProgrammingError):  # only a role that may do so; without it, it comes by itself
                connection.execute(text("CHECKPOINT"))


def _rewrite(connection: Connection, table: Table, patient_until: float) -> None:
    told: list[str] = []
    raw: Any = connection.connection.driver_connection

    def hear(notice: Any) -> None:
        told.append(notice.message_detail or "")

    raw.add_notice_handler(hear)
    try:
        while True:
            told.clear()
            connection.execute(text(f'VACUUM (FULL, VERBOSE, ANALYZE) "{table.name}"'))
            if not any(_rows_kept(detail) for detail in told):
                return
            if time.monotonic() > patient_until:
                raise StillSeen
            time.sleep(0.5)
    finally:
        raw.remove_notice_handler(hear)


def _rows_kept(detail: str) -> int:
    """Of "3 dead row versions cannot be removed yet." and its translations, the 3; 0 where no rows are spoken of."""
    found = re.match(r"(\d+) ", detail)
    return int(found[1]) if found else 0


def _forget_samples(connection: Connection, table: Table) -> None:
    """Drops the sample values that PostgreSQL keeps of an empty table: ANALYZE takes fresh ones of full tables only."""
    if connection.execute(select(literal(1)).select_from(table).limit(1)).first() is not None:
        return
    for column in table.columns:
        kind = column.type.compile(connection.dialect)
        if kind.startswith("VARCHAR") and not column.foreign_keys and not column.primary_key:
            # The column keeps its type; its statistics go, as with any change of type.
            connection.execute(text(f'ALTER TABLE "{table.name}" ALTER COLUMN "{column.name}" TYPE {kind}'))
