"""Removing a blob's bytes while others may be putting the same bytes.

A blob is named by its content, so somebody may put it again just when its last row is gone: they see that it is there
and write their row a moment later. Two things keep theirs:
- whoever puts bytes that are there already makes them young (`Blobs.put`), and what is younger than `GRACE` is never
  removed: a row follows its bytes within that time, or its step is done anew;
- removal first moves the bytes aside in one stroke, then looks again at their age and at the rows. A put before the
  stroke shows in the age, a put after it finds nothing and writes its own.

Where the store is no local folder there is no such stroke; the look and the removal are then a moment apart.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from pipeline.store.blobs import Blobs

GRACE = timedelta(hours=24)
_ASIDE = ".aside"


def age_of(blobs: Blobs, digest: str) -> timedelta | None:
    """How long ago these bytes were last put; None when they are nowhere."""
    for path in (blobs.path_of(digest), _aside(blobs, digest)):
        try:
            return _age(blobs.fs.modified(path))
        except FileNotFoundError:
            continue
    return None


def set_aside(blobs: Blobs, digest: str) -> None:
    """Takes the bytes from under their name, where the store can do so in one stroke; else they stay."""
    if blobs.is_local:
        try:
            os.replace(blobs.path_of(digest), _aside(blobs, digest))
        except FileNotFoundError:
            return  # gone already, or set aside before a crash


def age_aside(blobs: Blobs, digest: str) -> timedelta | None:
    """The age of what was set aside; None when nothing was."""
    try:
        return _age(blobs.fs.modified(_aside(blobs, digest) if blobs.is_local else blobs.path_of(digest)))
    except FileNotFoundError:
        return None


def put_back(blobs: Blobs, digest: str) -> None:
    """Gives what was set aside its name again, unless the same bytes were put meanwhile; else nothing."""
    if blobs.is_local:
        with suppress(FileNotFoundError):
            with suppress(FileExistsError):
                os.link(_aside(blobs, digest), blobs.path_of(digest))
            os.unlink(_aside(blobs, digest))


def discard(blobs: Blobs, digest: str) -> None:
    """Removes what was set aside."""
    try:
        blobs.fs.rm(_aside(blobs, digest) if blobs.is_local else blobs.path_of(digest))
    except FileNotFoundError:
        return


def kept_names(blobs: Blobs) -> Iterator[tuple[str, timedelta]]:
    """Every file of the store, by the last part of its path, with its age: blobs, and what a crash left beside them."""
    if blobs.fs.exists(blobs.root):
        for path in blobs.fs.find(blobs.root):
            try:
                yield path[len(blobs.root) + 1 :], _age(blobs.fs.modified(path))
            except FileNotFoundError:
                continue


def _aside(blobs: Blobs, digest: str) -> str:
    return blobs.path_of(digest) + _ASIDE


def _age(moment: datetime) -> timedelta:
    # The real clock: these are times of the file system, not of the work.
    return datetime.now(UTC) - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))
