"""What reaches into a row of cells from the rows above and below: the foot of a digit, the marks of a kana."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from ocr.cutting.cut import Patch
from ocr.imaging import Pieces, find_pieces

NEAR_PX = 1  # of the edge of a cell: what ends here goes on beyond it
WHOLE = 0.75  # of the usual height in the row: where the largest piece is lower, a character fell to pieces


def without_intruders(cells: Sequence[Patch]) -> list[Patch]:
    """The cells of one row without pieces beside their character that go on past the upper or lower edge.

    Only what lies in the half of the character that is nearer to that edge goes: a stroke of its own may touch an edge.
    """
    found = [find_pieces(cell.ink) for cell in cells]
    largest = [_largest(pieces) for pieces in found]
    heights = [int(main[3]) for main in largest if main is not None]
    usual = float(median(heights)) if heights else 0.0
    return [
        cell if main is None or main[3] < WHOLE * usual else _without(cell, pieces, main)
        for cell, pieces, main in zip(cells, found, largest, strict=True)
    ]


def _largest(pieces: Pieces) -> NDArray[np.int32] | None:
    """Left, top, width, height and area of the largest piece; None where there is none."""
    stats = pieces.stats[1:]
    return stats[np.argmax(stats[:, 2] * stats[:, 3] + stats[:, 4])] if len(stats) else None


def _without(cell: Patch, pieces: Pieces, main: NDArray[np.int32]) -> Patch:
    height, (_, top, _, tall, _) = len(cell.ink), main
    middle = top + tall / 2
    tops, ends = pieces.stats[:, 1], pieces.stats[:, 1] + pieces.stats[:, 3]
    above = (tops <= NEAR_PX) & (ends < middle)
    below = (ends >= height - NEAR_PX) & (tops > middle)
    keep = ~(above | below)
    if keep.all():
        return cell
    keep[0] = False
    return replace(cell, ink=pieces.only(keep))
