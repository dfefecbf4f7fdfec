"""Content-addressed blobs behind fsspec: the name of a blob is the SHA-256 of its bytes."""

from __future__ import annotations

import hashlib
from uuid import uuid4

import fsspec


class BlobMissing(Exception):
    """A blob that a row points to is gone; `audit` names the rows."""

    code = "blob_missing"


class BlobAltered(Exception):
    """The bytes under a blob's name are no longer those it was named for."""

    code = "blob_altered"


class Blobs:
    """The blobs under one root, a local folder or any URL that fsspec knows.

    Bytes are written beside and moved into place, so a blob is either whole or absent; writing the same
    bytes twice is one blob.
    """

    def __init__(self, root: str) -> None:
        self._fs, self._root = fsspec.core.url_to_fs(root)

    def _path(self, digest: str) -> str:
        return f"{self._root}/{digest[:2]}/{digest[2:4]}/{digest}"

    def put(self, data: bytes) -> str:
        """The digest under which `data` is kept from now on."""
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        if self._fs.exists(path) and self._fs.size(path) == len(data):
            return digest
        self._fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        beside = f"{path}.{uuid4().hex}.part"
        with self._fs.open(beside, "wb") as file:
            file.write(data)
        self._fs.mv(beside, path)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes named `digest`, verified. Raises BlobMissing or BlobAltered."""
        try:
            with self._fs.open(self._path(digest), "rb") as file:
                data = bytes(file.read())
        except FileNotFoundError as error:
            raise BlobMissing(digest) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise BlobAltered(digest)
        return data

    def has(self, digest: str) -> bool:
        """True when a blob of this name is there (its bytes are not verified)."""
        return bool(self._fs.exists(self._path(digest)))
