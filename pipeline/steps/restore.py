"""A backup put back: looked through first, then its files, the schema it had, its rows, the way to the newest schema.

Nothing of the target is touched before the backup has been found whole. A restore that is killed is started again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import MetaData

from pipeline.domain.errors import DomainError
from pipeline.runtime import Runtime
from pipeline.steps.backup import BLOB_LIST, HISTORY, Manifest, backups_in, copy_blob, lines_of, read_manifest
from pipeline.store.blob_names import named_blobs
from pipeline.store.blobs import BlobAltered, BlobMissing, Blobs
from pipeline.store.dump import PASSING, has_rows, load_table, sha256_of, tables_of
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.migrate import StoreTooNew, known_revisions, upgrade


class NoBackup(DomainError):
    """There is no complete backup of this name."""

    code = "no_backup"
    ja = "この場所に、完了したバックアップがありません。"
    en = "There is no complete backup here."


class BackupDamaged(DomainError):
    """What the backup holds is not what its manifest says. Nothing was restored."""

    code = "backup_damaged"
    ja = "バックアップが壊れています。何も復元していません。別のバックアップを使ってください。"
    en = "The backup is damaged. Nothing was restored. Please use another one."

    def __init__(self, place: str) -> None:
        self.place = place
        super().__init__(f"{self.ja}({place})", f"{self.en} ({place})")


class OtherKey(DomainError):
    """The backup belongs to an installation with another key."""

    code = "other_key"
    ja = "鍵が違います。バックアップした環境の ichimado.key をデータフォルダーに置いてから、もう一度実行してください。"
    en = "The key differs. Put the ichimado.key of the backed-up installation into the data folder, then run it again."


class StoreNotEmpty(DomainError):
    """The target holds data already."""

    code = "store_not_empty"
    ja = "復元先にはデータがあります。消してよい場合だけ --replace を付けてください。"
    en = "The target holds data. Give --replace only if it may be lost."


@dataclass(frozen=True)
class Restored:
    """What was put back, or for a mere check would have been."""

    backup: str
    manifest: Manifest
    rows: int
    blobs: int


def find_backup(folder: Path, name: str | None = None) -> Path:
    """The backup of this name, or the last complete one. Raises NoBackup."""
    found = [backup for backup in backups_in(folder) if name in (None, backup.name)]
    if not found:
        raise NoBackup
    return found[-1]


def check_backup(runtime: Runtime, backup: Path) -> Restored:
    """Reads a backup through to its last byte. Raises BackupDamaged, OtherKey or StoreTooNew."""
    try:
        manifest = read_manifest(backup)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BackupDamaged(f"{backup.name}/manifest.json") from error
    if manifest.schema not in known_revisions():
        raise StoreTooNew
    if manifest.key != runtime.secrets.fingerprint():
        raise OtherKey
    for place in _damaged_parts(backup, manifest):
        raise BackupDamaged(place)
    return Restored(backup.name, manifest, manifest.rows, manifest.blobs)


def restore(runtime: Runtime, backup: Path, *, replace: bool = False) -> Restored:
    """Puts a backup into an empty store, or in place of one. Raises what `check_backup` does, and StoreNotEmpty.

    The database may be of the other kind than the one that was backed up. What is no longer in the store afterwards
    stays among the files; no row names it.
    """
    if not replace and _is_filled(runtime):
        raise StoreNotEmpty
    found = check_backup(runtime, backup)
    for digest in _whole_blobs(backup, found.manifest):
        _mend(runtime, backup, digest)
    _drop_everything(runtime)
    upgrade(runtime.engine, found.manifest.schema)
    _load_rows(runtime, backup, found.manifest)
    upgrade(runtime.engine)
    with write(runtime.engine) as session:
        payload = {"backup": found.backup, "rows": found.rows, "files": found.blobs}
        append_event(session, *HISTORY, "restored", actor="command_line", at=runtime.clock(), payload=payload)
    return found


def mend_files(runtime: Runtime, backup: Path) -> int:
    """Brings back files that rows of the store name and that are lost or altered; gives how many there were.

    Rows stay as they are. A file that the backup does not have either stays lost: `audit` names it.
    """
    with read(runtime.engine, one_moment=True) as session:
        return sum(_mend(runtime, backup, digest) for digest in named_blobs(session))


def _mend(runtime: Runtime, backup: Path, digest: str) -> bool:
    try:
        runtime.blobs.verify(digest)
        return False
    except (BlobMissing, BlobAltered) as error:
        kept = Blobs(str(backup.parent / "blobs"))
        if not kept.has(digest):
            return False
        if isinstance(error, BlobAltered):
            runtime.blobs.fs.rm(runtime.blobs.path_of(digest))
        copy_blob(kept, runtime.blobs, digest)
        return True


def _damaged_parts(backup: Path, manifest: Manifest) -> Iterator[str]:
    """Places in the backup that are missing or altered, the first at once."""
    if not (backup / BLOB_LIST).is_file() or sha256_of(backup / BLOB_LIST) != manifest.blobs_sha256:
        yield BLOB_LIST
    for name, table in manifest.tables.items():
        path = backup / "tables" / f"{name}.jsonl.gz"
        if not path.is_file() or sha256_of(path) != table.sha256:
            yield f"tables/{path.name}"
    kept = Blobs(str(backup.parent / "blobs"))
    for digest in _whole_blobs(backup, manifest):
        try:
            kept.verify(digest)
        except (BlobMissing, BlobAltered):
            yield f"blobs/{digest}"


def _whole_blobs(backup: Path, manifest: Manifest) -> Iterator[str]:
    lost = {*manifest.missing, *manifest.altered}
    return (digest for digest in lines_of(backup / BLOB_LIST) if digest not in lost)


def _is_filled(runtime: Runtime) -> bool:
    with runtime.engine.connect() as connection:
        return any(has_rows(connection, table) for table in tables_of(connection))


def _drop_everything(runtime: Runtime) -> None:
    with runtime.engine.connect().execution_options(ichimado_write=True) as connection, connection.begin():
        metadata = MetaData()
        metadata.reflect(connection)
        metadata.drop_all(connection)


def _load_rows(runtime: Runtime, backup: Path, manifest: Manifest) -> None:
    with runtime.engine.connect().execution_options(ichimado_write=True) as connection, connection.begin():
        for table in tables_of(connection):
            if table.name not in manifest.tables or table.name in PASSING:
                raise BackupDamaged(f"tables/{table.name}")
            rows = load_table(connection, table, backup / "tables" / f"{table.name}.jsonl.gz")
            if rows != manifest.tables[table.name].rows:
                raise BackupDamaged(f"tables/{table.name}")
