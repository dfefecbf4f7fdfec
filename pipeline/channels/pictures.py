"""What a page is once it is out of its file: pixels, or the name of what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.channels.errors import NotAPage, PictureTooLarge

Pixels = NDArray[np.uint8]

MAX_PIXELS = 80_000_000
"""An A3 sheet at 600 dpi has 70 million. Below Pillow's own warning, so that this limit answers first."""

MIN_SIDE_PX = 8
MAX_RATIO = 50

MAX_PAGES = 2000
"""Four times what the largest office feeders hold; more is not a batch but a mistake."""


@dataclass(frozen=True, eq=False)
class PagePicture:
    """One page as it is in the file.

    page_index: 0-based.
    image: uint8, (height, width) grey or (height, width, 3) BGR.
    dpi: pixels per inch, both ways; None where the file does not say.
    """

    page_index: int
    image: Pixels
    dpi: float | None


@dataclass(frozen=True)
class UnreadablePage:
    """A page that cannot be read; the rest of its file goes on. code: that of an `ArrivalError`."""

    page_index: int
    code: str


def check_size(width: int, height: int) -> None:
    """Nothing, or PictureTooLarge: asked of a header, before a single pixel is decoded."""
    if width * height > MAX_PIXELS:
        raise PictureTooLarge(f"{width} × {height} px > {MAX_PIXELS:,}")


def check_page(width: int, height: int) -> None:
    """As `check_size`, for what is to be a page; NotAPage for what no sheet could be, which no reader copes with."""
    check_size(width, height)
    short, long = sorted((width, height))
    if short < MIN_SIDE_PX or long > MAX_RATIO * short:
        raise NotAPage(f"{width} × {height} px")


def to_pixels(picture: Image.Image) -> Pixels:
    """The picture as grey (H, W) or BGR (H, W, 3) uint8; what is transparent becomes white paper."""
    if picture.mode in ("1", "L"):
        return np.array(picture.convert("L"), dtype=np.uint8)
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        return _scaled_grey(np.array(picture))
    if "A" in picture.getbands() or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        paper = Image.new("RGBA", layered.size, "white")
        picture = Image.alpha_composite(paper, layered)
    rgb = np.array(picture.convert("RGB"), dtype=np.uint8)
    return np.ascontiguousarray(rgb[:, :, ::-1])


def _scaled_grey(samples: NDArray[np.generic]) -> Pixels:
    """Sixteen-bit grey brought to eight; Pillow's own conversion would clip it. Row by row, as samples are wide."""
    grey = np.empty(samples.shape, dtype=np.uint8)
    for row, wide in zip(grey, samples, strict=True):
        row[:] = np.clip(np.nan_to_num(wide.astype(np.float64)) / 257.0, 0, 255)
    return grey
