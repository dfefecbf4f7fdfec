"""Backup and restore on both databases, and from one to the other."""

from __future__ import annotations

import gzip
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from pipeline.runtime import Runtime
from pipeline.steps import backup as backups
from pipeline.steps.audit import audit
from pipeline.steps.backup import BackupFailed, BackupInPlace, BackupRunning, back_up, backups_in, read_manifest
from pipeline.steps.restore import (
    BackupDamaged,
    NoBackup,
    OtherKey,
    StoreNotEmpty,
    check_backup,
    find_backup,
    mend_files,
    restore,
)
from pipeline.store.engine import open_engine, write
from pipeline.store.migrate import StoreTooNew, newest_revision, revision_of
from pipeline.store.tables import Arrival, Event, Page, Submission, UserSession
from tests.databases import Databases
from tests.previous_release import fill_as_released
from tests.runtime import PROCEDURE, import_small_online, install, make_runtime, receive_export, rows_of, small_export
from tests.store_summary import differing, summarise
from tests.stores import Filled, online, paper, roster

OTHER = {"sqlite": "postgresql", "postgresql": "sqlite"}


@pytest.fixture(params=["same", "other"])
def empty(request: pytest.FixtureRequest, databases: Databases, both: Runtime, tmp_path: Path) -> Iterator[Runtime]:
    """An empty store with the same key, on the database that `both` is on and on the other one."""
    mine = both.engine.dialect.name
    with databases.empty(mine if request.param == "same" else OTHER[mine]) as url:
        made = make_runtime(url, tmp_path / "restored")
        yield made
        made.engine.dispose()


@pytest.fixture
def store(filled: Filled, tmp_path: Path) -> Iterator[Runtime]:
    """What `both` holds, on SQLite only."""
    with filled.copy("sqlite", tmp_path, roster, online, paper) as made:
        yield made


@pytest.fixture
def sqlite_target(databases: Databases, tmp_path: Path) -> Iterator[Runtime]:
    with databases.empty("sqlite") as url:
        made = make_runtime(url, tmp_path / "target")
        yield made
        made.engine.dispose()


def test_what_was_backed_up_comes_back(both: Runtime, empty: Runtime, tmp_path: Path) -> None:
    made = back_up(both, tmp_path / "backups")
    assert made.copied == made.manifest.blobs > 30 and made.manifest.rows > 1000
    done = restore(empty, find_backup(tmp_path / "backups"))
    assert done.rows == made.manifest.rows
    assert revision_of(empty.engine) == newest_revision()
    assert differing(summarise(both.engine), summarise(empty.engine)) == {
        "Event": {"only first": ["('store', 'backed_up', 'command_line') x1"],
                  "only second": ["('store', 'restored', 'command_line') x1"]},
    }  # fmt: skip
    report = audit(empty)
    assert report.breaches == () and report.checked["seals_hold"] >= 1
    # Numbers go on where they stopped: new rows do not meet restored ones.
    assert [one for received in import_small_online(empty) for one in received.taken] == []
    data, files = small_export("city_site/applications_20261113.json")
    record = json.loads(data)["applications"][0] | {"receipt": "C26-999001"}
    assert receive_export(empty, "city_site", json.dumps({"applications": [record]}).encode(), files).taken
    assert audit(empty).breaches == ()


def test_a_second_backup_copies_only_what_is_new(both: Runtime, tmp_path: Path) -> None:
    first = back_up(both, tmp_path / "backups")
    again = back_up(both, tmp_path / "backups")
    assert again.copied == 0 and again.manifest.blobs == first.manifest.blobs
    assert again.folder.name > first.folder.name
    arrival = rows_of(both, Arrival)[0]
    with write(both.engine) as session:
        row = session.get_one(Arrival, arrival.id)
        row.blob = both.blobs.put(b"new bytes")
        session.add(row)
    third = back_up(both, tmp_path / "backups", keep=1)
    assert third.copied == 1 and set(third.removed) == {first.folder.name, again.folder.name}
    assert backups_in(tmp_path / "backups") == [third.folder]
    kept = {path.name for path in (tmp_path / "backups" / "blobs").glob("*/*/*")}
    assert kept == set((third.folder / "blobs.txt").read_text().split()), "files that nothing names went with them"


