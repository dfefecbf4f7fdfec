"""Connections to the case store: SQLite (WAL) by default, PostgreSQL where several workers run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session

_BUSY_MS = 30_000
_CACHE_KB = 64_000  # the default of 2 MB makes a list of a hundred thousand write each page many times
_CLASHES = 5

CLASHES = (IntegrityError, OperationalError)
"""What a write ends in when another one was faster: a unique key is taken, or two waited for each other."""

T = TypeVar("T")


def open_engine(url: str) -> Engine:
    """An engine for this URL. Parameters are hidden in its errors, since they hold values from forms."""
    if url.startswith("sqlite"):
        engine = create_engine(url, hide_parameters=True, connect_args={"check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=True)
    event.listen(engine, "handle_error", _leave_out_values)
    return engine


def _leave_out_values(context: Any) -> None:
    # PostgreSQL quotes the values of a row that breaks a rule (SQLSTATE classes 22 and 23); the places are enough.
    error, told = context.original_exception, context.sqlalchemy_exception
    state = getattr(error, "sqlstate", None) or ""
    if state[:2] not in ("22", "23"):
        return
    where = (state, error.diag.table_name, error.diag.column_name, error.diag.constraint_name)
    error.args = (" ".join(part for part in where if part),)
    if told is not None:
        told.args = (f"({type(error).__name__}) {error.args[0]}",)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # SQLAlchemy's own BEGIN handling is switched off so that `write` may take the lock at once.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_MS}",
        f"cache_size=-{_CACHE_KB}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    immediate = connection.get_execution_options().get("ichimado_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def write(engine: Engine) -> Iterator[Session]:
    """One short writing transaction; leaving by an exception rolls back.

    On SQLite the write lock is taken at the start, so that what was read inside cannot change before commit.
    Nothing slow belongs in here: SQLite has one writer.
    """
    with (
        engine.connect().execution_options(ichimado_write=True) as connection,
        connection.begin(),
        Session(bind=connection, expire_on_commit=False) as session,
    ):
        yield session
        session.flush()


@contextmanager
def read(engine: Engine, *, one_moment: bool = False) -> Iterator[Session]:
    """A session for reading only: whatever it changed is thrown away.

    one_moment: all its queries see the store as of the first one (SQLite's always do).
    """
    if one_moment and engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with Session(engine, expire_on_commit=False) as session:
        yield session


def again_on_clash(work: Callable[[], T]) -> T:
    """What `work` gives, done anew when another writer was faster. `work` looks first whether it is done already,
    so the second try finds what the other wrote. The last clash is raised."""
    for _ in range(_CLASHES - 1):
        try:
            return work()
        except CLASHES:
            continue
    return work()


def is_reachable(engine: Engine) -> bool:
    """True when the database answers."""
    with engine.connect() as connection:
        return connection.execute(text("select 1")).scalar() == 1
