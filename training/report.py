"""How well cells are read: `python -m training.report --part tune` (or held_out), by the network, the line, and both.

Figures for choosing anything come from TUNE; HELD_OUT is for the report alone.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw

from fixtures.fonts import FORM_FONT, load_font
from fixtures.reading.split import Part
from ocr.cutting.cut import is_written
from ocr.engine import PPOCRRecogniser
from ocr.fields.prepare import cells_job
from ocr.glyphs import MODEL, GlyphModel, glyph_picture
from ocr.layout import Box, Content
from ocr.own import OwnModels
from ocr.reader import run_jobs
from ocr.readings import Reading
from training.lab import LabRow, draw_lab_rows

_BOX = Box(0, 0, 1, 1)
ACCEPTED = 0.85


@dataclass(frozen=True)
class Outcome:
    """One row and its reading."""

    row: LabRow
    reading: Reading

    @property
    def right(self) -> bool:
        return (self.reading.value or "") == self.row.text


def read_rows(
    rows: Sequence[LabRow], model: GlyphModel | None, recogniser: PPOCRRecogniser
) -> tuple[list[Outcome], int]:
    """The outcomes, and how many rows were recognised as lines."""
    jobs = [cells_job("", _BOX, row.content, row.patches, OwnModels(cells=model)) for row in rows]
    readings = run_jobs(jobs, recogniser)
    return [Outcome(*pair) for pair in zip(rows, readings, strict=True)], sum(bool(job.lines) for job in jobs)


def summary(outcomes: Sequence[Outcome]) -> str:
    """Fields exact, by hand; and what is wrong among the surest ACCEPTED of them."""
    surest = sorted(outcomes, key=lambda one: -(one.reading.confidence or 0.0))[: round(ACCEPTED * len(outcomes))]
    wrong = sum(not one.right for one in surest)
    hands = {hand: [one.right for one in outcomes if one.row.handwritten is hand] for hand in (True, False)}
    shares = ", ".join(f"{name} {np.mean(hands[hand]):.4f} ({len(hands[hand])})"
                       for hand, name in ((True, "handwritten"), (False, "printed")) if hands[hand])  # fmt: skip
    threshold = surest[-1].reading.confidence if surest else 0.0
    return f"exact {shares}; of the surest {len(surest)} (from {threshold:.4f}) {wrong} wrong"


def confusions(outcomes: Sequence[Outcome]) -> Counter[tuple[str, str]]:
    """(written, read) of single characters, where as many were read as were written."""
    found: Counter[tuple[str, str]] = Counter()
    for one in outcomes:
        read = one.reading.value or one.reading.raw
        if len(read) == len(one.row.text):
            found.update((a, b) for a, b in zip(one.row.text, read, strict=True) if a != b)
    return found


def draw_wrong(outcomes: Sequence[Outcome], path: Path) -> None:
    """A picture of the rows that were read wrongly, each with what it says, what was read and how surely."""
    wrong = [one for one in outcomes if not one.right][:60]
    sheet = Pictures.new("L", (1000, 70 * max(1, len(wrong))), 255)
    pen = ImageDraw.Draw(sheet)
    for n, one in enumerate(wrong):
        for m, patch in enumerate(one.row.patches):
            if is_written(patch):
                glyph = 255 - cv2.resize(glyph_picture(patch), (44, 44))
                sheet.paste(Pictures.fromarray(glyph), (8 + m * 48, 70 * n + 2))
        words = f"{one.row.text}  >  {one.reading.raw}  {one.reading.confidence or 0:.3f}  {one.row.writer}"
        pen.text((8, 70 * n + 48), words, fill=0, font=load_font(FORM_FONT, 16))
    sheet.save(path)


def main(arguments: list[str]) -> None:
    """Prints the figures and draws what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", type=Part, default=Part.TUNE)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--line", action="store_true", help="also by the line alone, which takes long")
    parser.add_argument("--out", type=Path, default=Path("build/training"))
    options = parser.parse_args(arguments)
    recogniser, model = PPOCRRecogniser(), GlyphModel(options.model)
    for content in (Content.DIGITS, Content.KATAKANA):
        rows = draw_lab_rows(options.part, content, options.rows)
        for name, glyphs in (("cells", model), ("line", None)):
            if glyphs is None and not options.line:
                continue
            outcomes, lines = read_rows(rows, glyphs, recogniser)
            print(f"{options.part.value} {content.value} {name}: {summary(outcomes)}; {lines} lines recognised")
            print("  " + ", ".join(f"{a}>{b} {n}" for (a, b), n in confusions(outcomes).most_common(24)), flush=True)
            draw_wrong(outcomes, options.out / f"wrong-{options.part.value}-{content.value}-{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
