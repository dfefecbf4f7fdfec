"""What stands on a page besides what its form prints: ink that is not on the picture of the empty page."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.cutting.cut import View
from ocr.engine import Image
from ocr.imaging import Mask
from ocr.layout import REFERENCE_DPI, Box

Levels = NDArray[np.float32]
PX_PER_MM = 6.0
DEPTH, NOISE = 16.0, 5.0  # levels below the paper, or deviations of its grain: a faint pencil is seen as well
PRINT_DEPTH = 30
OFF_MM = 0.5  # how far print may lie from where it should, its blur included
GAP_MM = 0.8  # what print hides of a stroke that crosses it
_LEAST_MM2 = 0.12
_SHADE = 80  # in percent of a box: its paper is at most this dark


@dataclass(frozen=True)
class Trail:
    """Ink in one place that the form does not print: the box around it, and its area in square millimetres.

    depth: by how many grey levels its darkest tenth is darker than the paper.
    """

    box: Box
    area: float
    depth: float = 255.0

    @property
    def size(self) -> float:
        """The longer side, in millimetres."""
        return max(self.box.w, self.box.h)


def foreign_ink(view: View, box: Box) -> Mask | None:
    """True where the page has ink that the empty form has not, PX_PER_MM pixels a millimetre from the box's corner.

    None where there is no picture of the empty form.
    """
    return None if view.reference is None else _foreign(view, box)[0]


def _foreign(view: View, box: Box) -> tuple[Mask, Levels]:
    """Where foreign ink is, and by how many levels each pixel is darker than the paper."""
    hidden = hidden_print(view, box)
    here = _cut(view.flat, box, view.scale, hidden.shape[::-1]).astype(np.float32)
    paper = float(np.percentile(here, _SHADE))
    grain = 1.4826 * float(np.median(np.abs(here[here > paper - DEPTH] - paper)))
    depth = np.asarray(paper - here, np.float32)
    return np.asarray((depth > max(DEPTH, NOISE * grain)) & ~hidden), depth


def hidden_print(view: View, box: Box) -> Mask:
    """True where the form prints something, or so near to it that ink cannot be told from it."""
    size = (max(1, round(box.w * PX_PER_MM)), max(1, round(box.h * PX_PER_MM)))
    if view.reference is None:
        return np.ones(size[::-1], np.bool_)
    empty = _cut(view.reference, box, REFERENCE_DPI / 25.4, size)
    printed = (np.percentile(empty, _SHADE) - empty.astype(np.float32)) > PRINT_DEPTH
    reach = 2 * round(OFF_MM * PX_PER_MM) + 1
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return np.asarray(cv2.dilate(printed.astype(np.uint8), near) > 0)


def trails(view: View, box: Box) -> list[Trail] | None:
    """Foreign ink in a box, what is near to each other together; None without a picture of the empty form."""
    if view.reference is None:
        return None
    foreign, depth = _foreign(view, box)
    reach = 2 * round(GAP_MM * PX_PER_MM / 2) + 1
    near = cv2.dilate(foreign.astype(np.uint8), np.ones((reach, reach), np.uint8))
    count, labels = cv2.connectedComponents(near, connectivity=8)
    out = []
    for label in range(1, count):
        ys, xs = np.nonzero(foreign & (labels == label))
        area = len(ys) / PX_PER_MM**2
        if area >= _LEAST_MM2:
            x0, y0, x1, y1 = (value / PX_PER_MM for value in (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1))
            place = Box(box.x + float(x0), box.y + float(y0), float(x1 - x0), float(y1 - y0))
            out.append(Trail(place, area, float(np.percentile(depth[ys, xs], 90))))
    return out


def _cut(picture: Image, box: Box, scale: float, size: tuple[int, int]) -> Image:
    """A box of a picture of `scale` pixels a millimetre, at `size` pixels; white beyond its edges."""
    zoom = scale / PX_PER_MM
    matrix = np.array([[zoom, 0, box.x * scale], [0, zoom, box.y * scale]], np.float64)
    x0, y0 = max(0, int(box.x * scale) - 2), max(0, int(box.y * scale) - 2)
    x1, y1 = int((box.x + box.w) * scale) + 3, int((box.y + box.h) * scale) + 3
    part = picture[y0:y1, x0:x1]
    if not part.size:
        return np.full(size[::-1], 255, np.uint8)
    if zoom > 1:
        part = np.asarray(cv2.blur(part, (round(zoom), round(zoom))), np.uint8)
    matrix[:, 2] -= (x0, y0)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(part, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)
