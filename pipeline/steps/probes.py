"""Whether what the house stands on is there: database, schema, places for files. Each probe takes milliseconds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from pipeline.runtime import Runtime
from pipeline.store.engine import is_reachable
from pipeline.store.migrate import is_current


def probe_blobs(runtime: Runtime) -> bool:
    """True once a few bytes were written where pictures and files are kept, read back and removed.

    Raises OSError, or whatever the file system raises.
    """
    said = os.urandom(32)
    digest = runtime.blobs.put(said)
    try:
        return runtime.blobs.get(digest) == said
    finally:
        runtime.blobs.fs.rm(runtime.blobs.path_of(digest))


def free_bytes(runtime: Runtime) -> int:
    """The room left on the fullest of the disks of this machine that the store writes to."""
    places = [runtime.data_dir]
    if "file" in runtime.blobs.fs.protocol:
        places.append(_nearest(Path(runtime.blobs.path_of(""))))
    return min(shutil.disk_usage(place).free for place in places)


def look_whether_ready(runtime: Runtime, floor_bytes: int) -> dict[str, bool]:
    """What has to be so before work is sent here, by name, and whether it is. Nothing is raised."""
    return {
        "database": _holds(lambda: is_reachable(runtime.engine)),
        "schema": _holds(lambda: is_current(runtime.engine)),
        "files": _holds(lambda: probe_blobs(runtime)),
        "disk": _holds(lambda: free_bytes(runtime) >= floor_bytes),
    }


def _holds(probe: Callable[[], bool]) -> bool:
    try:
        return probe()
    except Exception:
        return False


def _nearest(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path
