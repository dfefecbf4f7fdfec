"""What must always hold of erasure. A rule gives, for every row looked at, its id and whether it is in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import or_
from sqlmodel import Session, col, select

from pipeline.runtime import Runtime
from pipeline.steps.erasure.certificate import certificate_problems
from pipeline.steps.erasure.cut import BLANKED, DELETED
from pipeline.store.events import events_of
from pipeline.store.tables import (
    Arrival,
    CorrectionRequest,
    Deficiency,
    Document,
    DraftCase,
    Erasure,
    Event,
    Page,
    ReviewReason,
    ReviewTask,
    Submission,
)

Findings = Iterator[tuple[str, bool]]

_ERASED = col(Submission.erased_at).is_not(None)


def erased_hold_nothing(session: Session) -> Findings:
    """An erased application has no values, pictures, keys, letters or notes left."""
    left: set[str] = {one for model in DELETED for one in session.exec(_holders(model).where(_ERASED).distinct()).all()}
    for model, values in BLANKED.items():
        held = or_(*(col(getattr(model, name)).is_distinct_from(blank) for name, blank in values.items()))
        left |= set(session.exec(_holders(model).where(_ERASED, held)).all())
    for submission_id in session.exec(select(Submission.id).where(_ERASED)):
        yield submission_id, submission_id not in left


def _holders(model: type[Any]) -> Any:
    """Applications with their rows of a table."""
    query = select(Submission.id)
    if model is Submission:
        return query
    if model is Page:
        documents = query.join(Document, col(Document.submission_id) == Submission.id)
        return documents.join(Page, col(Page.document_id) == Document.id)
    if model is ReviewReason:
        tasks = query.join(ReviewTask, col(ReviewTask.submission_id) == Submission.id)
        return tasks.join(ReviewReason, col(ReviewReason.task_id) == ReviewTask.id)
    if model is Deficiency:
        requests = query.join(CorrectionRequest, col(CorrectionRequest.submission_id) == Submission.id)
        return requests.join(Deficiency, col(Deficiency.request_id) == CorrectionRequest.id)
    lines = query.join(DraftCase, col(DraftCase.adopted_submission_id) == Submission.id)
    if model is DraftCase:
        return lines
    if model.__tablename__ == "approval":
        return lines.join(model, model.draft_id == DraftCase.draft_id)
    return query.join(model, model.submission_id == Submission.id)


def erased_as_told(session: Session) -> Findings:
    """What is erased is exactly what the histories of the erasures say: nobody emptied a row by themselves."""
    told: set[str] = set()
    for erasure_id in session.exec(select(Erasure.id)).all():
        for event in events_of(session, "erasure", erasure_id):
            payload: Mapping[str, Any] = event.payload
            if event.kind == "erased":
                told.update(payload["submissions"], payload["arrivals"])
    remembered = set(session.exec(select(Event.aggregate_id).where(Event.kind == "submission_erased")).all())
    submissions = set(session.exec(select(Submission.id).where(_ERASED)).all())
    erased = submissions | set(session.exec(select(Arrival.id).where(Arrival.blob == "")).all())
    for one in sorted(told | erased | remembered):
        yield one, one in told and one in erased and (one not in submissions or one in remembered)


def erasures_certified(runtime: Runtime, session: Session) -> Findings:
    """Every finished erasure has its certificate, signed here, that adds up to its history."""
    for erasure in session.exec(select(Erasure).where(col(Erasure.finished_at).is_not(None))).all():
        yield erasure.id, not certificate_problems(runtime, erasure.number)
