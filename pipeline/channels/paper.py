"""Scan files in, page pictures out: PDF, multi-page TIFF, JPEG, PNG, known by their content.

`count_pages` settles once whether a file can be taken at all; after it `iter_pages` gives exactly that many
pages, each a `PagePicture` or an `UnreadablePage`, so that every sheet is accounted for.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path, PurePath

import numpy as np
from PIL import Image

from pipeline.channels.errors import EmptyFile, NotWhatItSays, TooManyPages, UnsupportedType
from pipeline.channels.pdf import count_pdf_pages, iter_pdf_pages
from pipeline.channels.pictures import MAX_PIXELS, PagePicture, Pixels, UnreadablePage
from pipeline.channels.raster import count_raster_pages, iter_raster_pages

__all__ = [
    "MAX_PAGES",
    "MAX_PIXELS",
    "FileKind",
    "PagePicture",
    "Pixels",
    "UnreadablePage",
    "count_pages",
    "decode_page",
    "encode_page",
    "iter_pages",
    "sniff",
    "sniff_named",
]

_RLE = 3  # zlib's Z_RLE: no search for matches, which grainy paper has none of

MAX_PAGES = 2000
"""Four times what the largest office feeders hold; more is not a batch but a mistake."""


class FileKind(StrEnum):
    """The kinds of scan files that are read."""

    PDF = "pdf"
    TIFF = "tiff"
    JPEG = "jpeg"
    PNG = "png"


_ENDINGS = {
    ".pdf": FileKind.PDF,
    ".tif": FileKind.TIFF,
    ".tiff": FileKind.TIFF,
    ".jpg": FileKind.JPEG,
    ".jpeg": FileKind.JPEG,
    ".png": FileKind.PNG,
}
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"II*\x00", FileKind.TIFF),
    (b"MM\x00*", FileKind.TIFF),
    (b"II+\x00", FileKind.TIFF),
    (b"MM\x00+", FileKind.TIFF),
)


def sniff(data: bytes) -> FileKind:
    """The kind by content alone. Raises EmptyFile or UnsupportedType."""
    if not data:
        raise EmptyFile
    for start, kind in _STARTS:
        if data.startswith(start):
            return kind
    # Readers accept a PDF header anywhere in the first 1024 bytes (ISO 32000-1, annex H.3).
    if b"%PDF-" in data[:1024] and not data.startswith(b"PK"):
        return FileKind.PDF
    raise UnsupportedType


def sniff_named(data: bytes, name: str) -> FileKind:
    """The kind by content, for a file that also says a type by its name's ending.

    Raises NotWhatItSays where the name promises a kind that we read and the content is none of them (a zip
    renamed .pdf). A JPEG called .png is a harmless slip of a scanner's settings, and is read as what it is.
    """
    try:
        return sniff(data)
    except UnsupportedType:
        if PurePath(name).suffix.lower() in _ENDINGS:
            raise NotWhatItSays from None
        raise


def count_pages(source: Path | bytes) -> int:
    """How many pages the file has, from its structure alone, without decoding a picture.

    Raises the ArrivalError that says why the whole file cannot be taken.
    """
    data = source if isinstance(source, bytes) else source.read_bytes()
    pages = count_pdf_pages(data) if sniff(data) is FileKind.PDF else count_raster_pages(data)
    if pages > MAX_PAGES:
        raise TooManyPages(f"{pages} > {MAX_PAGES}")
    return pages


def iter_pages(data: bytes) -> Iterator[PagePicture | UnreadablePage]:
    """As many items as `count_pages` says, page by page; one page is in memory at a time.

    Raises at the call, never later, what `count_pages` raises.
    """
    pages = count_pages(data)
    reader = iter_pdf_pages if sniff(data) is FileKind.PDF else iter_raster_pages
    return reader(data, pages)


def encode_page(image: Pixels) -> tuple[bytes, str]:
    """The page as a PNG without loss and its media type, so that a stored page reads again as it did.

    Measured on an A4 page at 300 dpi: bilevel 19 KB in 0.02 s; clean grey 0.6 MB in 0.09 s; grey with the
    grain of a scanner 4.3 MB in 0.26 s, where zlib's own search gave 5.0 MB in 0.32 s, lossless WebP 5.3 MB
    in 1.0 s, and JPEG 85 2.0 MB in 0.02 s with grey values off by up to 28 of 255.
    """
    target = io.BytesIO()
    if image.ndim == 2 and _is_bilevel(image):
        packed = np.packbits(image != 0, axis=1).tobytes()
        Image.frombytes("1", (image.shape[1], image.shape[0]), packed).save(target, "PNG")
    else:
        channels = image if image.ndim == 2 else np.ascontiguousarray(image[:, :, ::-1])
        Image.fromarray(channels).save(target, "PNG", compress_level=1, compress_type=_RLE)
    return target.getvalue(), "image/png"


def decode_page(data: bytes) -> Pixels:
    """The page picture that `encode_page` wrote, the same to the pixel."""
    with Image.open(io.BytesIO(data), formats=("PNG", "WEBP", "JPEG")) as picture:
        if picture.mode in ("1", "L"):
            return np.array(picture.convert("L"), dtype=np.uint8)
        return np.ascontiguousarray(np.array(picture.convert("RGB"), dtype=np.uint8)[:, :, ::-1])


def _is_bilevel(image: Pixels) -> bool:
    # In bytes 255 + 1 is 0 and 0 + 1 is 1: what has any higher bit then is a grey. A few rows mostly tell.
    return all(not ((rows + np.uint8(1)) & np.uint8(0xFE)).any() for rows in (image[::97], image))
