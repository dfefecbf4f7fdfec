"""Where a form lies in a picture: from its ArUco markers to a map between millimetres and pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engine import Image
from ocr.imaging import is_bilevel, to_grey
from ocr.layout import Box, Marker, PageLayout

Matrix = NDArray[np.float64]
Points = NDArray[np.float64]
MM_PER_INCH = 25.4
DETECTION_PX = 1800  # markers of 8 mm keep about 50 px; detection at full size only costs time
OUTLIER_MM = 1.5


@dataclass(frozen=True)
class Registration:
    """The map of one page.

    matrix: 3x3, millimetres on the form to pixels in the picture as given.
    error_mm: estimated error at the farthest corner of the page.
    markers: how many markers hold it.
    rotation: degrees the picture must be turned clockwise to stand upright (0, 90, 180, 270).
    """

    matrix: Matrix
    error_mm: float
    rotation: int
    markers: int
    width_mm: float
    height_mm: float

    @property
    def dpi(self) -> float:
        """Resolution of the picture, from the size of the form in it."""
        corners = self.to_px(_corners(Box(0, 0, self.width_mm, self.height_mm)))
        diagonal = float(np.linalg.norm(corners[2] - corners[0]))
        return diagonal / float(np.hypot(self.width_mm, self.height_mm)) * MM_PER_INCH

    def to_px(self, points_mm: Points) -> Points:
        """Pixels [N, 2] of points [N, 2] in millimetres."""
        return _apply(self.matrix, points_mm)

    def box_px(self, box: Box) -> tuple[int, int, int, int]:
        """The upright rectangle x0, y0, x1, y1 around a box, in the picture as given."""
        corners = self.to_px(_corners(box))
        low, high = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
        return int(low[0]), int(low[1]), int(high[0]), int(high[1])

    def warp(self, image: Image, dpi: float) -> Image:
        """The upright, straightened page, where a millimetre is dpi / 25.4 pixels from the top left."""
        scale = dpi / MM_PER_INCH
        size = (round(self.width_mm * scale), round(self.height_mm * scale))
        # Pixel centres: the map is between pixel edges, cv2 warps between pixel centres.
        to_view = np.diag([scale, scale, 1.0]) @ np.linalg.inv(self.matrix)
        shift = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
        centred = shift @ to_view @ np.linalg.inv(shift)
        source = image
        if self.dpi / dpi > 1.5:
            source = np.asarray(cv2.blur(image, (2, 2)), np.uint8)
        return np.asarray(
            cv2.warpPerspective(
                source,
                centred,
                size,
                flags=cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=(255, 255, 255),
            ),
            np.uint8,
        )


def register(image: Image, layout: PageLayout) -> Registration | None:
    """The page's registration, or None when none of the layout's markers is seen."""
    seen = find_markers(image)
    expected = {marker.id: marker for marker in layout.markers}
    pairs = [(expected[i], corners) for i, corners in seen if i in expected]
    if len({marker.id for marker, _ in pairs}) != len(pairs):
        pairs = _largest_of_each(pairs)
    if not pairs:
        return None
    pairs = _without_outlier(pairs)
    mm, px = _points(pairs)
    matrix = _fit(mm, px, len(pairs))
    if matrix is None:
        return None
    error = _error_mm(matrix, mm, px, layout)
    size = (layout.width_mm, layout.height_mm)
    return Registration(matrix, error, _rotation(matrix, layout), len(pairs), *size)


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
    mm = np.concatenate([_corners(marker.box) for marker, _ in pairs])
    return mm, np.concatenate([corners for _, corners in pairs])


def _corners(box: Box) -> Points:
    x0, y0, x1, y1 = box.x, box.y, box.x + box.w, box.y + box.h
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)


def _fit(mm: Points, px: Points, markers: int) -> Matrix | None:
    """A homography from four markers, an affine map from three, a similarity from fewer."""
    if markers >= 4:
        matrix, _ = cv2.findHomography(mm, px, 0)
        return None if matrix is None else np.asarray(matrix, np.float64)
    if markers == 3:
        design = np.hstack([mm, np.ones((len(mm), 1))])
        solution, *_ = np.linalg.lstsq(design, px, rcond=None)
        return np.vstack([solution.T, [0.0, 0.0, 1.0]])
    return _similarity(mm, px)


def _similarity(mm: Points, px: Points) -> Matrix:
    a, b = mm - mm.mean(axis=0), px - px.mean(axis=0)
    z, w = a[:, 0] + 1j * a[:, 1], b[:, 0] + 1j * b[:, 1]
    factor = np.vdot(z, w) / np.vdot(z, z)
    linear = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    matrix = np.eye(3)
    matrix[:2, :2] = linear
    matrix[:2, 2] = px.mean(axis=0) - linear @ mm.mean(axis=0)
    return matrix


def _apply(matrix: Matrix, points: NDArray[np.floating[Any]]) -> Points:
    mapped = np.hstack([points, np.ones((len(points), 1))]) @ matrix.T
    return np.asarray(mapped[:, :2] / mapped[:, 2:], np.float64)


def _residual_mm(matrix: Matrix | None, mm: Points, px: Points) -> float:
    if matrix is None:
        return float("inf")
    back = _apply(np.asarray(np.linalg.inv(matrix), np.float64), px)
    return float(np.sqrt(np.mean(np.sum((back - mm) ** 2, axis=1))))


def _error_mm(matrix: Matrix, mm: Points, px: Points, layout: PageLayout) -> float:
    """The residual at the markers, grown by how far the page reaches beyond them."""
    centre = mm.mean(axis=0)
    spread = float(np.sqrt(np.mean(np.sum((mm - centre) ** 2, axis=1))))
    page = _corners(Box(0, 0, layout.width_mm, layout.height_mm))
    reach = float(np.max(np.linalg.norm(page - centre, axis=1)))
    floor = 0.02  # a corner is never better than this on paper
    return max(_residual_mm(matrix, mm, px), floor) * max(1.0, reach / max(spread, 1.0))


def _rotation(matrix: Matrix, layout: PageLayout) -> int:
    x, y = layout.width_mm / 2, layout.height_mm / 2
    start, end = _apply(matrix, np.array([[x, y], [x + 1, y]]))
    angle = np.degrees(np.arctan2(end[1] - start[1], end[0] - start[0]))
    return int(-round(angle / 90.0) * 90) % 360
