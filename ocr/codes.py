"""QR codes on a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import zxingcpp

from ocr.engine import Image
from ocr.imaging import to_grey


@dataclass(frozen=True)
class Code:
    """A QR code: its text and its upright bounding box x0, y0, x1, y1 in pixels of the picture given."""

    text: str
    box_px: tuple[int, int, int, int]


def find_codes(image: Image) -> list[Code]:
    """All QR codes of the first look that finds any: top and bottom strips, then the whole page."""
    grey = to_grey(image)
    for picture, scale, top in _looks(grey):
        codes = [_code(found, scale, top) for found in _read(picture)]
        if codes:
            return codes
    return []


def _looks(grey: Image) -> Iterator[tuple[Image, float, int]]:
    height = grey.shape[0]
    strip = height // 5
    yield grey[:strip], 1.0, 0
    yield grey[height - strip :], 1.0, height - strip
    for longest in (1800, 1100):
        scale = longest / max(grey.shape)
        if scale < 1.0:
            yield cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), scale, 0  # type: ignore[misc]
    yield grey, 1.0, 0


def _read(picture: Image) -> list[zxingcpp.Barcode]:
    if min(picture.shape) < 20:
        return []
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
    return [code for code in found if code.valid]


def _code(found: zxingcpp.Barcode, scale: float, top: int) -> Code:
    corners = found.position
    points = (corners.top_left, corners.top_right, corners.bottom_left, corners.bottom_right)
    xs = [round(point.x / scale) for point in points]
    ys = [round(point.y / scale) + top for point in points]
    return Code(found.text, (min(xs), min(ys), max(xs), max(ys)))
