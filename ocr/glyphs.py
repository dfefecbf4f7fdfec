"""Single characters in cells, read by a small network of our own (`training/` makes it)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.cutting.cut import PAPER, Patch, glyph_size, is_written
from ocr.engine import Image
from ocr.imaging import count_levels, find_level

SIDE = 40  # of the picture the network sees, in pixels
MARGIN = 2  # around the ink, in pixels of that picture
SMALLEST = 0.45  # of the cell's shorter side: smaller glyphs are not blown up further
FAINTEST = 60.0  # grey levels below the paper: fainter ink is not made darker than this would be
OTHER = "other"  # ink that is no character: struck out, overwritten, blots, foreign letters
DUST = "dust"  # ink that nobody wrote
RELATIVE = 4  # the place among the measures of the size over the row's usual one
MODEL = Path(__file__).parent / "models" / "cells.onnx"

Pictures = NDArray[np.uint8]
Measures = NDArray[np.float32]
Scores = NDArray[np.float32]


def glyph_picture(patch: Patch) -> Image:
    """The ink of a cell as SIDE x SIDE, 255 is ink, as large as it fits and as dark as a pen writes."""
    x, y, width, height = patch.extent
    if not width:
        return np.zeros((SIDE, SIDE), np.uint8)
    seam = cv2.dilate(patch.ink.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    ink = np.where(seam, PAPER - patch.flat, 0).astype(np.uint8)[y : y + height, x : x + width]
    side = max(height, width, round(SMALLEST * min(patch.ink.shape)))
    top, left = (side - height) // 2, (side - width) // 2
    square = cv2.copyMakeBorder(ink, top, side - height - top, left, side - width - left, cv2.BORDER_CONSTANT, value=0)
    inner = SIDE - 2 * MARGIN
    method = cv2.INTER_AREA if side > inner else cv2.INTER_LINEAR
    small = cv2.resize(square, (inner, inner), interpolation=method)
    dark = max(FAINTEST, _darkness(ink))
    out = np.zeros((SIDE, SIDE), np.uint8)
    out[MARGIN:-MARGIN, MARGIN:-MARGIN] = np.clip(small * (255.0 / dark), 0, 255)
    return out


def _darkness(ink: Image) -> float:
    """Grey levels below the paper of the darker part of the ink."""
    counts, levels = count_levels(ink), np.arange(256)
    counts[0] = 0
    if not counts.any():
        return 0.0
    counts[levels < (counts @ levels) / counts.sum()] = 0
    return float((counts @ levels) / counts.sum())


def darkness(patch: Patch) -> float:
    """Grey levels below the paper that the darkest tenth of the ink of a cell begins at; 0.0 without ink."""
    return PAPER - find_level(patch.flat[patch.ink], 0.1) if patch.extent[2] else 0.0


def glyph_measures(patch: Patch, usual: float) -> Measures:
    """Width, height, middle x and y of the ink in shares of the cell, its size over the row's usual one, the
    cell's width over its height. `usual` is the median of `glyph_size` over the row's written cells."""
    x, y, across, down = patch.extent
    if not across:
        return np.zeros(6, np.float32)
    height, width = patch.ink.shape
    top, bottom, left, right = y / height, (y + down) / height, x / width, (x + across) / width
    relative = min(2.0, glyph_size(patch) / max(usual, 1.0))
    return np.array(
        (right - left, bottom - top, (left + right) / 2, (top + bottom) / 2, relative, min(2.0, width / height)),
        np.float32,
    )


def row_inputs(patches: Sequence[Patch]) -> tuple[Pictures, Measures]:
    """What the network sees of the written cells of one row: pictures [n, SIDE, SIDE] and measures [n, 6]."""
    written = [patch for patch in patches if is_written(patch)]
    usual = float(median([glyph_size(patch) for patch in written])) if written else 1.0
    pictures = [glyph_picture(patch) for patch in written]
    measures = [glyph_measures(patch, usual) for patch in written]
    return (
        np.array(pictures, np.uint8).reshape(-1, SIDE, SIDE),
        np.array(measures, np.float32).reshape(-1, 6),
    )


class GlyphModel:
    """The network on onnxruntime; may be used from several threads.

    classes: what a cell may hold, in the order of the scores: characters, OTHER and DUST.
    """

    def __init__(self, path: Path = MODEL) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        meta = self._session.get_modelmeta().custom_metadata_map
        self.classes: tuple[str, ...] = tuple(meta["classes"].split("\n"))
        self.engine_id: str = meta["id"]

    def log_probabilities(self, pictures: Pictures, measures: Measures) -> Scores:
        """Calibrated natural-log probabilities [n, classes] of the cells of `row_inputs`."""
        if not len(pictures):
            return np.zeros((0, len(self.classes)), np.float32)
        out: Scores = self._session.run(None, {"pictures": pictures, "measures": measures})[0]
        return out
