"""When a hand count and a scan agree."""

from __future__ import annotations


def sheets_agree(counted: int | None, received_pages: int, blank_pages: int) -> bool:
    """True when the sheets counted by hand can be the pages received.

    A duplex scanner gives the blank back of a sheet as a page, so each blank page may or may not be a sheet of its
    own: the count must lie between the written pages and all pages. No count (None) contradicts nothing.
    """
    return counted is None or received_pages - blank_pages <= counted <= received_pages
