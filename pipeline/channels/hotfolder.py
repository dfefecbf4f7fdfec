"""Which files of a watched folder are finished: two looks, some seconds apart, that see the same thing.

`look` reads the folder; `decide` only compares two looks, and is where the rule lives. Scanners and network
copies write slowly and in bursts, so a file is taken only when neither its size nor its time has moved for a
while.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.channels.slip import SLIP_NAME

SETTLE_SECONDS = 5.0
_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".filepart", ".lock")


@dataclass(frozen=True)
class Seen:
    """One file at one look. since: clock seconds when it was first seen so."""

    size: int
    mtime_ns: int
    since: float


FolderState = Mapping[str, Seen]
"""Relative path with `/` -> what was seen; keep it from one look to the next."""


@dataclass(frozen=True)
class Settled:
    """The outcome of a look.

    ready: relative paths that may be taken, by name, so that a scanner's numbering is the order.
    state: give this to the next look.
    """

    ready: tuple[str, ...]
    state: FolderState


def is_candidate(relative: str) -> bool:
    """Whether a path may be a scan at all: no dot names, nothing that says it is unfinished, not a slip."""
    parts = relative.split("/")
    name = parts[-1].lower()
    if any(part.startswith((".", "~$")) for part in parts) or name == SLIP_NAME:
        return False
    return not name.endswith(_UNFINISHED)


def decide(
    before: FolderState,
    seen: Mapping[str, tuple[int, int]],
    now: float,
    settle_seconds: float = SETTLE_SECONDS,
) -> Settled:
    """Which files have stayed the same for `settle_seconds`; pure.

    seen: relative path -> (size, mtime_ns) at this look.
    now: seconds of any clock that does not run backwards.
    A file of no bytes is taken too once it stays so: the empty file is then named to somebody.
    """
    state = {path: _held(before.get(path), look, now) for path, look in seen.items() if is_candidate(path)}
    ready = sorted(path for path, held in state.items() if now - held.since >= settle_seconds)
    return Settled(tuple(ready), state)


def _held(before: Seen | None, look: tuple[int, int], now: float) -> Seen:
    if before and (before.size, before.mtime_ns) == look and before.since <= now:
        return before
    return Seen(look[0], look[1], now)


def look(folder: Path) -> dict[str, tuple[int, int]]:
    """Relative path -> (size, mtime_ns) of each plain file in the folder and below; no links."""
    found: dict[str, tuple[int, int]] = {}
    for parent, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(parent, name)
            try:
                facts = path.lstat()
            except FileNotFoundError:  # taken away between the listing and the look
                continue
            if stat.S_ISREG(facts.st_mode):
                found[path.relative_to(folder).as_posix()] = (facts.st_size, facts.st_mtime_ns)
    return found


def settled_files(folder: Path, state: FolderState, now: float, settle_seconds: float = SETTLE_SECONDS) -> Settled:
    """The files below `folder` that may be taken at this look, and the state for the next one."""
    return decide(state, look(folder), now, settle_seconds)


def read_settled(folder: Path, relative: str, settled: Seen) -> bytes | None:
    """The bytes of a file that is ready, or None when it has changed since the look: look again."""
    path = folder / relative
    try:
        data = path.read_bytes()
        after = path.lstat()
    except FileNotFoundError:
        return None
    same = (after.st_size, after.st_mtime_ns) == (settled.size, settled.mtime_ns)
    return data if same and len(data) == settled.size else None


def find_slip(folder: Path, relative: str) -> Path | None:
    """The slip in a file's own folder; None when there is none."""
    slip = (folder / relative).parent / SLIP_NAME
    return slip if slip.is_file() else None
