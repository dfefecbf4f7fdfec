"""順位 as frozen in drafts: what stays said of a case, however the order moves on."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session, col, select

from pipeline.domain.drafts import Placing
from pipeline.domain.statuses import CaseStatus, DraftStatus, Outcome
from pipeline.store.tables import Case, Draft, DraftCase


def frozen_placing(row: DraftCase) -> Placing | None:
    """Where the case stood when it was drafted; None where nobody was ranked."""
    if row.points is None or row.rank is None or row.place is None:
        return None
    return Placing(row.points, row.rank, row.place)


def granted_placings(session: Session, case_ids: Iterable[str]) -> dict[str, Placing]:
    """Of these cases those that are granted, each with the placing that superiors approved."""
    rows = session.exec(
        select(DraftCase)
        .join(Draft, col(Draft.id) == DraftCase.draft_id)
        .join(Case, col(Case.id) == DraftCase.case_id)
        .where(
            col(Case.id).in_(list(case_ids)),
            Case.status == CaseStatus.GRANTED,
            col(Case.adopted_submission_id) == DraftCase.adopted_submission_id,
            Draft.status == DraftStatus.APPROVED,
            DraftCase.outcome == Outcome.GRANT,
        )
        .order_by(col(Draft.closed_at))
    ).all()
    return {row.case_id: placing for row in rows if (placing := frozen_placing(row))}