def test_who_is_signed_in_is_in_no_backup_and_the_key_neither(store: Runtime, tmp_path: Path) -> None:
    made = back_up(store, tmp_path / "backups")
    assert UserSession.__tablename__ not in made.manifest.tables
    everything = b"".join(path.read_bytes() for path in (tmp_path / "backups").rglob("*") if path.is_file())
    rows = b"".join(gzip.decompress(path.read_bytes()) for path in (tmp_path / "backups").rglob("*.gz"))
    assert store.secrets.key not in everything + rows
    assert made.folder.stat().st_mode & 0o077 == 0, "it holds values: for its owner alone"


def test_the_moment_of_the_last_backup_is_in_the_history(store: Runtime, tmp_path: Path) -> None:
    back_up(store, tmp_path / "backups")
    (event,) = [event for event in rows_of(store, Event) if event.kind == "backed_up"]
    assert event.at == store.clock() and "rows" in event.payload


def spoil_table(backup: Path) -> None:
    path = backup / "tables" / "person.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-9])


def spoil_blob(backup: Path) -> None:
    path = sorted((backup.parent / "blobs").glob("*/*/*"))[0]
    path.write_bytes(b"x" + path.read_bytes()[1:])


def lose_blob(backup: Path) -> None:
    sorted((backup.parent / "blobs").glob("*/*/*"))[0].unlink()


def lose_table(backup: Path) -> None:
    (backup / "tables" / "event.jsonl.gz").unlink()


def spoil_manifest(backup: Path) -> None:
    (backup / "manifest.json").write_text("{")


def test_a_damaged_backup_is_refused_and_touches_nothing(store: Runtime, tmp_path: Path) -> None:
    backup = back_up(store, tmp_path / "backups").folder
    before = len(rows_of(store, Submission))
    for number, spoil in enumerate((spoil_table, spoil_blob, lose_blob, lose_table, spoil_manifest)):
        copy = shutil.copytree(backup.parent, tmp_path / f"spoilt{number}") / backup.name
        spoil(copy)
        with pytest.raises(BackupDamaged):
            restore(store, copy, replace=True)
    assert len(rows_of(store, Submission)) == before
    assert audit(store).breaches == ()


def test_a_filled_store_is_replaced_only_when_told(both: Runtime, tmp_path: Path) -> None:
    backup = back_up(both, tmp_path / "backups").folder
    with pytest.raises(StoreNotEmpty):
        restore(both, backup)
    with write(both.engine) as session:
        session.execute(text("DELETE FROM match_key"))
        session.execute(text("UPDATE submission SET source = 'changed'"))
    restore(both, backup, replace=True)
    assert "changed" not in {row.source for row in rows_of(both, Submission)}
    assert audit(both).breaches == ()


def test_another_key_or_a_newer_release_is_refused(store: Runtime, sqlite_target: Runtime, tmp_path: Path) -> None:
    backup = back_up(store, tmp_path / "backups").folder
    other = make_runtime(
        str(sqlite_target.engine.url), tmp_path / "other", key=b"b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXktISE="
    )
    with pytest.raises(OtherKey):
        restore(other, backup)
    other.engine.dispose()
    manifest = json.loads((backup / "manifest.json").read_text())
    (backup / "manifest.json").write_text(json.dumps(manifest | {"schema": "9999"}))
    with pytest.raises(StoreTooNew):
        check_backup(sqlite_target, backup)
    with pytest.raises(NoBackup):
        find_backup(tmp_path / "backups", "20200101T000000Z")


def test_a_backup_of_an_older_schema_is_migrated(databases: Databases, sqlite_target: Runtime, tmp_path: Path) -> None:
    with databases.empty("postgresql") as url:
        fill_as_released(url, tmp_path / "old")
        old = make_runtime(url, tmp_path / "old")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(backups, "newest_revision", lambda: "0001")
            patch.setattr(backups, "named_blobs", old_names)
            backup = back_up(old, tmp_path / "backups").folder
        old.engine.dispose()
    assert read_manifest(backup).schema == "0001"
    restore(sqlite_target, backup)
    assert revision_of(sqlite_target.engine) == newest_revision() != "0001"
    report = audit(sqlite_target)
    assert report.breaches == () and report.checked["chains_whole"] > 40


