"""Files that applicants send along: looked into before anybody is shown them or anything reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from pipeline.channels.errors import ArrivalError, SizeTooLarge, UnsupportedType
from pipeline.channels.inside import read_attachment
from pipeline.channels.kinds import MEDIA_TYPES, FileKind, sniff
from pipeline.channels.looks import BITS, BLANK
from pipeline.channels.sandbox import run_limited

ACCEPTED = (FileKind.JPEG, FileKind.PNG, FileKind.PDF)
MAX_ATTACHMENT_BYTES = 200 * 1024 * 1024
UNKNOWN_TYPE = "application/octet-stream"
_LOOK = re.compile(f"[0-9a-f]{{{BITS // 4}}}")


@dataclass(frozen=True)
class AttachmentFacts:
    """What was found in an attachment.

    media_type: by content, UNKNOWN_TYPE when it is of no accepted kind. problem: the error's code when the file is
    of no use as it is (kept all the same, and to be saved only); None when every pixel was decoded or, for a PDF,
    its pages could be counted without a password. look: of a picture (`pipeline.channels.looks`), "" for others.
    """

    media_type: str
    problem: str | None = None
    look: str = field(default="", compare=False)


def inspect_attachment(data: bytes) -> AttachmentFacts:
    """What the file is and whether it can be shown; decoded in the sandbox. Never raises an ArrivalError."""
    media_type, look = UNKNOWN_TYPE, ""
    try:
        kind = sniff(data)
        if kind not in ACCEPTED:
            raise UnsupportedType
        media_type = MEDIA_TYPES[kind]
        if len(data) > MAX_ATTACHMENT_BYTES:
            raise SizeTooLarge(f"> {MAX_ATTACHMENT_BYTES // 1024**2} MB")
        for fields, _ in run_limited(read_attachment, data):
            look = _look_in(fields)
    except ArrivalError as error:
        return AttachmentFacts(media_type, error.code)
    return AttachmentFacts(media_type, look=look)


def _look_in(fields: dict[str, Any]) -> str:
    """What the child says; it has read a stranger's file, so that only what can be a look is one."""
    look = str(fields.get("look", ""))
    return look if look == BLANK or _LOOK.fullmatch(look) else ""
