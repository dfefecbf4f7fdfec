"""Marks at tick boxes and around printed words, told apart by a small network of our own (`training/` makes it)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.cutting.cut import PAPER, View
from ocr.engine import Image
from ocr.glyphs import GlyphModel, Measures
from ocr.imaging import find_level
from ocr.layout import Box, Mark

SIDE = 40  # of the picture the network sees, in pixels
AROUND_MM = 2.0  # shown around the box
DARK = 160.0  # grey levels below the paper that count as full ink
EMPTY, MARKED, STRUCK, STRAY = "empty", "marked", "struck", "stray"
CLASSES = (EMPTY, MARKED, STRUCK, STRAY)
MODEL = Path(__file__).parent.parent / "models" / "ticks.onnx"


def mark_picture(view: View, box: Box) -> Image:
    """A box with what is around it as SIDE x SIDE, 255 is ink, stretched to a square."""
    edges = (box.x - AROUND_MM, box.y - AROUND_MM, box.x + box.w + AROUND_MM, box.y + box.h + AROUND_MM)
    x0, y0, x1, y1 = (round(edge * view.scale) for edge in edges)
    height, width = view.flat.shape
    part = view.flat[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)]
    pads = (max(0, -y0), max(0, y1 - height), max(0, -x0), max(0, x1 - width))
    whole = cv2.copyMakeBorder(part, *pads, cv2.BORDER_CONSTANT, value=PAPER) if part.size else part
    if not whole.size:
        return np.zeros((SIDE, SIDE), np.uint8)
    small = np.asarray(cv2.resize(whole, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    paper = np.float32(find_level(small, 0.8))
    return np.clip((paper - small.astype(np.float32)) * np.float32(255.0 / DARK), 0, 255).astype(np.uint8)


def mark_measures(box: Box, mark: Mark) -> Measures:
    """Width and height of the box in centimetres, and whether a word is to be circled there."""
    return np.array((box.w / 10, box.h / 10, float(mark is Mark.CIRCLE)), np.float32)


def read_marks(view: View, boxes: Sequence[Box], mark: Mark, model: GlyphModel) -> NDArray[np.float64]:
    """Probabilities [boxes, CLASSES] of what stands at each box."""
    pictures = np.array([mark_picture(view, box) for box in boxes], np.uint8).reshape(-1, SIDE, SIDE)
    measures = np.array([mark_measures(box, mark) for box in boxes], np.float32).reshape(-1, 3)
    return np.exp(model.log_probabilities(pictures, measures).astype(np.float64))
