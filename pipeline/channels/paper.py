"""Scan files in, page pictures out: PDF, multi-page TIFF, JPEG, PNG, known by their content.

Files are decoded in a child process (`sandbox`). `iter_pages` settles at the call whether a file can be taken at
all; after it come exactly as many items as `count_pages` says, each a `PagePicture` or an `UnreadablePage`, so that
every sheet is accounted for.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.channels.errors import BrokeReader
from pipeline.channels.inside import read_count, read_pages
from pipeline.channels.kinds import FileKind, sniff, sniff_named
from pipeline.channels.pictures import MAX_PAGES, MAX_PIXELS, PagePicture, Pixels, UnreadablePage
from pipeline.channels.sandbox import Message, run_limited

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

MAX_BREAKS = 3
"""As many pages of a file may break their reader; then the whole file is refused, before it costs an hour."""


def count_pages(source: Path | bytes) -> int:
    """How many pages the file has, from its structure alone, without decoding a picture.

    Raises the ArrivalError that says why the whole file cannot be taken.
    """
    data = source if isinstance(source, bytes) else source.read_bytes()
    ((fields, _),) = run_limited(read_count, data)
    return _pages_in(fields)


def iter_pages(data: bytes) -> Iterator[PagePicture | UnreadablePage]:
    """As many items as `count_pages` says, page by page; one page is in memory at a time.

    A page that breaks its reader is an UnreadablePage, and a new child goes on behind it. Raises at the call what
    `count_pages` raises, and later only BrokeReader or one of its kind, when more than `MAX_BREAKS` pages do that.
    """
    stream = run_limited(read_pages, data, 0)
    fields, _ = next(stream)
    return _go_on(data, stream, _pages_in(fields))


def _go_on(data: bytes, stream: Iterator[Message], pages: int) -> Iterator[PagePicture | UnreadablePage]:
    breaks = 0
    for index in range(pages):
        try:
            page = _page_of(index, next(stream, None))
        except BrokeReader as error:
            breaks += 1
            if breaks > MAX_BREAKS:
                raise
            page = UnreadablePage(index, error.code)
            stream = _from_page(data, index + 1)
        yield page


def _from_page(data: bytes, start: int) -> Iterator[Message]:
    """The pages from `start` on, without the message before the first."""
    stream = run_limited(read_pages, data, start)
    next(stream)
    yield from stream


def _pages_in(fields: dict[str, object]) -> int:
    pages = fields.get("pages")
    if not isinstance(pages, int) or not 0 < pages <= MAX_PAGES:
        raise BrokeReader("pages")
    return pages


def _page_of(index: int, message: Message | None) -> PagePicture | UnreadablePage:
    """The page as a child told it; BrokeReader when what it told cannot be."""
    if message is None:
        raise BrokeReader("pages")
    fields, content = message
    if "problem" in fields:
        return UnreadablePage(index, str(fields["problem"]))
    height, width, channels = (int(fields.get(name, 0)) for name in ("height", "width", "channels"))
    fits = 0 < height * width <= MAX_PIXELS and channels in (1, 3) and len(content) == height * width * channels
    if not fits or height < 0:
        raise BrokeReader("pixels")
    shape = (height, width) if channels == 1 else (height, width, channels)
    dpi = fields.get("dpi")
    image = np.frombuffer(content, dtype=np.uint8).reshape(shape)
    return PagePicture(index, image, float(dpi) if dpi is not None else None)


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
    """The page picture that `encode_page` wrote, the same to the pixel.

    No sandbox: these are bytes of our own encoder, and the store verifies that they still are.
    """
    with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
        if picture.mode in ("1", "L"):
            return np.array(picture.convert("L"), dtype=np.uint8)
        return np.ascontiguousarray(np.array(picture.convert("RGB"), dtype=np.uint8)[:, :, ::-1])


def _is_bilevel(image: Pixels) -> bool:
    # In bytes 255 + 1 is 0 and 0 + 1 is 1: what has any higher bit then is a grey. A few rows mostly tell.
    return all(not ((rows + np.uint8(1)) & np.uint8(0xFE)).any() for rows in (image[::97], image))
