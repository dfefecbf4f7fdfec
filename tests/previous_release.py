"""A store as the previous release left it (tests/data/release_0_1), on either database."""

from __future__ import annotations

import lzma
import tarfile
from pathlib import Path

import psycopg
from alembic import command

from pipeline.store.engine import open_engine
from pipeline.store.migrate import config_of
from tests.runtime import KEY

DATA = Path(__file__).parent / "data" / "release_0_1"
PASSWORD = "previous-release-1"
STAFF = {"kakunin": {"reviewer"}, "yubin": {"mailroom"}, "unyo": {"operator"}, "shunin": {"reviewer", "mailroom"}}


def fill_as_released(url: str, folder: Path) -> None:
    """Puts the store's rows into the empty database at `url`, its blobs and its key into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ichimado.key").write_bytes(KEY)
    (folder / "ichimado.key").chmod(0o600)
    with tarfile.open(DATA / "blobs.tar.xz") as archive:
        archive.extractall(folder / "blobs", filter="data")
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).write_bytes(lzma.decompress((DATA / "sqlite.db.xz").read_bytes()))
    else:
        _fill_postgresql(url)


def _fill_postgresql(url: str) -> None:
    engine = open_engine(url)
    command.upgrade(config_of(engine), "0001")  # released, so it never changes
    engine.dispose()
    uri = url.replace("postgresql+psycopg:", "postgresql:")
    with psycopg.connect(uri) as connection, tarfile.open(DATA / "postgresql.tar.xz") as archive:
        for member in archive:
            content = archive.extractfile(member)
            assert content is not None
            with connection.cursor().copy(f'COPY "{member.name}" FROM STDIN'.encode()) as copy:
                copy.write(content.read())
        for table in ("event", "seal"):
            last = f"(SELECT coalesce(max(id), 1) FROM {table})"
            connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})".encode())
