"""Finding a form by its print: the empty page, prepared once, and looked for in a picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engine import Image
from ocr.imaging import Same, to_grey
from ocr.layout import REFERENCE_DPI, Box, PageLayout
from ocr.place.geometry import MM_PER_INCH, Matrix

SCALE = REFERENCE_DPI / MM_PER_INCH
PATCH_MM = (18.0, 12.0)
APART_MM = (14.0, 9.0)
FEATURES = 1000
AGREEING = 25  # features; forms of another kind share up to 15
AGREE_PX = 8.0
SHARP = 0.02  # how fast the likeness of a patch to itself falls off one pixel away
DARK = 60  # ink of the print, in grey levels below the paper
SIZES = (0.6, 1.6)


@dataclass(frozen=True, eq=False)
class Features:
    """Points [N, 2] in pixel centres, and their descriptions [N, 32]."""

    points: NDArray[np.float32]
    words: NDArray[np.uint8]


@dataclass(frozen=True)
class Patch:
    """A place of the reference with print in it: x, y, w, h in pixels at REFERENCE_DPI."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, eq=False)
class Print:
    """The print of an empty page at REFERENCE_DPI, what changes left white, and the patches that can be matched."""

    picture: Image
    patches: tuple[Patch, ...]

    @cached_property
    def features(self) -> Features:
        """Its features, for finding it anywhere."""
        return find_features(self.picture)

    @cached_property
    def half(self) -> Image:
        """The print at half the resolution."""
        return shrink(self.picture, 0.5)


@dataclass(frozen=True, eq=False)
class Small:
    """A picture in grey at about REFERENCE_DPI; share: its pixels to one of the picture as given."""

    picture: Image
    share: float

    @cached_property
    def features(self) -> Features:
        """Its features, found once however many forms it is compared with."""
        return find_features(np.asarray(cv2.GaussianBlur(self.picture, (0, 0), 0.7), np.uint8))


def find_print(layout: PageLayout) -> Print | None:
    """The print of a layout that has a reference, prepared once for every page that is read with it."""
    return None if layout.reference is None else _prepare(Same(layout.reference), layout.changing)


@lru_cache(maxsize=32)
def _prepare(reference: Same, changing: tuple[Box, ...]) -> Print:
    picture = to_grey(reference.picture).copy()
    usable = np.ones(picture.shape, np.uint8)
    for box in changing:
        x0, y0, x1, y1 = (max(0, round(edge * SCALE)) for edge in (box.x, box.y, box.x + box.w, box.y + box.h))
        picture[y0:y1, x0:x1] = 255
        usable[y0:y1, x0:x1] = 0
    soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.7), np.uint8)
    return Print(soft, tuple(_patches(soft, usable)))


def _patches(picture: Image, usable: NDArray[np.uint8]) -> list[Patch]:
    width, height = (round(side * SCALE) for side in PATCH_MM)
    across, down = (round(side * SCALE) for side in APART_MM)
    out = []
    for y in range(0, picture.shape[0] - height, down):
        for x in range(0, picture.shape[1] - width, across):
            part = picture[y : y + height, x : x + width]
            if part.min() < 255 - DARK and usable[y : y + height, x : x + width].all() and _sharp(part):
                out.append(Patch(x, y, width, height))
    return out


def _sharp(part: Image) -> bool:
    """True when the patch looks less like itself once it is moved by a pixel, along one axis or the other."""
    inner = part[1:-1, 1:-1]
    like = cv2.matchTemplate(part, inner, cv2.TM_CCOEFF_NORMED)
    return bool(1.0 - min(like[1, 0], like[1, 2], like[0, 1], like[2, 1]) > SHARP)


def shrink(image: Image, share: float) -> Image:
    """The picture made smaller, each pixel the mean of those it stands for."""
    return np.asarray(cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)


def make_small(image: Image, share: float) -> Small:
    """The picture in grey at `share` of its size, or as it is when it is small already."""
    share = min(1.0, share)
    grey = to_grey(image)
    return Small(shrink(grey, share) if share < 1.0 else grey, share)


def find_features(picture: Image) -> Features:
    """Corners of print and writing in a grey picture."""
    finder = cv2.ORB.create(FEATURES, scaleFactor=1.2, nlevels=4, edgeThreshold=16, fastThreshold=15)
    points, words = finder.detectAndCompute(picture, np.ones_like(picture))
    if not len(points):
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8))
    return Features(np.array([point.pt for point in points], np.float32), np.asarray(words, np.uint8))


def fit_print(small: Small, known: Print) -> Matrix | None:
    """The map, 3x3, millimetres to pixels of the picture as given, that lays the print over the picture, however it is
    turned; None when the picture does not show it. Right to a millimetre or two where a sheet is stretched or bent."""
    seen = small.features
    if min(len(seen.points), len(known.features.points)) < AGREEING:
        return None
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(known.features.words, seen.words)
    start = known.features.points[[match.queryIdx for match in matches]]
    end = seen.points[[match.trainIdx for match in matches]]
    if len(matches) < AGREEING:
        return None
    cv2.setRNGSeed(1)  # the same page is the same map
    # Like rows of a table draw a freer map askew: what a copy does to one axis alone is left to the patches.
    found, agreeing = cv2.estimateAffinePartial2D(
        start, end, method=cv2.RANSAC, ransacReprojThreshold=AGREE_PX, maxIters=3000, confidence=0.999
    )
    if found is None or int(np.count_nonzero(agreeing)) < AGREEING:
        return None
    if not SIZES[0] < np.linalg.norm(found[:, 0]) < SIZES[1]:
        return None
    straight = np.vstack([found, [0.0, 0.0, 1.0]])
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    edges = shift @ straight @ np.linalg.inv(shift)
    return np.asarray(np.diag([1 / small.share, 1 / small.share, 1.0]) @ edges @ np.diag([SCALE, SCALE, 1.0]))
