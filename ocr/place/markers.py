"""The map of a page from its ArUco markers."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engine import Image
from ocr.imaging import is_bilevel, to_grey
from ocr.layout import Box, Marker, PageLayout
from ocr.place.geometry import Matrix, Points, affinity, apply, corners_of, homography, similarity

DETECTION_PX = 1250  # markers of 8 mm keep about 50 px; detection at full size only costs time
OUTLIER_MM = 1.5
FLOOR_MM = 0.02  # a corner is never better than this on paper


@dataclass(frozen=True)
class MarkerFit:
    """The map that the markers of a page hold: 3x3, millimetres to pixels.

    error_mm: estimated error at the farthest corner of the page, were the paper flat. markers: how many hold it.
    """

    matrix: Matrix
    error_mm: float
    markers: int


def fit_markers(image: Image, layout: PageLayout) -> MarkerFit | None:
    """The map that those of the layout's markers hold that are seen; None when none is."""
    if not layout.markers:
        return None
    expected = {marker.id: marker for marker in layout.markers}
    pairs = [(expected[i], corners) for i, corners in find_markers(image) if i in expected]
    if len({marker.id for marker, _ in pairs}) != len(pairs):
        pairs = _largest_of_each(pairs)
    if not pairs:
        return None
    pairs = _without_outlier(pairs)
    mm, px = _points(pairs)
    matrix = _fit(mm, px, len(pairs))
    return None if matrix is None else MarkerFit(matrix, _error_mm(matrix, mm, px, layout), len(pairs))


def find_markers(image: Image) -> list[tuple[int, Points]]:
    """Ids and corners [4, 2] (pixels, clockwise from the marker's own top left) of all 4X4_50 markers."""
    grey = to_grey(image)
    if is_bilevel(grey):
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.0), np.uint8)
    scale = min(1.0, DETECTION_PX / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1.0 else grey
    corners, ids, _ = _detector().detectMarkers(small)
    found: list[tuple[int, Points]] = []
    for marker_id, quad in zip(np.ravel(ids) if len(corners) else [], corners, strict=True):
        # +0.5: cv2 counts from pixel centres, we count from pixel edges.
        points = (quad.reshape(-1, 1, 2) + 0.5) / scale - 0.5
        found.append((int(marker_id), _refine(grey, points.astype(np.float32)) + 0.5))
    return found


def _detector() -> cv2.aruco.ArucoDetector:
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    parameters.adaptiveThreshWinSizeMin = 13
    parameters.adaptiveThreshWinSizeMax = 43
    parameters.adaptiveThreshWinSizeStep = 15
    parameters.minMarkerPerimeterRate = 0.04
    parameters.maxMarkerPerimeterRate = 0.6
    return cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50), parameters)


def _refine(grey: Image, points: NDArray[np.float32]) -> Points:
    side = float(np.linalg.norm(points[0, 0] - points[1, 0]))
    window = max(2, min(7, int(side / 12)))
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 30, 0.01)
    refined = cv2.cornerSubPix(grey, points.copy(), (window, window), (-1, -1), criteria)
    moved = np.linalg.norm(refined - points, axis=2, keepdims=True)
    return np.where(moved > window, points, refined).reshape(4, 2).astype(np.float64)


Pair = tuple[Marker, Points]


def _largest_of_each(pairs: list[Pair]) -> list[Pair]:
    best: dict[int, Pair] = {}
    for marker, corners in sorted(pairs, key=lambda pair: cv2.contourArea(pair[1].astype(np.float32))):
        best[marker.id] = (marker, corners)
    return list(best.values())


def _without_outlier(pairs: list[Pair]) -> list[Pair]:
    """The pairs without one that contradicts the others (a marker of another sheet, a torn corner)."""
    if len(pairs) < 4:
        return pairs
    mm, px = _points(pairs)
    if _residual_mm(_fit(mm, px, 3), mm, px) < OUTLIER_MM:
        return pairs
    rest = [pairs[:i] + pairs[i + 1 :] for i in range(len(pairs))]
    return min(rest, key=lambda kept: _residual_mm(_fit(*_points(kept), 3), *_points(kept)))


def _points(pairs: list[Pair]) -> tuple[Points, Points]:
    mm = np.concatenate([corners_of(marker.box) for marker, _ in pairs])
    return mm, np.concatenate([corners for _, corners in pairs])


def _fit(mm: Points, px: Points, markers: int) -> Matrix | None:
    """A homography from four markers, an affine map from three, a similarity from fewer."""
    if markers >= 4:
        return homography(mm, px)
    if markers == 3:
        return affinity(mm, px)
    return similarity(mm, px)


def _residual_mm(matrix: Matrix | None, mm: Points, px: Points) -> float:
    if matrix is None:
        return float("inf")
    back = apply(np.asarray(np.linalg.inv(matrix), np.float64), px)
    return float(np.sqrt(np.mean(np.sum((back - mm) ** 2, axis=1))))


def _error_mm(matrix: Matrix, mm: Points, px: Points, layout: PageLayout) -> float:
    """The residual at the markers, grown by how far the page reaches beyond them."""
    centre = mm.mean(axis=0)
    spread = float(np.sqrt(np.mean(np.sum((mm - centre) ** 2, axis=1))))
    page = corners_of(Box(0, 0, layout.width_mm, layout.height_mm))
    reach = float(np.max(np.linalg.norm(page - centre, axis=1)))
    return max(_residual_mm(matrix, mm, px), FLOOR_MM) * max(1.0, reach / max(spread, 1.0))
