"""What must always hold of 起案 and 決裁. A rule gives, for every row looked at, its id and whether it is in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import func
from sqlmodel import Session, col, or_, select

from pipeline.domain.drafts import DraftLine, digest_of, totals_of
from pipeline.domain.statuses import ApprovalKind, CaseStatus, DraftStatus, Outcome
from pipeline.steps.packs import get_pack
from pipeline.steps.placings import frozen_placing
from pipeline.store.tables import Approval, Case, Draft, DraftCase, Submission

Findings = Iterator[tuple[str, bool]]

_OUTCOME = {CaseStatus.GRANTED: Outcome.GRANT, CaseStatus.REFUSED: Outcome.REFUSE}


def drafted_in_one(session: Session) -> Findings:
    """A case that is drafted is in exactly one circulating draft, and a case of such a draft is drafted."""
    circulating = (
        select(func.count(col(DraftCase.id)))
        .join(Draft, col(Draft.id) == DraftCase.draft_id)
        .where(DraftCase.case_id == Case.id, Draft.status == DraftStatus.CIRCULATING)
        .correlate(Case)
        .scalar_subquery()
    )
    rows = session.exec(
        select(Case.id, Case.status, circulating).where(or_(Case.status == CaseStatus.DRAFTED, circulating > 0))
    )
    for case_id, status, drafts in rows:
        yield case_id, status is CaseStatus.DRAFTED and drafts == 1


def drafts_unaltered(session: Session) -> Findings:
    """Totals and digest of every draft are those of its list. What retention has erased can only be counted."""
    for draft in session.exec(select(Draft)):
        rows = session.exec(
            select(DraftCase, Submission.erased_at)
            .join(Submission, col(Submission.id) == DraftCase.adopted_submission_id)
            .where(DraftCase.draft_id == draft.id)
            .order_by(col(DraftCase.position))
        ).all()
        lines = [_line(row) for row, _ in rows]
        totals = totals_of(lines)
        said = (draft.cases, draft.grants, draft.refusals, draft.total_yen)
        whole = any(erased for _, erased in rows) or digest_of(lines) == draft.digest
        yield draft.id, whole and said == (totals.cases, totals.grants, totals.refusals, totals.total_yen)


def approved_by_others(session: Session) -> Findings:
    """As many different people as are needed approved every approved draft, none of them its drafter."""
    for draft in session.exec(select(Draft)):
        steps = session.exec(select(Approval).where(Approval.draft_id == draft.id).order_by(col(Approval.step))).all()
        yield draft.id, _by_others(draft, steps) and _fits_status(draft, steps)


def determined_by_approval(session: Session) -> Findings:
    """What a pack wants approved is granted or refused by an approved draft alone.

    The pack that an application pins says so: what an earlier version of it settled without approval stays settled.
    """
    approved = (
        select(DraftCase.outcome)
        .join(Draft, col(Draft.id) == DraftCase.draft_id)
        .where(
            DraftCase.case_id == Case.id,
            DraftCase.adopted_submission_id == Case.adopted_submission_id,
            Draft.status == DraftStatus.APPROVED,
        )
        .order_by(col(Draft.closed_at).desc())
        .limit(1)
        .correlate(Case)
        .scalar_subquery()
    )
    rows = session.exec(
        select(Case.id, Case.status, Submission.pack_version_id, approved)
        .join(Submission, col(Submission.id) == Case.adopted_submission_id)
        .where(col(Case.status).in_(list(_OUTCOME)))
    )
    for case_id, status, pack_version_id, outcome in rows:
        free = get_pack(session, pack_version_id).review.approvals == 0
        yield case_id, (free and outcome is None) or outcome == _OUTCOME[CaseStatus(status)]


def _line(row: DraftCase) -> DraftLine:
    return DraftLine(
        case_id=row.case_id,
        case_version=row.case_version,
        submission_id=row.adopted_submission_id,
        submission_version=row.submission_version,
        outcome=row.outcome,
        ground=row.ground,
        amount_yen=row.amount_yen,
        placing=frozen_placing(row),
    )


def _by_others(draft: Draft, steps: Sequence[Approval]) -> bool:
    people = [one for step in steps for one in (step.made_by, step.on_behalf_of) if one]
    return len(people) == len(set(people)) and draft.made_by not in people


def _fits_status(draft: Draft, steps: Sequence[Approval]) -> bool:
    approved = [step for step in steps if step.kind is ApprovalKind.APPROVE]
    returned = len(steps) - len(approved)
    enough = len(approved) >= draft.approvals_needed
    return enough == (draft.status is DraftStatus.APPROVED) and returned == (draft.status is DraftStatus.RETURNED)
