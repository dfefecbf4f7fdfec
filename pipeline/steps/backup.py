"""Backup and restore: rows of one moment and every file they name, while intake goes on.

    FOLDER/20261122T013000Z/manifest.json     written last: a backup without it is none
                           /blobs.txt         the files that its rows name, one digest a line
                           /tables/*.jsonl.gz
          /blobs/ab/cd/…                      shared by all backups in the folder, so each adds only what is new

Rows first, files after: files are stored before their rows and never change, so what the rows of a moment name is
there. The one exception is erasure, which takes rows and files away; when it was faster the rows are taken again.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from pipeline.domain.errors import DomainError
from pipeline.runtime import Runtime
from pipeline.store.blob_names import is_named, named_blobs
from pipeline.store.blobs import BlobAltered, BlobMissing, Blobs
from pipeline.store.dump import TableDump, dump_table, sha256_of, tables_of
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.migrate import newest_revision

FORMAT = 1
HISTORY = ("store", "backup")
"""The aggregate, and its id, whose events say when the store was backed up and restored."""
MANIFEST = "manifest.json"
BLOB_LIST = "blobs.txt"
_ATTEMPTS = 5
_STAMP = "%Y%m%dT%H%M%SZ"


class BackupFailed(DomainError):
    """No backup was made; what was there before is as it was."""

    code = "backup_failed"
    ja = "バックアップを作れませんでした。消去の処理が終わってから、もう一度実行してください。"
    en = "No backup was made. Please run it again once the erasure has ended."


class BackupInPlace(DomainError):
    """The folder is the one the store itself keeps its files in."""

    code = "backup_in_place"
    ja = "ここは保存先そのものです。別の場所、できれば別の装置を指定してください。"
    en = "This is where the store itself lives. Name another folder, at best on another machine."


class BackupRunning(DomainError):
    """Another backup into this folder is under way."""

    code = "backup_running"
    ja = "この場所では、別のバックアップが動いています。終わるのを待ってください。"
    en = "Another backup into this folder is running. Please wait for it."


@dataclass(frozen=True)
class Manifest:
    """What one backup holds. key: fingerprint of the installation's key, which itself is never in a backup.

    missing, altered: files that were already lost or damaged in the store; the backup holds the rest.
    """

    made_at: str
    schema: str
    key: str
    tables: dict[str, TableDump]
    blobs: int
    blobs_sha256: str
    missing: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    format: int = FORMAT

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables.values())


@dataclass(frozen=True)
class Backup:
    """A backup just made. copied: files that were not in the folder before. removed: old backups taken away."""

    folder: Path
    manifest: Manifest
    copied: int
    removed: tuple[str, ...] = ()


@dataclass
class _Copied:
    new: int = 0
    missing: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)


def back_up(runtime: Runtime, folder: Path, *, keep: int | None = None) -> Backup:
    """Adds a backup of this moment to the folder. Raises BackupFailed, BackupRunning or BackupInPlace.

    keep: so many backups stay, older ones are removed with the files that only they named.
    """
    kept = Blobs(str(folder / "blobs"))
    if kept.path_of("") == runtime.blobs.path_of(""):
        raise BackupInPlace
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone_in(folder):
        for left_over in folder.glob("*.part"):
            shutil.rmtree(left_over)
        for _ in range(_ATTEMPTS):
            made_at = runtime.clock()
            part = _new_part(folder, made_at)
            tables = _dump_rows(runtime, part)
            copied = _copy_blobs(runtime, part / BLOB_LIST, kept)
            if not copied.erased:
                break
            shutil.rmtree(part)
        else:
            raise BackupFailed
        manifest = _manifest(runtime, made_at, part, tables, copied)
        done = _complete(part, manifest)
        _remember(runtime, made_at, manifest)
        return Backup(done, manifest, copied.new, tuple(_remove_old(folder, keep)) if keep else ())


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRunning from None
        yield


def _new_part(folder: Path, moment: datetime) -> Path:
    stamp = moment.astimezone(UTC).strftime(_STAMP)
    names = (stamp if number == 1 else f"{stamp}-{number}" for number in count(1))
    part = next(folder / f"{name}.part" for name in names if not (folder / name).exists())
    part.mkdir(mode=0o700)
    return part


def _manifest(
    runtime: Runtime, made_at: datetime, part: Path, tables: dict[str, TableDump], copied: _Copied
) -> Manifest:
    return Manifest(
        made_at=made_at.astimezone(UTC).isoformat(),
        schema=newest_revision(),
        key=runtime.secrets.fingerprint(),
        tables=tables,
        blobs=sum(1 for _ in lines_of(part / BLOB_LIST)),
        blobs_sha256=sha256_of(part / BLOB_LIST),
        missing=tuple(copied.missing),
        altered=tuple(copied.altered),
    )


def backups_in(folder: Path) -> list[Path]:
    """The complete backups of a folder, the oldest first."""
    return sorted(path.parent for path in folder.glob(f"*/{MANIFEST}") if not path.parent.name.endswith(".part"))


def read_manifest(backup: Path) -> Manifest:
    """The manifest of one backup. Raises OSError, or ValueError for one of another format."""
    content = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
    if content.get("format") != FORMAT:
        raise ValueError("a manifest of another format")
    tables = {name: TableDump(**table) for name, table in content.pop("tables").items()}
    missing, altered = tuple(content.pop("missing")), tuple(content.pop("altered"))
    return Manifest(tables=tables, missing=missing, altered=altered, **content)


def _dump_rows(runtime: Runtime, part: Path) -> dict[str, TableDump]:
    (part / "tables").mkdir()
    with read(runtime.engine, one_moment=True) as session:
        connection = session.connection()
        tables = {
            table.name: dump_table(connection, table, part / "tables" / f"{table.name}.jsonl.gz")
            for table in tables_of(connection)
        }
        with (part / BLOB_LIST).open("w") as file:
            file.writelines(f"{digest}\n" for digest in named_blobs(session))
    return tables


def _copy_blobs(runtime: Runtime, names: Path, kept: Blobs) -> _Copied:
    copied = _Copied()
    for digest in lines_of(names):
        if kept.has(digest):
            continue
        try:
            copy_blob(runtime.blobs, kept, digest)
            copied.new += 1
        except BlobAltered:
            copied.altered.append(digest)
        except BlobMissing:
            with read(runtime.engine) as session:
                (copied.missing if is_named(session, digest) else copied.erased).append(digest)
    return copied


def copy_blob(source: Blobs, target: Blobs, digest: str) -> None:
    """Copies one blob, verified on the way. Raises BlobMissing or BlobAltered, and then leaves nothing."""
    pieces = source.pieces(digest)
    first = next(pieces, b"")  # a missing blob is found before anything is written
    incoming = target.open_incoming()
    try:
        incoming.write(first)
        for piece in pieces:
            incoming.write(piece)
        incoming.keep()
    finally:
        incoming.drop()


def _complete(part: Path, manifest: Manifest) -> Path:
    beside = part / f"{MANIFEST}.part"
    with beside.open("w", encoding="utf-8") as file:
        json.dump(asdict(manifest), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(part / MANIFEST)
    return part.rename(part.with_suffix(""))


def _remember(runtime: Runtime, made_at: datetime, manifest: Manifest) -> None:
    payload = {"schema": manifest.schema, "rows": manifest.rows, "files": manifest.blobs}
    with write(runtime.engine) as session:
        append_event(session, *HISTORY, "backed_up", actor="command_line", at=made_at, payload=payload)


def _remove_old(folder: Path, keep: int) -> Iterator[str]:
    """Removes all but the last backups, then every file that none of those names."""
    kept, gone = backups_in(folder)[-keep:], backups_in(folder)[:-keep]
    for old in gone:
        (old / MANIFEST).unlink()
        shutil.rmtree(old)
        yield old.name
    named = {digest for backup in kept for digest in lines_of(backup / BLOB_LIST)}
    for path in (folder / "blobs").glob("*/*/*"):
        if path.is_file() and path.name not in named:
            with suppress(FileNotFoundError):
                path.unlink()


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a file, without their ends."""
    with path.open() as file:
        for line in file:
            yield line.strip()
