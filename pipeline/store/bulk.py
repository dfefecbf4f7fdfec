"""Many rows at once: asked for in parts, and inserted past the ORM and its types, which take ten times as long."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any

from psycopg import sql
from sqlalchemy import Engine
from sqlalchemy.orm import class_mapper
from sqlmodel import Session, SQLModel

PART = 500


def parts(ids: Collection[str], size: int = PART) -> Iterator[list[str]]:
    """The ids in lists of at most `size`, in order: databases take only so many parameters."""
    rest = iter(sorted(ids))
    while part := list(islice(rest, size)):
        yield part


def add_plain_rows(
    session: Session, model: type[SQLModel], columns: Sequence[str], rows: Sequence[tuple[str | int | None, ...]]
) -> None:
    """Inserts rows of text and whole numbers, in the running write; no default of the model fills in.

    An error of the driver, and nothing of it stored, when a row breaks a rule of the table.
    """
    if not rows:
        return
    table = class_mapper(model).tables[0].name
    if session.get_bind().dialect.name == "postgresql":
        _copy(session, table, columns, rows)
    else:
        marks = ", ".join("?" * len(columns))
        session.connection().exec_driver_sql(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", list(rows))


def learn_sizes(engine: Engine, *models: type[SQLModel]) -> None:
    """Tells PostgreSQL's planner how large the tables have become: after many rows at once it would plan for empty
    ones until its own look at them a minute later, and a look-up by keys then reads the whole table."""
    if engine.dialect.name == "postgresql":
        tables = sql.SQL(", ").join(sql.Identifier(class_mapper(model).tables[0].name) for model in models)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"ANALYZE {tables.as_string()}")


def _copy(session: Session, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    cursor: Any = session.connection().connection.cursor()
    with cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
