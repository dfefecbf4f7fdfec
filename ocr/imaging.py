"""Small picture operations shared by the readers: grey values, paper and ink, blank sheets, quarter turns."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engine import Image

Mask = NDArray[np.bool_]
Counts = NDArray[np.int64]
WRITTEN_PX: int = 60  # at 100 dpi: one short word
INK_DEPTH = 48  # grey levels below the paper at which a pixel counts as ink; pencil is about 70


class Same:
    """A picture as a key: the same only as itself."""

    def __init__(self, picture: Image) -> None:
        self.picture = picture

    def __hash__(self) -> int:
        return id(self.picture)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.picture is other.picture


def to_grey(image: Image) -> Image:
    """The picture as HxW grey values; BGR and BGRA are converted, grey is returned as it is."""
    if image.ndim == 2:
        return image
    if image.shape[2] == 1:
        return image[:, :, 0]
    code = cv2.COLOR_BGRA2GRAY if image.shape[2] == 4 else cv2.COLOR_BGR2GRAY
    return np.asarray(cv2.cvtColor(image, code), np.uint8)


def drop_red(image: Image) -> Image:
    """Grey values without red stamps: the red channel of a BGR picture, else the grey."""
    if image.ndim == 3 and image.shape[2] >= 3:
        return np.ascontiguousarray(image[:, :, 2])
    return to_grey(image)


def keep_red(image: Image) -> Image:
    """Grey values in which red stamps are as dark as ink: the green channel of a BGR picture, else the grey."""
    if image.ndim == 3 and image.shape[2] >= 3:
        return np.ascontiguousarray(image[:, :, 1])
    return to_grey(image)


def turn(image: Image, degrees: int) -> Image:
    """The picture turned clockwise by a multiple of 90 degrees."""
    return np.ascontiguousarray(np.rot90(image, -(degrees // 90) % 4))


def is_bilevel(grey: Image) -> bool:
    """True when nearly all pixels are pure black or white, as in a G4 scan."""
    sample = grey[::7, ::7]
    return bool(np.mean((sample > 8) & (sample < 247)) < 0.002)


def flatten_paper(grey: Image) -> Image:
    """The picture with its paper brought to white: shadows and grey paper are divided away."""
    height, width = grey.shape
    step = max(1, min(height, width) // 160)
    whole = grey[: height // step * step, : width // step * step]  # whole steps are several times as fast
    small = cv2.resize(whole, (whole.shape[1] // step, whole.shape[0] // step), interpolation=cv2.INTER_AREA)
    kernel = np.ones((9, 9), np.uint8)
    paper = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel), (0, 0), 5)
    paper = np.maximum(paper, max(90, int(np.percentile(paper, 50)) // 2)).astype(np.uint8)
    full = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(grey, full, scale=250.0), np.uint8)


def ink_mask(flat: Image, depth: int = INK_DEPTH) -> Mask:
    """True where there is ink, on a picture whose paper is near white; noise is smoothed away first."""
    smooth = np.asarray(cv2.GaussianBlur(flat, (3, 3), 0), np.uint8)
    counts = count_levels(smooth[::3])
    paper = level_at(counts, 0.75)
    noise = _spread(np.where(np.arange(256) > paper - 25, counts, 0))
    return np.asarray(smooth < paper - max(depth, 4.5 * noise))


def count_levels(grey: Image, where: Mask | None = None) -> Counts:
    """How many pixels [256] have each grey value; of those alone that `where` marks."""
    if not grey.size:
        return np.zeros(256, np.int64)
    among = None if where is None else where.view(np.uint8)
    return np.asarray(cv2.calcHist([grey], [0], among, [256], [0, 256]).ravel(), np.int64)


def level_at(counts: Counts, share: float) -> float:
    """The grey value that this share of the pixels (0.0-1.0) does not exceed, between two values as percentiles are;
    white where there are none."""
    upto = counts.cumsum()
    total = int(upto[-1])
    if not total:
        return 255.0
    place = share * (total - 1)
    before = int(place)
    low = int(upto.searchsorted(before, side="right"))
    if before + 1 >= total or upto[low] > before + 1:  # nearly always: many pixels have that grey value
        return float(low)
    return low + (int(upto.searchsorted(before + 1, side="right")) - low) * (place - before)


def find_level(grey: Image, share: float) -> float:
    """The grey value that this share of the pixels does not exceed, as `level_at`."""
    return level_at(count_levels(grey), share)


def middle_level(counts: Counts) -> float:
    """The median of the grey values; white where there are none."""
    return level_at(counts, 0.5)


@dataclass(frozen=True, eq=False)
class Pieces:
    """Ink in pieces that hang together, by any of eight neighbours.

    stats: of each piece the left, top, width, height and area [n, 5]; the first is the paper. middles: x, y [n, 2].
    labels: the piece of each pixel of `window`, rows and columns outside of which there is no ink.
    """

    stats: NDArray[np.int32]
    middles: NDArray[np.float64]
    labels: NDArray[np.int32]
    window: tuple[slice, slice]
    shape: tuple[int, int]

    def only(self, flags: Mask) -> Mask:
        """True where the pieces are whose flags [n] are set; that of the paper must not be."""
        out = np.zeros(self.shape, np.bool_)
        out[self.window] = flags[self.labels]
        return out


def find_pieces(ink: Mask) -> Pieces:
    """The pieces of ink, as `cv2.connectedComponentsWithStats` numbers them; it works as long on paper as on ink, so
    that it is shown the paper around the ink no more than need be."""
    picture, shape = ink.view(np.uint8), (ink.shape[0], ink.shape[1])
    left, top, width, height = cv2.boundingRect(picture) if ink.size else (0, 0, 0, 0)
    x, y = left - left % 2, top - top % 2  # it numbers by blocks of four pixels
    window = slice(y, top + height), slice(x, left + width)
    if not width:
        paper = np.array([[0, 0, shape[1], shape[0], ink.size]], np.int32)
        return Pieces(paper, np.zeros((1, 2)), np.zeros((0, 0), np.int32), window, shape)
    _, labels, found, middles = cv2.connectedComponentsWithStats(picture[window], connectivity=8)
    stats = np.asarray(found, np.int32)
    stats[1:, :2] += np.array((x, y), np.int32)
    stats[0] = 0, 0, shape[1], shape[0], ink.size - int(stats[1:, cv2.CC_STAT_AREA].sum())
    return Pieces(stats, middles + np.array((x, y)), np.asarray(labels, np.int32), window, shape)


def shares(mask: Mask, axis: int) -> NDArray[np.float64]:
    """The share of set pixels of each column (axis 0) or row (axis 1), as `mask.mean(axis)`, many times as fast."""
    if not mask.size:
        return np.zeros(mask.shape[1 - axis])
    sums = cv2.reduce(mask.view(np.uint8), axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    return np.asarray(sums.ravel() / mask.shape[axis], np.float64)


def _spread(counts: Counts) -> float:
    """The standard deviation of the grey values."""
    total = int(counts.sum())
    levels = np.arange(256)
    mean = float(counts @ levels) / max(total, 1)
    return float(np.sqrt(float(counts @ (levels - mean) ** 2) / total)) if total else 0.0


def is_blank(image: Image) -> bool:
    """True when a page bears no writing: punch holes, dust and dark scanner edges do not count.

    Expects a whole page at 100 dpi or more.
    """
    grey = to_grey(image)
    scale = 1200.0 / max(grey.shape)
    if scale < 1.0:
        grey = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    mask = ink_mask(flatten_paper(np.asarray(cv2.medianBlur(grey, 3), np.uint8)), depth=40)
    margin = max(4, round(0.025 * max(mask.shape)))
    inner = mask.copy()
    inner[:margin], inner[-margin:], inner[:, :margin], inner[:, -margin:] = False, False, False, False
    return _written_area(inner, mask) < WRITTEN_PX


def _written_area(inner: Mask, whole: Mask) -> int:
    """Pixels of ink that look like strokes, at about 100 dpi."""
    _, labels, stats, centres = cv2.connectedComponentsWithStats(whole.astype(np.uint8), connectivity=8)
    height, width = whole.shape
    area = 0
    for label in np.unique(labels[inner]):
        if label == 0:
            continue
        x, y, w, h, size = (int(v) for v in stats[label])
        cx, cy = centres[label]
        at_edge = min(cx, cy, width - cx, height - cy) < 0.07 * max(height, width)
        hole = at_edge and 8 <= max(w, h) <= 60 and _is_round(labels[y : y + h, x : x + w] == label)
        long = (w > 0.3 * width and h < 12) or (h > 0.3 * height and w < 12)
        edge_line = long and _touches(x, y, w, h, whole)
        if size >= 6 and not hole and not edge_line:
            area += int(size)
    return area


def _is_round(shape: Mask) -> bool:
    """True for a disc or a ring: about as wide as high, with nothing in the corners (a marker has them)."""
    height, width = shape.shape
    ys, xs = np.mgrid[0:height, 0:width]
    radii = np.hypot((ys + 0.5) / height - 0.5, (xs + 0.5) / width - 0.5)
    alike = max(height, width) < 1.5 * min(height, width)
    return bool(alike and shape[radii > 0.6].mean() < 0.05 and shape.mean() > 0.3)


def _touches(x: int, y: int, w: int, h: int, mask: Mask) -> bool:
    height, width = mask.shape
    near = round(0.03 * max(height, width))
    return bool(x < near or y < near or x + w > width - near or y + h > height - near)
