"""One file's rows lose what people wrote: all in one short write, or nothing of it.

What stays says that an application was there, when it came and what became of it: its id and receipt number, days,
statuses, decisions by code, its case's number, subject id and amount, and the history. What a person wrote, or what was
made of it, does not stay. `DELETED` and `BLANKED` are the whole list; a test asks every new column which it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from pipeline.domain.statuses import OutboundStatus
from pipeline.runtime import Runtime
from pipeline.steps.erasure.carriers import Carriers, cut_carriers
from pipeline.steps.erasure.due import File, judge_files
from pipeline.steps.erasure.losses import Cut
from pipeline.steps.erasure.people import cut_people, named_only_here
from pipeline.steps.merged import index_people, survivors
from pipeline.store.engine import write
from pipeline.store.events import append_event
from pipeline.store.tables import (
    Approval,
    Attachment,
    Candidate,
    Case,
    CorrectionRequest,
    Decision,
    Deficiency,
    Distinction,
    Document,
    DoomedBlob,
    DraftCase,
    Erasure,
    FieldValue,
    Finding,
    HouseholdLink,
    IdentityAssertion,
    Judgement,
    Link,
    Outbound,
    Page,
    ReviewReason,
    ReviewTask,
    ScoreLine,
    Submission,
    Trace,
)

DELETED: tuple[type[SQLModel], ...] = (
    FieldValue,
    Finding,
    ScoreLine,
    Candidate,
    Distinction,
    HouseholdLink,
    Judgement,
    Link,
    Attachment,
    IdentityAssertion,
    Trace,
)
"""Rows of an application that go whole."""

BLANKED: Mapping[type[SQLModel], Mapping[str, Any]] = {
    Submission: {"reference_number": None, "source_number": None},
    Document: {"reference_number": None},
    Page: {"blob": None, "view": None, "full_text": None, "code": ""},
    Decision: {"note": ""},
    ReviewReason: {"detail": ""},
    Deficiency: {"text": ""},
    Outbound: {"blob": None, "payload": ""},
    DraftCase: {"ground": "", "points": None, "rank": None, "place": None},
    Approval: {"note": ""},
}
"""Columns of rows that stay, and what they hold afterwards."""


def erase_file(runtime: Runtime, erasure: Erasure, file: File, carriers: Carriers, actor: str) -> bool:
    """Erases one file; False, and nothing is changed, when it may no longer go as it was looked at."""
    now, today = runtime.clock(), runtime.today()
    with write(runtime.engine) as session:
        _hold(session, file)
        judged = judge_files(session, erasure.procedure_id, file.submission_ids, today)
        if judged != [(file, None)]:
            return False
        cut = cut_rows(runtime, session, file, carriers)
        doom(session, erasure, cut.blobs)
        _remember(session, erasure, file, cut, actor, now)
    return True


def _hold(session: Session, file: File) -> None:
    """Locks the applications, then their cases: whoever would add to the file waits or was there before."""
    for model, ids in ((Submission, file.submission_ids), (Case, file.case_ids)):
        query = select(model.id).where(col(model.id).in_(ids)).order_by(col(model.id)).with_for_update()
        session.exec(query).all()


def cut_rows(runtime: Runtime, session: Session, file: File, carriers: Carriers) -> Cut:
    """Takes away everything the file's applications said, with its counts and the blobs that were let go."""
    ids = file.submission_ids
    cut = Cut()
    people = named_only_here(session, ids)
    lives = survivors(session)
    cut.blobs |= _blobs_of(session, ids)
    pages = list(session.exec(select(Page.id).join(Document).where(col(Document.submission_id).in_(ids))).all())
    cut_carriers(runtime, session, file, carriers, pages, cut)
    for model in DELETED:
        _count(cut, model, session.execute(delete(model).where(_of(model, ids))))
    for model, values in BLANKED.items():
        where = _places(model, ids, pages)
        held = or_(*(col(getattr(model, name)).is_distinct_from(blank) for name, blank in values.items()))
        _count(cut, model, session.execute(update(model).where(where, held).values(**values)))
    _abandon(session, ids)
    cut_people(session, people, cut)
    # Whoever absorbed one of them is found under their keys no more.
    index_people(session, {lives[one] for one in people if one in lives} - set(people), runtime.secrets.key)
    return cut


