"""Deciding what a paper is."""

from __future__ import annotations

from sqlmodel import select

from pipeline.domain.errors import Impossible, NotVisible
from pipeline.domain.statuses import DecisionKind, SubmissionStatus
from pipeline.review.desk import open_desk
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance
from pipeline.steps.hold import move_submission
from pipeline.store.access import Viewer
from pipeline.store.tables import Attachment

OTHER = "other"
"""The kind of a paper that nothing in the pack asks for."""


def name_paper(runtime: Runtime, viewer: Viewer, task_id: str, attachment_id: str, kind: str, version: int) -> None:
    """Says of what kind an attachment is and runs the checks again. Raises NotVisible, Conflict, Impossible.

    kind: one that the pack names, or OTHER.
    """
    with open_desk(runtime, viewer, task_id, version) as desk:
        submission, pack = desk.submission()
        if kind != OTHER and kind not in {spec.kind for spec in pack.attachments}:
            raise Impossible
        row = desk.session.exec(
            select(Attachment).where(Attachment.id == attachment_id, Attachment.submission_id == submission.id)
        ).first()
        if row is None:
            raise NotVisible
        row.kind = kind
        desk.session.add(row)
        move_submission(desk.session, submission, SubmissionStatus.READ)
        desk.decided(DecisionKind.CORRECT_FIELD, f"attachment:{attachment_id}")
    advance(runtime, submission.id)
