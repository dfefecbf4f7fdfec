"""Where an application stands for its applicant, asked of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from pipeline.domain.applicant_status import EntryFacts, Standing, standing
from pipeline.domain.statuses import CaseStatus, EndReason
from pipeline.store.tables import Case, CorrectionRequest, Deficiency, Entry, ReviewTask, Submission


@dataclass(frozen=True)
class Correction:
    """補正依頼 as the applicant reads it: all deficiencies, and the day until which to mend them."""

    due_on: date
    deficiencies: tuple[str, ...]


def standing_of(session: Session, submission: Submission) -> Standing:
    """Where the submission stands now, with everything this session has written."""
    # Columns, not rows: cases are also changed by statements that pass the session by.
    rows = session.exec(
        select(Entry.ended_reason, Case.status, Case.adopted_submission_id)
        .outerjoin(Case, col(Case.id) == Entry.case_id)
        .where(Entry.submission_id == submission.id)
        .order_by(col(Entry.role), col(Entry.role_index))
    ).all()
    entries = [
        EntryFacts(
            ended=EndReason(ended) if ended else None,
            case_status=CaseStatus(status) if status else None,
            adopted=adopted_id in (None, submission.id),
        )
        for ended, status, adopted_id in rows
    ]
    seen = session.exec(select(ReviewTask.id).where(ReviewTask.submission_id == submission.id)).first()
    return standing(submission.status, entries, seen_before=seen is not None)


def correction_of(session: Session, submission_id: str) -> Correction | None:
    """The latest request for correction; None when there was none."""
    request = session.exec(
        select(CorrectionRequest)
        .where(CorrectionRequest.submission_id == submission_id)
        .order_by(col(CorrectionRequest.made_at).desc())
    ).first()
    if request is None:
        return None
    texts: Sequence[str] = session.exec(
        select(Deficiency.text).where(Deficiency.request_id == request.id).order_by(col(Deficiency.position))
    ).all()
    return Correction(request.due_on, tuple(texts))
