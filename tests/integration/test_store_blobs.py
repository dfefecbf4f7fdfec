"""Blobs are named by their content, whole or absent."""

from __future__ import annotations

import hashlib
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
