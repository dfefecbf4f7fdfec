"""What runs inside the sandbox: the only place where pictures and PDFs from outside are decoded.

Each function yields messages (`pipeline.channels.sandbox.Message`) and is called through `run_limited`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.channels.errors import TooManyPages
from pipeline.channels.kinds import FileKind, sniff
from pipeline.channels.pdf import count_pdf_pages, iter_pdf_pages
from pipeline.channels.pictures import MAX_PAGES, PagePicture, UnreadablePage
from pipeline.channels.raster import count_raster_pages, decode_small, iter_raster_pages
from pipeline.channels.sandbox import Message


def read_count(data: bytes) -> Iterator[Message]:
    """One message: {pages}. Raises the ArrivalError that says why the whole file cannot be taken."""
    yield {"pages": _count(data)}, b""


def read_pages(data: bytes, start: int) -> Iterator[Message]:
    """First {pages} as `read_count`, then a message for each page from `start` (0-based) on.

    A page is {height, width, channels, dpi} and its pixels, or {problem: an error's code}.
    """
    pages = _count(data)
    yield {"pages": pages}, b""
    reader = iter_pdf_pages if sniff(data) is FileKind.PDF else iter_raster_pages
    for page in reader(data, range(start, pages)):
        yield _told(page)


def read_attachment(data: bytes) -> Iterator[Message]:
    """One message, {pages, look}, when the picture decodes to its end or the PDF's pages can be counted; look "" for a
    PDF.

    A JPEG is decoded to an eighth of its size: the same bytes are gone through, at a third of the cost.
    """
    pages = _count(data)
    # Only here, since it brings OpenCV, whose 40 MB a child that reads pages would pay for nothing.
    from pipeline.channels.looks import look_of

    look = "" if sniff(data) is FileKind.PDF else look_of(decode_small(data))
    yield {"pages": pages, "look": look}, b""


def _count(data: bytes) -> int:
    pages = count_pdf_pages(data) if sniff(data) is FileKind.PDF else count_raster_pages(data)
    if pages > MAX_PAGES:
        raise TooManyPages(f"{pages} > {MAX_PAGES}")
    return pages


def _told(page: PagePicture | UnreadablePage) -> Message:
    if isinstance(page, UnreadablePage):
        return {"problem": page.code}, b""
    image = np.ascontiguousarray(page.image)
    height, width = image.shape[:2]
    channels = 1 if image.ndim == 2 else image.shape[2]
    return {"height": height, "width": width, "channels": channels, "dpi": page.dpi}, image.data
