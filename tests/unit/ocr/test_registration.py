"""Where the form lies, from drawn markers under known distortions."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ocr.engine import Image
from ocr.imaging import turn
from ocr.layout import Box
from ocr.place.registration import register
from tests.unit.ocr.pages import HEIGHT, MARKERS, WIDTH, Sheet, layout

PROBES = np.array([[20.0, 20.0], [190.0, 30.0], [105.0, 150.0], [30.0, 270.0], [180.0, 265.0]])


def skewed(image: Image, degrees: float, shift: float = 5.0) -> tuple[Image, np.ndarray]:
    height, width = image.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.97)
    matrix[:, 2] += shift
    return cv2.warpAffine(image, matrix, (width, height), borderValue=255, flags=cv2.INTER_AREA), matrix


@pytest.mark.parametrize("dpi", [200, 300])
@pytest.mark.parametrize("degrees", [-4.0, 0.7, 3.0])
@pytest.mark.parametrize("bilevel", [False, True])
def test_boxes_land_within_a_tenth_of_a_millimetre(dpi: int, degrees: float, bilevel: bool) -> None:
    sheet = Sheet(dpi)
    image, matrix = skewed(sheet.image, degrees)
    if bilevel:
        image = np.where(image > 150, 255, 0).astype(np.uint8)
    found = register(image, layout())
    assert found is not None
    expected = (PROBES * sheet.scale - 0.5) @ matrix[:, :2].T + matrix[:, 2] + 0.5
    off_mm = np.linalg.norm(found.to_px(PROBES) - expected, axis=1) / sheet.scale
    assert off_mm.max() < 0.1
    assert found.error_mm < 0.3
    assert (found.rotation, found.markers) == (0, 4)
    assert found.dpi == pytest.approx(dpi * 0.97, rel=0.01)


@pytest.mark.parametrize(("turned", "rotation"), [(0, 0), (90, 270), (180, 180), (270, 90)])
def test_turned_pages_come_out_upright(turned: int, rotation: int) -> None:
    sheet = Sheet(200)
    box = Box(40, 60, 30, 10)
    sheet.frame(box, grey=0)
    found = register(turn(sheet.image, turned), layout())
    assert found is not None
    assert found.rotation == rotation
    upright = found.warp(turn(sheet.image, turned), 200)
    assert upright.shape == (round(HEIGHT * sheet.scale), round(WIDTH * sheet.scale))
    assert upright[sheet.px(60) + 1, sheet.px(55)] < 128  # the top rule is where the form says
    assert upright[sheet.px(65), sheet.px(55)] > 200


def test_three_markers_are_enough() -> None:
    image, matrix = skewed(Sheet(200, MARKERS[:3]).image, 2.0)
    found = register(image, layout())
    assert found is not None
    assert found.markers == 3
    scale = 200 / 25.4
    expected = (PROBES * scale - 0.5) @ matrix[:, :2].T + matrix[:, 2] + 0.5
    assert (np.linalg.norm(found.to_px(PROBES) - expected, axis=1) / scale).max() < 0.2


def test_a_marker_out_of_place_is_left_out() -> None:
    sheet = Sheet(200, MARKERS[:3])
    words = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    side = sheet.px(9)
    sheet.image[sheet.px(150) : sheet.px(150) + side, sheet.px(100) : sheet.px(100) + side] = (
        cv2.aruco.generateImageMarker(words, 3, side)
    )
    found = register(sheet.image, layout())
    assert found is not None
    assert found.markers == 3
    off = found.to_px(PROBES) - PROBES * sheet.scale
    assert np.abs(off).max() < 2.0


def test_a_page_without_our_markers_is_not_registered() -> None:
    assert register(np.full((2339, 1654), 255, np.uint8), layout()) is None
