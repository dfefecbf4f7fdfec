"""A process that erases, to be killed: `python -m tests.erasure_worker URL FOLDER`. Says "ready" before it begins."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.erasing import DUE, erase_all
from tests.runtime import make_runtime

if __name__ == "__main__":
    runtime = make_runtime(sys.argv[1], Path(sys.argv[2]))
    print("ready", flush=True)
    erase_all(runtime, DUE)
    print("done", flush=True)
