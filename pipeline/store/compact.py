"""Rewriting a database, so that what was deleted is not in its files any more either.

A deleted row leaves its bytes in the file until something else is written over them. SQLite is rewritten whole, and its
write-ahead log emptied. PostgreSQL rewrites each table with its indexes and statistics (which hold sample values) and
then its own table of statistics; while a table is rewritten nobody reads it, so `whole` is for a quiet hour. Without it
PostgreSQL only frees the space to be written over. Its own log goes on holding old pages until they are recycled.
"""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import Connection, Engine, Table, literal, select, text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import SQLModel

import pipeline.store.tables  # noqa: F401  (fills the metadata)


def compact(engine: Engine, *, whole: bool) -> None:
    """Rewrites the database. whole: on PostgreSQL, tables are locked one after the other while they are rewritten.

    Raises OperationalError when another process holds the database; nothing is lost, try again later.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "sqlite":
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("VACUUM")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        full = "FULL, " if whole else ""
        for table in SQLModel.metadata.sorted_tables:
            if whole:
                _forget_samples(connection, table)
            connection.execute(text(f'VACUUM ({full}ANALYZE) "{table.name}"'))
        if whole:
            connection.execute(text("VACUUM (FULL) pg_catalog.pg_statistic"))
            with suppress(ProgrammingError):  # only a role that may do so; without it, it comes by itself
                connection.execute(text("CHECKPOINT"))


def _forget_samples(connection: Connection, table: Table) -> None:
    """Drops the sample values that PostgreSQL keeps of an empty table: ANALYZE takes fresh ones of full tables only."""
    if connection.execute(select(literal(1)).select_from(table).limit(1)).first() is not None:
        return
    for column in table.columns:
        kind = column.type.compile(connection.dialect)
        if kind.startswith("VARCHAR") and not column.foreign_keys and not column.primary_key:
            # The column keeps its type; its statistics go, as with any change of type.
            connection.execute(text(f'ALTER TABLE "{table.name}" ALTER COLUMN "{column.name}" TYPE {kind}'))
