"""Blobs are named by their content, whole or absent."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.store.blobs import BlobAltered, BlobMissing, Blobs


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_same_bytes_are_one_blob(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path))
    first, second = blobs.put(b"scan"), blobs.put(b"scan")
    assert first == second == hashlib.sha256(b"scan").hexdigest()
    assert [path.name for path in files_in(tmp_path)] == [first]
    assert blobs.get(first) == b"scan" and blobs.has(first)


def test_an_empty_file_is_a_blob_too(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path))
    assert blobs.get(blobs.put(b"")) == b""


def test_a_missing_blob_is_named(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path))
    digest = "ab" * 32
    assert not blobs.has(digest)
    with pytest.raises(BlobMissing) as caught:
        blobs.get(digest)
    assert caught.value.code == "blob_missing"


def test_an_altered_blob_is_never_handed_out(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path))
    digest = blobs.put(b"account 1234567")
    (path,) = files_in(tmp_path)
    path.write_bytes(b"account 7654321")
    with pytest.raises(BlobAltered):
        blobs.get(digest)


def test_what_a_killed_writer_left_is_no_blob(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path))
    digest = hashlib.sha256(b"whole").hexdigest()
    folder = tmp_path / digest[:2] / digest[2:4]
    folder.mkdir(parents=True)
    (folder / f"{digest}.1234.part").write_bytes(b"who")
    assert not blobs.has(digest)
    assert blobs.put(b"whole") == digest and blobs.get(digest) == b"whole"


def test_a_blob_cut_short_is_written_again(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path))
    digest = blobs.put(b"whole")
    (path,) = files_in(tmp_path)
    path.write_bytes(b"who")
    blobs.put(b"whole")
    assert blobs.get(digest) == b"whole"


def test_any_place_that_fsspec_knows_will_do() -> None:
    blobs = Blobs("memory://test-blobs")
    assert blobs.get(blobs.put(b"far away")) == b"far away"


def test_a_blob_written_in_pieces_is_the_same_blob(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path))
    incoming = blobs.open_incoming()
    for piece in (b"sc", b"", b"an"):
        incoming.write(piece)
    assert not blobs.has(incoming.digest), "not there before it is kept"
    assert incoming.keep() == blobs.put(b"scan")
    assert blobs.get(incoming.digest) == b"scan" and incoming.size == 4
    assert b"".join(blobs.pieces(incoming.digest)) == b"scan" and blobs.size(incoming.digest) == 4
    again = blobs.open_incoming()
    again.write(b"scan")
    assert again.keep() == incoming.digest
    assert [path.name for path in files_in(tmp_path)] == [incoming.digest]


def test_a_blob_that_is_dropped_leaves_nothing(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path))
    incoming = blobs.open_incoming()
    incoming.write(b"half")
    incoming.drop()
    assert files_in(tmp_path) == []
    with pytest.raises(BlobMissing):
        list(blobs.pieces(incoming.digest))


def test_dropping_what_was_kept_changes_nothing(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path))
    incoming = blobs.open_incoming()
    incoming.write(b"whole")
    digest = incoming.keep()
    incoming.drop()
    assert blobs.get(digest) == b"whole"


def test_what_a_crash_left_half_written_is_removed_after_a_while(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path))
    assert blobs.drop_abandoned(timedelta(0)) == 0
    old, fresh = blobs.open_incoming(), blobs.open_incoming()
    for one in (old, fresh):
        one.write(b"half")
    first, _ = sorted(files_in(tmp_path), key=lambda path: path.name not in old._path)
    os.utime(first, (0, 0))
    assert blobs.drop_abandoned(timedelta(hours=1)) == 1
    assert [path.name in fresh._path for path in files_in(tmp_path)] == [True]


def test_pieces_of_an_altered_blob_end_in_an_error(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path))
    digest = blobs.put(b"scan")
    next(path for path in files_in(tmp_path)).write_bytes(b"scam")
    with pytest.raises(BlobAltered):
        list(blobs.pieces(digest))
