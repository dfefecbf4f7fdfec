"""Digits written over by others, which close in more paper than the digit that is read in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from ocr.engine import Image

MOST = {"0": 1, "1": 0, "2": 1, "3": 0, "4": 1, "5": 0, "6": 1, "7": 0, "8": 2, "9": 1}
"""How often the strokes of a digit close in paper at most."""
QUESTIONED = 0.005  # probability of no character from which loops are counted: a sure hand may close in more
_PENNED, _LEAST_PX = 110, 4  # of 255: what is a stroke; and of the cell's picture: what is a loop, no gap in the ink


def count_loops(pictures: Iterable[Image], none: Iterable[float]) -> tuple[int, ...]:
    """How often the strokes of each cell close in paper; 0 where the network has no doubt.

    pictures: of `ocr.glyphs`. none: the probability of each that it holds no character.
    """
    return tuple(_loops(one) if doubt > QUESTIONED else 0 for one, doubt in zip(pictures, none, strict=True))


def is_knotted(loops: Sequence[int], text: Sequence[str]) -> bool:
    """Whether somewhere more paper is closed in than by the digit of the text that stands there."""
    return any(found > MOST.get(char, found) for found, char in zip(loops, text, strict=False))


def _loops(picture: Image) -> int:
    paper = (picture < _PENNED).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(paper, connectivity=4)
    areas = np.delete(stats[:, cv2.CC_STAT_AREA], [0, int(labels[0, 0])])
    return int(np.count_nonzero(areas >= _LEAST_PX))
