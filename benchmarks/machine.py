"""What a figure was measured with: machine, load, version, weights."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from ocr.engine import find_bundled_model

ROOT = Path(__file__).parents[1]
RECOGNITION = "PP-OCRv6_rec_small.onnx"
DETECTION = "PP-OCRv6_det_small.onnx"
TURNED_LINES = "ch_ppocr_mobile_v2.0_cls_mobile.onnx"


def machine() -> dict[str, Any]:
    """What the times are of. load: processes that waited for a processor in the last minute, before we began."""
    return {
        "processors": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }


def version() -> str:
    """The version of the working tree as git describes it, "unknown" outside a checkout."""
    try:
        done = subprocess.run(
            ("git", "describe", "--always", "--tags", "--dirty"), cwd=ROOT, capture_output=True, text=True, check=False
        )
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


@cache
def weights(*names: str) -> tuple[dict[str, Any], ...]:
    """Name, bytes and SHA-256 (first 16 hex digits) of model files of the rapidocr wheel."""
    found = []
    for name in names:
        data = find_bundled_model(name).read_bytes()
        found.append({"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()[:16]})
    return tuple(found)
