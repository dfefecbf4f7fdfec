"""Bringing a picture upright and flat."""

from __future__ import annotations

import cv2
import numpy as np

from ocr.bend import Bend
from ocr.engine import Image
from ocr.geometry import Matrix, apply, centred

COARSE_PX = 8  # a bent map is worked out at every eighth pixel; between them it is straight


def warp(image: Image, matrix: Matrix, bend: Bend | None, size: tuple[int, int], scale: float) -> Image:
    """The upright page of `size` (width, height) pixels, `scale` of them to a millimetre.

    matrix: 3x3, millimetres (after the bend) to pixels of the picture.
    """
    if bend is None:
        # Pixel centres: the map is between pixel edges, cv2 warps between pixel centres.
        to_view = np.diag([scale, scale, 1.0]) @ np.linalg.inv(matrix)
        flat = cv2.warpPerspective(
            image,
            centred(to_view),
            size,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(255, 255, 255),
        )
        return np.asarray(flat, np.uint8)
    columns, rows = (int(np.ceil(length / COARSE_PX)) + 2 for length in size)
    y, x = np.mgrid[0:rows, 0:columns]
    points = (np.stack([x.ravel(), y.ravel()], axis=1) - 0.5) * COARSE_PX / scale
    places = (apply(matrix, points + bend.at(points)) - 0.5).astype(np.float32).reshape(rows, columns, 2)
    dense = cv2.resize(places, None, fx=COARSE_PX, fy=COARSE_PX, interpolation=cv2.INTER_LINEAR)
    inner = np.ascontiguousarray(dense[COARSE_PX : COARSE_PX + size[1], COARSE_PX : COARSE_PX + size[0]])
    bent = cv2.remap(
        image,
        inner,
        None,  # type: ignore[call-overload]
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(255, 255, 255),
    )
    return np.asarray(bent, np.uint8)
