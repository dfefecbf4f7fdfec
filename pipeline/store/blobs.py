"""Content-addressed blobs behind fsspec: the name of a blob is the SHA-256 of its bytes."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import fsspec
from fsspec.implementations.local import LocalFileSystem

_INCOMING = "incoming"
_SOME = 1024 * 1024


class BlobMissing(Exception):
    """A blob that a row points to is gone; `audit` names the rows."""

    code = "blob_missing"


class BlobAltered(Exception):
    """The bytes under a blob's name are no longer those it was named for."""

    code = "blob_altered"


class FilesAway(OSError):
    """The place where blobs are kept is not there at all, as when a disk was not mounted: no blob is to blame."""


class Incoming:
    """A blob that is still being written, beside all others; its name follows from its bytes.

    size: bytes so far. It must end in `keep` or `drop`; what a crash left behind goes with `drop_abandoned`.
    """

    def __init__(self, blobs: Blobs, path: str) -> None:
        self._blobs, self._path = blobs, path
        self._file = blobs.fs.open(path, "wb")
        self._hash = hashlib.sha256()
        self._open, self._kept = True, False
        self.size = 0

    def write(self, data: bytes) -> None:
        """Adds these bytes."""
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)

    @property
    def digest(self) -> str:
        """The name that the bytes so far would have."""
        return self._hash.hexdigest()

    def keep(self) -> str:
        """Moves the blob to its place and gives its digest; bytes that are there already stay as they are."""
        if self._kept:
            return self.digest
        self._close()
        path = self._blobs.path_of(self.digest)
        fs = self._blobs.fs
        if self._blobs.is_there(path, self.size):
            fs.rm(self._path)
        else:
            fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            fs.mv(self._path, path)
        self._kept = True
        return self.digest

    def drop(self) -> None:
        """Removes what was written; nothing after `keep`."""
        with suppress(OSError):
            self._close()  # on a full disk its last bytes find no room; the file is to go all the same
        if not self._kept and self._blobs.fs.exists(self._path):
            self._blobs.fs.rm(self._path)

    def _close(self) -> None:
        if self._open:
            self._open = False
            self._file.close()


class Blobs:
    """The blobs under one root, a local folder or any URL that fsspec knows.

    Bytes are written beside and moved into place, so a blob is either whole or absent; writing the same
    bytes twice is one blob.
    """

    def __init__(self, root: str) -> None:
        self.fs, self._root = fsspec.core.url_to_fs(root)

    @property
    def root(self) -> str:
        """Where all blobs are, without the protocol."""
        return str(self._root)

    @property
    def is_local(self) -> bool:
        """True for a folder that this machine sees as its own."""
        return isinstance(self.fs, LocalFileSystem)

    def is_there(self, path: str, size: int) -> bool:
        """True when all these bytes are there and were made young, so that nobody removes them under our hands
        (`pipeline.store.blob_removal`); where that cannot be done they are to be written once more."""
        try:
            if not self.is_local or self.fs.size(path) != size:
                return False
            os.utime(path)
        except FileNotFoundError:
            return False
        return True

    def path_of(self, digest: str) -> str:
        """Where the blob of this name is, or would be."""
        return f"{self._root}/{digest[:2]}/{digest[2:4]}/{digest}"

    def put(self, data: bytes) -> str:
        """The digest under which `data` is kept from now on."""
        digest = hashlib.sha256(data).hexdigest()
        path = self.path_of(digest)
        if self.is_there(path, len(data)):
            return digest
        self.fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        beside = f"{path}.{uuid4().hex}.part"
        try:
            with self.fs.open(beside, "wb") as file:
                file.write(data)
            self.fs.mv(beside, path)
        except OSError:
            with suppress(OSError):
                self.fs.rm(beside)  # on a full disk half a file would take what room is left
            raise
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes named `digest`, verified. Raises BlobMissing, BlobAltered, or FilesAway when all are gone."""
        try:
            with self.fs.open(self.path_of(digest), "rb") as file:
                data = bytes(file.read())
        except FileNotFoundError as error:
            if not self.fs.exists(self._root):
                raise FilesAway(errno.ENOTCONN, "the place of the blobs is not there") from None
            raise BlobMissing(digest) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise BlobAltered(digest)
        return data

    def verify(self, digest: str) -> int:
        """The size in bytes of the blob named `digest`, all of it read and hashed again.

        Raises BlobMissing or BlobAltered.
        """
        return sum(len(piece) for piece in self.pieces(digest))

    def has(self, digest: str) -> bool:
        """True when a blob of this name is there (its bytes are not verified)."""
        return bool(self.fs.exists(self.path_of(digest)))

    def open_incoming(self) -> Incoming:
        """A blob to be written piece by piece, for what is too large to be held in memory."""
        folder = f"{self._root}/{_INCOMING}"
        self.fs.makedirs(folder, exist_ok=True)
        return Incoming(self, f"{folder}/{uuid4().hex}.part")

    def pieces(self, digest: str) -> Iterator[bytes]:
        """The bytes named `digest` in pieces of at most a megabyte, verified once the last is out.

        Raises BlobMissing at the first piece or BlobAltered after the last.
        """
        seen = hashlib.sha256()
        try:
            with self.fs.open(self.path_of(digest), "rb") as file:
                while piece := file.read(_SOME):
                    seen.update(piece)
                    yield bytes(piece)
        except FileNotFoundError as error:
            raise BlobMissing(digest) from error
        if seen.hexdigest() != digest:
            raise BlobAltered(digest)

    def size(self, digest: str) -> int:
        """How many bytes the blob has. Raises BlobMissing."""
        try:
            return int(self.fs.size(self.path_of(digest)))
        except FileNotFoundError as error:
            raise BlobMissing(digest) from error

    def drop_abandoned(self, older_than: timedelta) -> int:
        """Removes what a crashed process left half written longer ago than this; gives how many there were."""
        folder, before = f"{self._root}/{_INCOMING}", datetime.now(UTC) - older_than
        if not self.fs.exists(folder):
            return 0
        old = [path for path in self.fs.find(folder) if _when(self.fs.modified(path)) < before]
        for path in old:
            self.fs.rm(path)
        return len(old)


def _when(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
