"""Threads: pages are read side by side, so that what reads one of them takes one."""

from __future__ import annotations

import os
import subprocess
import sys

ASK = "import os, sys; import ichimado; assert 'numpy' not in sys.modules; print(os.environ['OPENBLAS_NUM_THREADS'])"


def _said(**more: str) -> str:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    plain = {key: value for key, value in os.environ.items() if key not in names}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env={**plain, **more}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_linear_algebra_takes_one_thread_unless_the_operator_says_otherwise() -> None:
    assert _said() == "1"
    assert _said(OPENBLAS_NUM_THREADS="4") == "4"
