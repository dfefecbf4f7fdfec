"""Which errors mean that a place we keep things in is away or full, and not that this piece of work is bad."""

from __future__ import annotations

import errno
from enum import StrEnum

from sqlalchemy.exc import DBAPIError


class Outage(StrEnum):
    """What is amiss around us; work waits until it is over, and no application is blamed for it."""

    DISK_FULL = "disk_full"
    FILES_AWAY = "files_away"
    DATABASE_AWAY = "database_away"


_ERRNO = {
    errno.ENOSPC: Outage.DISK_FULL,
    errno.EDQUOT: Outage.DISK_FULL,
    errno.EFBIG: Outage.DISK_FULL,
    errno.EIO: Outage.FILES_AWAY,
    errno.EROFS: Outage.FILES_AWAY,
    errno.ESTALE: Outage.FILES_AWAY,
    errno.ENOTCONN: Outage.FILES_AWAY,
}

_SQLITE = {
    "database or disk is full": Outage.DISK_FULL,
    "disk i/o error": Outage.DISK_FULL,
    "attempt to write a readonly database": Outage.DATABASE_AWAY,
    "unable to open database file": Outage.DATABASE_AWAY,
}

# PostgreSQL's SQLSTATE classes: connection (08), its own end (57P), its system (58).
_AWAY = ("08", "57P", "58")
_FULL = "53100"


def find_outage(error: BaseException) -> Outage | None:
    """The outage that this error, or one that led to it, speaks of; None for any other error.

    A SQLite database that stays locked past its time-out counts as away.
    """
    seen: BaseException | None = error
    while seen is not None:
        found = _of_database(seen) if isinstance(seen, DBAPIError) else _of_files(seen)
        if found is not None:
            return found
        seen = seen.__cause__ or seen.__context__
    return None


def _of_files(error: BaseException) -> Outage | None:
    return _ERRNO.get(error.errno or 0) if isinstance(error, OSError) else None


def _of_database(error: DBAPIError) -> Outage | None:
    state = getattr(error.orig, "sqlstate", None)
    if state == _FULL:
        return Outage.DISK_FULL
    if error.connection_invalidated or (state or "").startswith(_AWAY):
        return Outage.DATABASE_AWAY
    told = str(error.orig).lower()
    if "database is locked" in told:
        return Outage.DATABASE_AWAY
    if type(error.orig).__module__.startswith("psycopg") and state is None:
        # The server could not be reached at all, so it gave no code.
        return Outage.DATABASE_AWAY if type(error.orig).__name__ == "OperationalError" else None
    return next((outage for words, outage in _SQLITE.items() if words in told), None)
