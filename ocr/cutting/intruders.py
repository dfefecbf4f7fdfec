"""What reaches into a row of cells from the rows above and below: the foot of a digit, the marks of a kana."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.cutting.cut import Patch
from ocr.imaging import Mask

NEAR_PX = 1  # of the edge of a cell: what ends here goes on beyond it
WHOLE = 0.75  # of the usual height in the row: where the largest piece is lower, a character fell to pieces


@dataclass(frozen=True)
class _Pieces:
    """The pieces of ink of a cell. boxes: left, top, width, height and area of each, the paper first."""

    labels: NDArray[np.int32]
    boxes: NDArray[np.int32]

    @property
    def main(self) -> int:
        """The number of the largest piece."""
        return 1 + int(np.argmax(self.boxes[1:, 2] * self.boxes[1:, 3] + self.boxes[1:, 4]))


def without_intruders(cells: Sequence[Patch]) -> list[Patch]:
    """The cells of one row without pieces beside their character that go on past the upper or lower edge.

    Only what lies in the half of the character that is nearer to that edge goes: a stroke of its own may touch an edge.
    """
    found = [_pieces(cell.ink) for cell in cells]
    heights = [int(pieces.boxes[pieces.main, 3]) for pieces in found if pieces is not None]
    usual = float(np.median(heights)) if heights else 0.0
    return [
        cell if pieces is None or pieces.boxes[pieces.main, 3] < WHOLE * usual else _without(cell, pieces)
        for cell, pieces in zip(cells, found, strict=True)
    ]


def _pieces(ink: Mask) -> _Pieces | None:
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    return _Pieces(np.asarray(labels, np.int32), np.asarray(boxes, np.int32)) if count > 1 else None


def _without(cell: Patch, pieces: _Pieces) -> Patch:
    height, (_, top, _, tall, _) = len(cell.ink), pieces.boxes[pieces.main]
    middle = top + tall / 2
    tops, ends = pieces.boxes[:, 1], pieces.boxes[:, 1] + pieces.boxes[:, 3]
    above = (tops <= NEAR_PX) & (ends < middle)
    below = (ends >= height - NEAR_PX) & (tops > middle)
    keep = ~(above | below)
    if keep.all():
        return cell
    keep[0] = False
    return replace(cell, ink=np.asarray(keep[pieces.labels], np.bool_))
