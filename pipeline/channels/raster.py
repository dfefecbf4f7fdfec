"""Pages out of TIFF, JPEG and PNG, one at a time."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from zlib import error as ZlibError

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.channels.errors import ArrivalError, DamagedFile, PictureTooLarge
from pipeline.channels.pictures import PagePicture, Pixels, UnreadablePage, check_page, check_size, to_pixels

_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
# What Pillow raises for broken content, found by cutting and flipping bytes of good files.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    ZlibError,
    KeyError,
    TypeError,
    IndexError,
)

_SQUARE = 0.02
_LEAST = 384
"""Pixels below which a picture is not made small, so that it still shows what it looks like."""


def count_raster_pages(data: bytes) -> int:
    """How many pages the picture has. Raises DamagedFile, or PictureTooLarge for a picture of one page."""
    with _open(data) as picture:
        try:
            pages = int(getattr(picture, "n_frames", 1)) if picture.format == "TIFF" else 1
        except _BOMBS:
            raise PictureTooLarge from None
        except _BROKEN:
            raise DamagedFile from None
        if pages == 1:
            check_page(*picture.size)
    return pages


def iter_raster_pages(data: bytes, indexes: Iterable[int]) -> Iterator[PagePicture | UnreadablePage]:
    """Each of these pages in turn; a page that fails is an UnreadablePage. One page is in memory at a time."""
    picture = _open(data)
    try:
        for index in indexes:
            try:
                found: PagePicture | UnreadablePage = _read_page(picture, index)
            except ArrivalError as error:
                found = UnreadablePage(index, error.code)
                picture.close()
                picture = _open(data)  # a failed decoder leaves its picture in an unknown state
            yield found
    finally:
        picture.close()


def decode_small(data: bytes) -> Pixels:
    """The first page in grey, made small where that is cheap, when it can be decoded to its end. Raises DamagedFile or
    PictureTooLarge."""
    with _open(data) as picture:
        try:
            picture.draft("L", (max(picture.width // 8, _LEAST), max(picture.height // 8, _LEAST)))
            return np.asarray(picture.convert("L"), np.uint8)
        except (*_BOMBS, MemoryError):
            raise PictureTooLarge from None
        except _BROKEN:
            raise DamagedFile from None


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=("TIFF", "JPEG", "PNG"))
    except _BOMBS:
        raise PictureTooLarge from None
    except (UnidentifiedImageError, *_BROKEN):
        raise DamagedFile from None


def _read_page(picture: Image.Image, index: int) -> PagePicture:
    try:
        picture.seek(index)
        check_page(*picture.size)
        dpi_x, dpi_y = _dpi_of(picture)
        square = _squared(picture, dpi_x, dpi_y)
        upright = ImageOps.exif_transpose(square)
        return PagePicture(index, to_pixels(upright), max(dpi_x, dpi_y) or None)
    except (*_BOMBS, MemoryError):
        raise PictureTooLarge from None
    except _BROKEN:
        raise DamagedFile from None


def _dpi_of(picture: Image.Image) -> tuple[float, float]:
    """Pixels per inch across and down; (0, 0) where the file says nothing to be believed."""
    said = picture.info.get("dpi", (0, 0))
    dpi_x, dpi_y = float(said[0]), float(said[1])
    return (dpi_x, dpi_y) if dpi_x > 30 and dpi_y > 30 else (0.0, 0.0)


def _squared(picture: Image.Image, dpi_x: float, dpi_y: float) -> Image.Image:
    """The picture with square pixels: a fax has twice as many across as down (ITU-T T.4: 204 by 98)."""
    if not dpi_x or abs(dpi_x / dpi_y - 1) <= _SQUARE:
        return picture
    dpi = max(dpi_x, dpi_y)
    size = round(picture.width * dpi / dpi_x), round(picture.height * dpi / dpi_y)
    check_size(*size)
    return picture.convert("L").resize(size, Image.Resampling.BILINEAR)
