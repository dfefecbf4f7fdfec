"""Samples drawn for a benchmark, kept under build/bench-data so that the next run need not draw them again.

Their seeds are of benchmarks alone: nothing of the product was tuned, tested or recorded on them.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import ROOT
from benchmarks.truth import Truth, load_truth_of
from fixtures.fonts import find_fonts
from fixtures.generate import SHEETS_PER_SUBMISSION, generate

DATA = ROOT / "build" / "bench-data"
READING_SEED, MATCHING_SEED, CAMPAIGN_SEED = 70301, 70302, 70305


@dataclass(frozen=True)
class Sample:
    """A drawn sample: what arrives, and apart from it what is true."""

    seed: int
    folder: Path
    truth_folder: Path

    def truth(self) -> Truth:
        """What is truly written in it."""
        return load_truth_of(self.folder, self.truth_folder)


def draw_sample(seed: int, paper: int, online: int, jobs: int | None = None) -> Sample:
    """So many paper and online submissions; drawn now unless they lie there, made by the same generator."""
    name = f"{seed}-{paper}-{online}-{_generator_digest()}"
    sample = Sample(seed, DATA / name, DATA / f"{name}-truth")
    if not (sample.truth_folder / "totals.json").is_file():
        sheets = round(paper * SHEETS_PER_SUBMISSION)
        generate(seed, sheets, online, sample.folder, sample.truth_folder, jobs=jobs or os.cpu_count() or 1)
    return sample


def _generator_digest() -> str:
    """Eight hex digits that change with the generator, its forms and the fonts that are there."""
    folder = ROOT / "fixtures"
    files = [*sorted(folder.glob("*.py")), *sorted((folder / "procedures" / "child_benefit").rglob("*.yaml"))]
    content = b"".join(path.read_bytes() for path in files)
    return hashlib.sha256(content + json.dumps(sorted(find_fonts())).encode()).hexdigest()[:8]
