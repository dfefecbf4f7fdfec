"""Bringing a picture upright and flat."""

from __future__ import annotations

import cv2
import numpy as np

from ocr.engine import Image
from ocr.place.bend import Bend
from ocr.place.geometry import Matrix, apply, centred

BAND_PX = 64  # rows that are mapped at a time: what is worked on stays in the processor's cache
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
    x, y = (np.asarray((np.arange(count) - 0.5) * COARSE_PX / scale, np.float64) for count in (columns, rows))
    bent = bend.between(x, y) + np.stack(np.meshgrid(x, y), axis=2)
    places = (apply(matrix, bent.reshape(-1, 2)) - 0.5).astype(np.float32).reshape(rows, columns, 2)
    out = np.empty(size[::-1] if image.ndim == 2 else (*size[::-1], image.shape[2]), np.uint8)
    for top in range(0, size[1], BAND_PX):
        height, first = min(BAND_PX, size[1] - top), top // COARSE_PX
        near = places[first : first - (-height // COARSE_PX) + 2]
        dense = cv2.resize(near, None, fx=COARSE_PX, fy=COARSE_PX, interpolation=cv2.INTER_LINEAR)
        out[top : top + height] = cv2.remap(
            image,
            dense[COARSE_PX : COARSE_PX + height, COARSE_PX : COARSE_PX + size[0]],
            None,  # type: ignore[call-overload]
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(255, 255, 255),
        )
    return out
