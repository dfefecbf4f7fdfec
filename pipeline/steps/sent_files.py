"""Files that a sending system streamed in: looked into by the path, not while the sender waits."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from pipeline.channels.attachments import ACCEPTED, UNKNOWN_TYPE, AttachmentFacts, inspect_attachment
from pipeline.channels.errors import EmptyFile, UnsupportedType
from pipeline.channels.kinds import MEDIA_TYPES, sniff
from pipeline.runtime import Runtime
from pipeline.store.tables import Attachment

HEAD = 1024
"""Bytes by which a file is told from others."""

NOT_INSPECTED = "not_inspected"
"""The problem of a file until the sandbox has decoded it; nothing of it is shown meanwhile."""


@dataclass(frozen=True)
class SentFile:
    """A file as it was kept. head: its first HEAD bytes."""

    blob: str
    head: bytes


def attachment_of(position: int, kind: str, file: SentFile) -> Attachment:
    """The attachment's row, without its submission, told by the first bytes alone."""
    row = Attachment(submission_id="", position=position, kind=kind, blob=file.blob, media_type=UNKNOWN_TYPE)
    try:
        found = sniff(file.head)
        if found not in ACCEPTED:
            raise UnsupportedType
        row.media_type, row.problem_code = MEDIA_TYPES[found], NOT_INSPECTED
    except (EmptyFile, UnsupportedType) as error:
        row.problem_code = error.code
    return row


def files_waiting(session: Session, submission_id: str) -> list[tuple[str, str]]:
    """Attachment and blob of each file of this submission that nobody looked into yet."""
    rows = session.exec(
        select(Attachment.id, Attachment.blob)
        .where(Attachment.submission_id == submission_id, Attachment.problem_code == NOT_INSPECTED)
        .order_by(col(Attachment.position))
    ).all()
    return [(row_id, blob) for row_id, blob in rows if blob]


def inspect_files(runtime: Runtime, waiting: list[tuple[str, str]]) -> dict[str, AttachmentFacts]:
    """What the sandbox says of each, by attachment id."""
    return {row_id: inspect_attachment(runtime.blobs.get(blob)) for row_id, blob in waiting}


def write_facts(session: Session, facts: dict[str, AttachmentFacts]) -> None:
    """Keeps what `inspect_files` found."""
    for row_id, found in facts.items():
        row = session.get_one(Attachment, row_id)
        row.media_type, row.problem_code, row.look = found.media_type, found.problem, found.look
        session.add(row)
