"""Points in millimetres and in pixels, and the straight maps between them.

Pixels are counted from pixel edges: the middle of the first pixel is 0.5, 0.5. cv2 counts from pixel centres.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.layout import Box

Matrix = NDArray[np.float64]
Points = NDArray[np.float64]
MM_PER_INCH = 25.4


def corners_of(box: Box) -> Points:
    """The corners [4, 2] of a box, clockwise from its top left."""
    x0, y0, x1, y1 = box.x, box.y, box.x + box.w, box.y + box.h
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)


def apply(matrix: Matrix, points: NDArray[np.floating[Any]]) -> Points:
    """The points [N, 2] mapped by a 3x3 matrix."""
    mapped = np.hstack([points, np.ones((len(points), 1))]) @ matrix.T
    return np.asarray(mapped[:, :2] / mapped[:, 2:], np.float64)


def homography(start: Points, end: Points) -> Matrix | None:
    """The homography that takes `start` to `end`, by least squares."""
    matrix, _ = cv2.findHomography(start, end, 0)
    return None if matrix is None else np.asarray(matrix, np.float64)


def affinity(start: Points, end: Points) -> Matrix:
    """The affine map that takes `start` to `end`, by least squares."""
    design = np.hstack([start, np.ones((len(start), 1))])
    solution, *_ = np.linalg.lstsq(design, end, rcond=None)
    return np.vstack([solution.T, [0.0, 0.0, 1.0]])


def similarity(start: Points, end: Points) -> Matrix:
    """The turn, the size and the shift that take `start` to `end`, by least squares."""
    a, b = start - start.mean(axis=0), end - end.mean(axis=0)
    z, w = a[:, 0] + 1j * a[:, 1], b[:, 0] + 1j * b[:, 1]
    factor = np.vdot(z, w) / np.vdot(z, z)
    linear = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    matrix = np.eye(3)
    matrix[:2, :2] = linear
    matrix[:2, 2] = end.mean(axis=0) - linear @ start.mean(axis=0)
    return matrix


def centred(matrix: Matrix) -> Matrix:
    """A map between pixel edges as the map between pixel centres that cv2 wants."""
    shift = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
    return np.asarray(shift @ matrix @ np.linalg.inv(shift), np.float64)


def quarter_turn(matrix: Matrix, width: float, height: float) -> int:
    """Degrees (0, 90, 180, 270) by which the picture must be turned clockwise for the page to stand upright."""
    x, y = width / 2, height / 2
    start, end = apply(matrix, np.array([[x, y], [x + 1, y]]))
    angle = np.degrees(np.arctan2(end[1] - start[1], end[0] - start[0]))
    return int(-round(angle / 90.0) * 90) % 360
