"""Which kind a file is, by its first bytes: no reader is asked, so this needs no sandbox."""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePath

from pipeline.channels.errors import EmptyFile, NotWhatItSays, UnsupportedType


class FileKind(StrEnum):
    """The kinds of scan files that are read."""

    PDF = "pdf"
    TIFF = "tiff"
    JPEG = "jpeg"
    PNG = "png"


MEDIA_TYPES = {
    FileKind.PDF: "application/pdf",
    FileKind.TIFF: "image/tiff",
    FileKind.JPEG: "image/jpeg",
    FileKind.PNG: "image/png",
}
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
