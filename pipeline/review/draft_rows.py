"""What a draft holds, as it is written down: the lines, their totals and their digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlmodel import Session, col, select

from pipeline.domain.drafts import DraftLine, DraftScope, Placing, Proposal, digest_of, totals_of
from pipeline.runtime import Runtime
from pipeline.steps.numbers import draft_number
from pipeline.steps.packs import get_pack
from pipeline.store.access import Viewer
from pipeline.store.tables import Case, Draft, DraftCase, Submission


def lines_of(
    session: Session, cases: Sequence[Case], wanted: Mapping[str, Proposal], placings: Mapping[str, Placing]
) -> list[DraftLine]:
    """The held cases as they will stand in the draft, in their order."""
    versions = _versions(session, cases)
    return [_line(case, wanted[case.id], versions, placings.get(case.id)) for case in cases]


def _versions(session: Session, cases: Sequence[Case]) -> dict[str, int]:
    adopted = [case.adopted_submission_id for case in cases]
    return dict(session.exec(select(Submission.id, Submission.version).where(col(Submission.id).in_(adopted))).all())


def _line(case: Case, proposal: Proposal, versions: Mapping[str, int], placing: Placing | None) -> DraftLine:
    assert case.adopted_submission_id is not None
    return DraftLine(
        case_id=case.id,
        case_version=case.version + 1,  # as it will be once it is in the draft
        submission_id=case.adopted_submission_id,
        submission_version=versions[case.adopted_submission_id],
        outcome=proposal.outcome,
        ground=proposal.ground.strip(),
        amount_yen=case.amount_yen,
        placing=placing,
    )


def new_draft(
    session: Session, runtime: Runtime, viewer: Viewer, scope: DraftScope, lines: Sequence[DraftLine]
) -> Draft:
    """The draft that circulates with these lines; it has no key yet."""
    pinned = session.exec(
        select(Submission.pack_version_id)
        .where(col(Submission.id).in_([line.submission_id for line in lines]))
        .distinct()
    ).all()
    packs = [get_pack(session, one) for one in pinned]
    totals = totals_of(lines)
    return Draft(
        number=draft_number(session, runtime.today()),
        procedure_id=scope.procedure_id,
        department=scope.department,
        protected=scope.protected,
        title=f"{packs[0].label.ja}の決定について",
        approvals_needed=max(1, *(pack.review.approvals for pack in packs)),
        cases=totals.cases,
        grants=totals.grants,
        refusals=totals.refusals,
        total_yen=totals.total_yen,
        digest=digest_of(lines),
        made_by=viewer.user_id,
        made_at=runtime.clock(),
    )


def row_of(draft_id: str, position: int, line: DraftLine) -> DraftCase:
    """One line as a row. position: from 1."""
    return DraftCase(
        draft_id=draft_id,
        case_id=line.case_id,
        position=position,
        case_version=line.case_version,
        adopted_submission_id=line.submission_id,
        submission_version=line.submission_version,
        outcome=line.outcome,
        ground=line.ground,
        amount_yen=line.amount_yen,
        points=line.placing.points if line.placing else None,
        rank=line.placing.rank if line.placing else None,
        place=line.placing.place if line.placing else None,
    )


def said_of(draft: Draft) -> dict[str, object]:
    """What the history says of a draft: figures, and nobody's name."""
    return {
        "cases": draft.cases,
        "grants": draft.grants,
        "refusals": draft.refusals,
        "total_yen": draft.total_yen,
        "approvals": draft.approvals_needed,
        "digest": draft.digest,
    }
