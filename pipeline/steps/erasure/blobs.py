"""Bytes that no row names any more are removed: those an erasure let go of, and strays that no row ever named."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import delete
from sqlmodel import col, select

from pipeline.runtime import Runtime
from pipeline.steps.erasure.cut import doom
from pipeline.store.blob_names import named_among
from pipeline.store.blob_removal import age_aside, age_of, discard, kept_names, put_back, set_aside
from pipeline.store.bulk import parts
from pipeline.store.engine import read, write
from pipeline.store.tables import DoomedBlob, Erasure

_BLOB = re.compile(r"(?:^|/)([0-9a-f]{64})(?:\.aside)?$")
_CHUNK = 200


def remove_doomed(runtime: Runtime, erasure_id: str, grace: timedelta) -> int:
    """Removes what this erasure let go of and gives how many files went. What was put again within `grace` waits.

    May be stopped anywhere and called again: a row of `doomed_blob` goes only after its bytes.
    """
    removed = 0
    with read(runtime.engine) as session:
        doomed = session.exec(select(DoomedBlob.digest).where(DoomedBlob.erasure_id == erasure_id)).all()
    for chunk in parts(doomed, _CHUNK):
        removed += _remove_chunk(runtime, chunk, grace)
    return removed


def _remove_chunk(runtime: Runtime, digests: Collection[str], grace: timedelta) -> int:
    with read(runtime.engine) as session:
        named = named_among(session, digests)
    old = [digest for digest in digests if digest not in named and _is_old(age_of(runtime.blobs, digest), grace)]
    for digest in old:
        set_aside(runtime.blobs, digest)
    with read(runtime.engine) as session:
        named |= named_among(session, digests)
    gone: list[str] = []
    removed = 0
    for digest in digests:
        age = age_aside(runtime.blobs, digest)
        if digest in old and digest not in named and _is_old(age, grace):
            discard(runtime.blobs, digest)
            removed += age is not None
            gone.append(digest)
        else:
            put_back(runtime.blobs, digest)
    with write(runtime.engine) as session:
        session.execute(delete(DoomedBlob).where(col(DoomedBlob.digest).in_([*gone, *named])))
    return removed


def _is_old(age: timedelta | None, grace: timedelta) -> bool:
    return age is None or age >= grace


def doom_strays(runtime: Runtime, erasure: Erasure, grace: timedelta) -> int:
    """Dooms blobs that no row names, such as those of a process that died between bytes and row; removes their
    half-written files at once. Gives how many there were."""
    names = {name: age for name, age in kept_names(runtime.blobs) if age >= grace}
    whole = {found[1] for name in names if (found := _BLOB.search(name))}
    for name in names:
        if name.endswith(".part"):
            runtime.blobs.fs.rm(f"{runtime.blobs.root}/{name}")
    strays = 0
    for chunk in parts(whole, _CHUNK):
        with write(runtime.engine) as session:
            doomed = set(chunk) - named_among(session, chunk)
            doomed -= set(session.exec(select(DoomedBlob.digest).where(col(DoomedBlob.digest).in_(doomed))).all())
            doom(session, erasure, doomed)
            strays += len(doomed)
    return strays