def old_names(session: object) -> Iterator[str]:
    """The names of files as release 0.1 would have listed them: it knew no erasure."""
    columns = (("arrival", "blob"), ("page", "blob"), ("page", "view"), ("attachment", "blob"), ("outbound", "blob"))
    found = {
        name
        for table, column in columns
        for (name,) in session.connection().execute(text(f"SELECT {column} FROM {table}")).all()  # type: ignore[attr-defined]
        if name
    }
    yield from sorted(found)


def test_lost_and_altered_files_are_told_and_come_back_from_an_older_backup(store: Runtime, tmp_path: Path) -> None:
    good = back_up(store, tmp_path / "good").folder
    pages = sorted(row.blob for row in rows_of(store, Page) if row.blob)
    store.blobs.fs.rm(store.blobs.path_of(pages[0]))
    Path(store.blobs.path_of(pages[1])).write_bytes(b"altered")
    bad = back_up(store, tmp_path / "bad")
    assert (bad.manifest.missing, bad.manifest.altered) == ((pages[0],), (pages[1],))
    assert bad.copied == bad.manifest.blobs - 2
    assert len(audit(store).breaches) >= 2
    assert mend_files(store, bad.folder) == 0
    assert mend_files(store, good) == 2
    assert audit(store).breaches == ()


def test_what_is_erased_meanwhile_is_not_in_the_backup(
    both: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, erased = backups._copy_blobs, []

    def erase_first(runtime: Runtime, names: Path, kept: backups.Blobs) -> backups._Copied:
        if not erased:
            with write(runtime.engine) as session:
                row = session.exec(select(Page).where(Page.position == 1)).one()
                erased.append(row.view)
                row.view = None
                session.add(row)
            runtime.blobs.fs.rm(runtime.blobs.path_of(erased[0]))
        return copy(runtime, names, kept)

    monkeypatch.setattr(backups, "_copy_blobs", erase_first)
    made = back_up(both, tmp_path / "backups")
    assert made.manifest.missing == ()
    assert erased[0] not in (made.folder / "blobs.txt").read_text()
    assert [path.name for path in (tmp_path / "backups").iterdir() if path.name.endswith(".part")] == []

    def always(*_: object) -> backups._Copied:
        return backups._Copied(erased=["x"])

    monkeypatch.setattr(backups, "_copy_blobs", always)
    with pytest.raises(BackupFailed):
        back_up(both, tmp_path / "backups")
    assert backups_in(tmp_path / "backups") == [made.folder]


def test_two_backups_into_one_folder_follow_one_another(
    store: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, go_on = threading.Event(), threading.Event()
    dump = backups._dump_rows

    def wait(runtime: Runtime, part: Path) -> dict[str, backups.TableDump]:
        inside.set()
        assert go_on.wait(20)
        return dump(runtime, part)

    monkeypatch.setattr(backups, "_dump_rows", wait)
    first = threading.Thread(target=back_up, args=(store, tmp_path / "backups"))
    first.start()
    assert inside.wait(20)
    with pytest.raises(BackupRunning):
        back_up(store, tmp_path / "backups")
    go_on.set()
    first.join(30)
    assert len(backups_in(tmp_path / "backups")) == 1


def test_the_store_is_not_its_own_backup(store: Runtime) -> None:
    with pytest.raises(BackupInPlace):
        back_up(store, store.data_dir)


def test_what_a_killed_backup_left_behind_is_cleared(store: Runtime, tmp_path: Path) -> None:
    made = back_up(store, tmp_path / "backups")
    left = shutil.copytree(made.folder, tmp_path / "backups" / "20261122T020000Z.part")
    assert backups_in(tmp_path / "backups") == [made.folder]
    back_up(store, tmp_path / "backups")
    assert not left.exists()


def test_an_empty_store_is_backed_up_and_restored(runtime: Runtime, sqlite_target: Runtime, tmp_path: Path) -> None:
    restore(sqlite_target, back_up(runtime, tmp_path / "backups").folder)
    assert audit(sqlite_target).breaches == ()
    assert open_engine(str(sqlite_target.engine.url)).dialect.name == "sqlite"
    assert install(sqlite_target) and PROCEDURE
