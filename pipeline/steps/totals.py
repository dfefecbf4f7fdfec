"""Control totals of a batch, and what the whole store holds: numbers only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from pipeline.domain.control_totals import sheets_agree
from pipeline.domain.statuses import (
    ArrivalStatus,
    LinkStatus,
    PageFate,
    TaskStatus,
)
from pipeline.runtime import Runtime
from pipeline.store.engine import read
from pipeline.store.tables import (
    Arrival,
    Batch,
    Case,
    Entry,
    FieldValue,
    Link,
    Page,
    ReviewReason,
    ReviewTask,
    Submission,
)


@dataclass(frozen=True)
class BatchTotals:
    """The four totals of a batch: counted by hand (None when nobody did), received, in documents, exceptions."""

    counted: int | None
    received: int
    in_documents: int
    exceptions: dict[str, int]
    refused_files: int

    @property
    def agree(self) -> bool:
        """True when every page is accounted for, every file was opened, and the hand count, if any, fits."""
        accounted = self.received == self.in_documents + sum(self.exceptions.values())
        blank = self.exceptions.get(PageFate.BLANK.value, 0)
        return accounted and not self.refused_files and sheets_agree(self.counted, self.received, blank)


def batch_totals(session: Session, batch: Batch) -> BatchTotals:
    """The totals of one batch as it stands."""
    rows = session.exec(select(Page.fate, func.count()).where(Page.batch_id == batch.id).group_by(col(Page.fate))).all()
    fates = {PageFate(fate): count for fate, count in rows}
    refused = session.exec(
        select(func.count())
        .select_from(Arrival)
        .where(Arrival.batch_id == batch.id, Arrival.status == ArrivalStatus.REFUSED)
    ).one()
    return BatchTotals(
        counted=batch.counted_sheets,
        received=sum(fates.values()),
        in_documents=fates.get(PageFate.IN_DOCUMENT, 0),
        exceptions={fate.value: count for fate, count in fates.items() if fate.is_exception},
        refused_files=refused,
    )


def store_totals(runtime: Runtime) -> dict[str, Any]:
    """How much of everything the store holds, by status; no values, for terminals, artifacts and the operator."""
    with read(runtime.engine) as session:
        return {
            "pages": _counts(session, Page.fate),
            "submissions": _counts(session, Submission.status),
            "entries": _counts(session, Entry.status),
            "links": _counts(session, Link.status, Link.status != LinkStatus.UNDONE),
            "cases": session.exec(select(func.count()).select_from(Case)).one(),
            "open_tasks": session.exec(
                select(func.count()).select_from(ReviewTask).where(ReviewTask.status == TaskStatus.OPEN)
            ).one(),
            "fields": {
                "read": _count(session, FieldValue, col(FieldValue.page_id).is_not(None)),
                "accepted": _count(session, FieldValue, col(FieldValue.page_id).is_not(None), col(FieldValue.accepted)),
            },
            "without_a_person": _count(session, Submission, col(Submission.straight_through).is_(True)),
            "reasons": _open_reasons(session),
        }


def _counts(session: Session, column: Any, *conditions: Any) -> dict[str, int]:
    rows: Sequence[tuple[Any, int]] = session.exec(
        select(column, func.count()).where(*conditions).group_by(column)
    ).all()
    return {str(word): count for word, count in sorted(rows)}


def _count(session: Session, model: type[Any], *conditions: Any) -> int:
    return session.exec(select(func.count()).select_from(model).where(*conditions)).one()


def _open_reasons(session: Session) -> dict[str, int]:
    rows = session.exec(
        select(ReviewReason.code, func.count(func.distinct(ReviewReason.task_id)))
        .join(ReviewTask, col(ReviewTask.id) == ReviewReason.task_id)
        .where(ReviewTask.status == TaskStatus.OPEN)
        .group_by(col(ReviewReason.code))
    ).all()
    return {str(code): count for code, count in sorted(rows)}
