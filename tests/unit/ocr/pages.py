"""Small forms drawn for tests: markers, cells, options and strokes, in millimetres."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from ocr.engine import Image
from ocr.layout import Box, Field, Marker, PageLayout

WIDTH, HEIGHT = 210.0, 297.0
MARKERS = tuple(Marker(i, Box(x, y, 9.0, 9.0)) for i, (x, y) in enumerate(((8, 8), (193, 8), (8, 280), (193, 280))))


def layout(fields: Sequence[Field] = ()) -> PageLayout:
    """A4 with four corner markers and these fields."""
    return PageLayout("test", 1, WIDTH, HEIGHT, MARKERS, tuple(fields))


class Sheet:
    """A white A4 page that is drawn on."""

    def __init__(self, dpi: int = 200, markers: Sequence[Marker] = MARKERS) -> None:
        self.scale = dpi / 25.4
        self.image: Image = np.full((self.px(HEIGHT), self.px(WIDTH)), 255, np.uint8)
        words = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
        for marker in markers:
            side = self.px(marker.box.w)
            x, y = self.px(marker.box.x), self.px(marker.box.y)
            self.image[y : y + side, x : x + side] = cv2.aruco.generateImageMarker(words, marker.id, side)

    def px(self, mm: float) -> int:
        return round(mm * self.scale)

    def frame(self, box: Box, grey: int = 60) -> None:
        start = (self.px(box.x), self.px(box.y))
        end = (self.px(box.x + box.w), self.px(box.y + box.h))
        cv2.rectangle(self.image, start, end, grey, max(1, self.px(0.2)))

    def stroke(self, *points: tuple[float, float], width: float = 0.45) -> None:
        for (x0, y0), (x1, y1) in pairwise(points):
            start, end = (self.px(x0), self.px(y0)), (self.px(x1), self.px(y1))
            cv2.line(self.image, start, end, 30, max(1, self.px(width)))

    def word(self, box: Box) -> None:
        """Something like two printed kanji in the middle of a box."""
        x, y = box.x + box.w / 2, box.y + box.h / 2
        for left in (x - 3.1, x + 0.2):
            for dy in (-1.4, -0.5, 0.4, 1.3):
                self.stroke((left, y + dy), (left + 2.8, y + dy), width=0.25)
            self.stroke((left + 1.4, y - 1.5), (left + 1.4, y + 1.5), width=0.25)

    def ring(self, box: Box, size: float = 1.0, shift: float = 0.0) -> None:
        centre = (self.px(box.x + box.w / 2 + shift), self.px(box.y + box.h / 2 - shift))
        axes = (self.px(box.w / 2 * size), self.px(box.h / 2 * size))
        cv2.ellipse(self.image, centre, axes, 8, 0, 352, 30, max(1, self.px(0.45)))

    def tick(self, box: Box) -> None:
        x, y, w, h = box.x, box.y, box.w, box.h
        self.stroke((x + 0.15 * w, y + 0.5 * h), (x + 0.4 * w, y + 0.85 * h), (x + 0.95 * w, y + 0.1 * h))

    def digit_one(self, box: Box) -> None:
        x = box.x + box.w / 2
        self.stroke((x, box.y + 0.2 * box.h), (x, box.y + 0.8 * box.h))
