"""The bytes behind the rows: whether each blob that a row names is there, and is what it was named for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.runtime import Runtime
from pipeline.store.blob_names import is_named, named_blobs
from pipeline.store.blobs import BlobAltered, BlobMissing
from pipeline.store.engine import read


@dataclass(frozen=True)
class BlobLook:
    """What a look at every named blob found. missing and altered: digests; looked_at: how many blobs."""

    looked_at: int
    missing: frozenset[str]
    altered: frozenset[str]


def look_at_blobs(runtime: Runtime, *, content: bool) -> BlobLook:
    """Asks for every blob that a row names; with content its bytes are read and hashed again."""
    looked_at, missing, altered = 0, set(), set()
    with read(runtime.engine, one_moment=True) as session:
        for digest in named_blobs(session):
            looked_at += 1
            try:
                _look_at(runtime, digest, content)
            except BlobMissing:
                missing.add(digest)
            except BlobAltered:
                altered.add(digest)
    return BlobLook(looked_at, _still_named(runtime, missing), frozenset(altered))


def _look_at(runtime: Runtime, digest: str, content: bool) -> None:
    if content:
        runtime.blobs.verify(digest)
    elif not runtime.blobs.has(digest):
        raise BlobMissing(digest)


def _still_named(runtime: Runtime, digests: Iterable[str]) -> frozenset[str]:
    # What was erased while we looked is rightly gone: no row names it any more.
    with read(runtime.engine) as session:
        return frozenset(digest for digest in digests if is_named(session, digest))