def _abandon(session: Session, ids: Collection[str]) -> None:
    """What could never be delivered has nothing left to deliver."""
    session.execute(
        update(Outbound)
        .where(_of(Outbound, ids), col(Outbound.status) == OutboundStatus.FAILED)
        .values(status=OutboundStatus.ABANDONED, problem_code="erased")
    )


def _of(model: type[Any], ids: Collection[str]) -> ColumnElement[bool]:
    return col(model.submission_id).in_(ids)


def _places(model: type[Any], ids: Collection[str], pages: Collection[str]) -> ColumnElement[bool]:
    """Which rows of a table belong to these applications."""
    if model is Submission:
        return col(Submission.id).in_(ids)
    if model is Page:
        return col(Page.id).in_(pages)
    if model is ReviewReason:
        return col(ReviewReason.task_id).in_(select(ReviewTask.id).where(_of(ReviewTask, ids)))
    if model is Deficiency:
        return col(Deficiency.request_id).in_(select(CorrectionRequest.id).where(_of(CorrectionRequest, ids)))
    if model is DraftCase:
        return col(DraftCase.adopted_submission_id).in_(ids)
    if model is Approval:
        # A superior's note is about the whole list, and may name any of its people.
        return col(Approval.draft_id).in_(
            select(DraftCase.draft_id).where(col(DraftCase.adopted_submission_id).in_(ids))
        )
    if model is Decision:
        return or_(_of(Decision, ids), col(Decision.task_id).in_(select(ReviewTask.id).where(_of(ReviewTask, ids))))
    return _of(model, ids)


def _blobs_of(session: Session, ids: Collection[str]) -> set[str]:
    found: set[str | None] = set()
    pages = select(Page.blob, Page.view).join(Document, col(Document.id) == Page.document_id)
    for pair in session.exec(pages.where(col(Document.submission_id).in_(ids))).all():
        found.update(pair)
    found.update(session.exec(select(Attachment.blob).where(_of(Attachment, ids))).all())
    found.update(session.exec(select(Outbound.blob).where(_of(Outbound, ids))).all())
    return {digest for digest in found if digest}


def _count(cut: Cut, model: type[Any], result: Any) -> None:
    if result.rowcount > 0:
        cut.counts[model.__tablename__] += result.rowcount


def doom(session: Session, erasure: Erasure, digests: Collection[str]) -> None:
    """Says, in the write that let go of them, that these blobs are to be removed once nothing else names them."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [{"digest": digest, "erasure_id": erasure.id} for digest in sorted(digests)]
    if rows:
        session.execute(insert(DoomedBlob).on_conflict_do_nothing(), rows)


def _remember(session: Session, erasure: Erasure, file: File, cut: Cut, actor: str, now: datetime) -> None:
    for row in session.exec(select(Submission).where(col(Submission.id).in_(file.submission_ids))).all():
        row.erased_at = now
        row.version += 1
        session.add(row)
        payload = {"erasure": erasure.id}
        append_event(session, "submission", row.id, "submission_erased", actor=actor, at=now, payload=payload)
    tell(session, erasure, cut, actor, now, submissions=file.submission_ids, ended_on=file.ended_on.isoformat())


def tell(session: Session, erasure: Erasure, cut: Cut, actor: str, now: datetime, **more: object) -> None:
    """Writes into the erasure's own history what one write took away; its certificate is the sum of these."""
    payload: dict[str, object] = {"cut": dict(sorted((+cut.counts).items())), "arrivals": sorted(cut.arrivals)}
    submissions: Sequence[str] = more.pop("submissions", ())  # type: ignore[assignment]
    payload |= {"submissions": sorted(submissions), **more}
    append_event(session, "erasure", erasure.id, "erased", actor=actor, at=now, payload=payload)
