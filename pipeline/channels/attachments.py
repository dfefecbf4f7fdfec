"""Files that applicants send along: looked into before anybody is shown them or anything reads them."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.channels.errors import ArrivalError, SizeTooLarge, UnsupportedType
from pipeline.channels.inside import read_attachment
from pipeline.channels.kinds import MEDIA_TYPES, FileKind, sniff
from pipeline.channels.sandbox import run_limited

ACCEPTED = (FileKind.JPEG, FileKind.PNG, FileKind.PDF)
MAX_ATTACHMENT_BYTES = 200 * 1024 * 1024
UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class AttachmentFacts:
    """What was found in an attachment.

    media_type: by content, UNKNOWN_TYPE when it is of no accepted kind. problem: the error's code when the file is
    of no use as it is (kept all the same, and to be saved only); None when every pixel was decoded or, for a PDF,
    its pages could be counted without a password.
    """

    media_type: str
    problem: str | None = None


def inspect_attachment(data: bytes) -> AttachmentFacts:
    """What the file is and whether it can be shown; decoded in the sandbox. Never raises an ArrivalError."""
    media_type = UNKNOWN_TYPE
    try:
        kind = sniff(data)
        if kind not in ACCEPTED:
            raise UnsupportedType
        media_type = MEDIA_TYPES[kind]
        if len(data) > MAX_ATTACHMENT_BYTES:
            raise SizeTooLarge(f"> {MAX_ATTACHMENT_BYTES // 1024**2} MB")
        for _ in run_limited(read_attachment, data):
            pass
    except ArrivalError as error:
        return AttachmentFacts(media_type, error.code)
    return AttachmentFacts(media_type)
