"""Imports a list in a process of its own, so that a test can kill it: URL, folder, file, rows a write."""

from __future__ import annotations

import sys
from pathlib import Path

from pipeline.steps import roster
from tests.runtime import PROCEDURE, make_runtime


def main(url: str, folder: str, path: str, chunk: str) -> None:
    """Says on standard output how far it is."""
    roster.CHUNK = int(chunk)
    roster.import_roster(
        make_runtime(url, Path(folder)),
        PROCEDURE,
        Path(path),
        progress=lambda done, total: print(done, total, flush=True),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
