"""The truth of a generated sample, and how it is joined with a store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Truth:
    """What the generator knows. pages, submissions, duplicates: rows as in fixtures/README.md.

    file_hashes: SHA-256 (hex) of each scan file, by its name in the truth.
    """

    pages: list[dict[str, Any]]
    submissions: list[dict[str, Any]]
    duplicates: list[dict[str, Any]]
    totals: Mapping[str, Any]
    file_hashes: Mapping[str, str]


def load_truth(sample: str) -> Truth:
    """The truth of a sample beneath fixtures/. FileNotFoundError when there is none."""
    return load_truth_of(ROOT / "fixtures" / sample, ROOT / "fixtures" / "truth" / sample)


def load_truth_of(sample: Path, folder: Path) -> Truth:
    """The truth in `folder` of the sample in another. FileNotFoundError when there is none."""
    parts = {
        name: json.loads((folder / f"{name}.json").read_text())
        for name in ("pages", "submissions", "duplicates", "totals")
    }
    scans = sample / "scans"
    names = {page["file"] for page in parts["pages"]}
    hashes = {name: hashlib.sha256((scans / name).read_bytes()).hexdigest() for name in names}
    return Truth(parts["pages"], parts["submissions"], parts["duplicates"], parts["totals"], hashes)
