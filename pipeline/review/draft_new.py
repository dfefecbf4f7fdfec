"""What waits to be drafted: examined cases, scope by scope, and the page on which a draft is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func
from sqlmodel import Session, col, select

from pipeline.domain.drafts import DraftScope, Proposal
from pipeline.domain.errors import NotVisible
from pipeline.domain.statuses import ApprovalKind, DraftStatus, Outcome
from pipeline.procedures.pack import Determination, Label
from pipeline.procedures.ranking import place_labels
from pipeline.review.draft_cases import MAX_CASES, draftable, with_open_questions
from pipeline.review.drafts import examined_as, within
from pipeline.review.placings import Placed, PlacingView, place_cases, placing_view
from pipeline.runtime import Runtime
from pipeline.steps.packs import latest_pack
from pipeline.store.access import Viewer, visible
from pipeline.store.engine import read
from pipeline.store.tables import Approval, Case, Draft, DraftCase, Person, Submission

PAGE_SIZE = 100


@dataclass(frozen=True)
class ToDraft:
    """How many examined cases of one scope wait for this reviewer."""

    scope: DraftScope
    procedure: Label
    cases: int


@dataclass(frozen=True)
class Draftable:
    """An examined case that waits to be drafted, with what its examination proposes.

    asked: a question about it is still open, so it has to wait. returned: why superiors sent it back last, "" else.
    placing: where it stands in the order, None where nobody is ranked or to who may not see the whole order. by_lot:
    its place hangs on a lot.
    """

    id: str
    number: str
    name: str
    birth_date: date | None
    resident_number: str | None
    submission_id: str
    receipt_number: str
    amount_yen: int
    proposed: Proposal
    returned: str
    placing: PlacingView | None
    by_lot: bool
    asked: bool


@dataclass(frozen=True)
class NewDraft:
    """The cases of a scope, a page of them.

    clear: how many of all may be drafted at once, at most MAX_CASES; refusals: how many of these are to be refused.
    ranked: places are given by an order; whole_order: who looks may see all of it, and so may draft.
    """

    scope: DraftScope
    procedure: Label
    determination: Determination
    approvals: int
    rows: tuple[Draftable, ...]
    total: int
    clear: int
    refusals: int
    ranked: bool
    whole_order: bool
    page: int
    pages: int


def list_to_draft(runtime: Runtime, viewer: Viewer) -> tuple[ToDraft, ...]:
    """What waits for this reviewer, scope by scope."""
    with read(runtime.engine) as session:
        return _to_draft(session, viewer)


def get_new_draft(runtime: Runtime, viewer: Viewer, scope: DraftScope, page: int = 1) -> NewDraft:
    """What of this scope waits to be drafted. Raises NotVisible where nothing does for this reviewer."""
    with read(runtime.engine) as session:
        over = select(Case.id).where(draftable(viewer), *within(scope)).order_by(col(Case.number))
        ids = session.exec(over).all()
        if not ids:
            raise NotVisible
        asked = with_open_questions(session, ids)
        pages = max(1, -(-len(ids) // PAGE_SIZE))
        page = min(max(1, page), pages)
        pack = latest_pack(session, scope.procedure_id)[1]
        clear = [one for one in ids if one not in asked][:MAX_CASES]
        placed = place_cases(session, ids)
        whole = viewer.sees_protected or not placed
        proposed = {one.case_id: one for one in examined_as(session, ids, placed if whole else {})}
        return NewDraft(
            scope=scope,
            procedure=pack.label,
            determination=pack.determination,
            approvals=max(1, pack.review.approvals),
            rows=_draftables(
                session,
                viewer,
                ids[(page - 1) * PAGE_SIZE : page * PAGE_SIZE],
                asked,
                proposed,
                placed if whole else {},
            ),
            total=len(ids),
            clear=len(clear),
            refusals=sum(proposed[one].outcome is Outcome.REFUSE for one in clear),
            ranked=bool(placed),
            whole_order=whole,
            page=page,
            pages=pages,
        )


def _to_draft(session: Session, viewer: Viewer) -> tuple[ToDraft, ...]:
    rows = session.exec(
        select(Case.procedure_id, Case.department, Case.protected, func.count(col(Case.id)))
        .where(draftable(viewer))
        .group_by(col(Case.procedure_id), col(Case.department), col(Case.protected))
        .order_by(col(Case.procedure_id), col(Case.department), col(Case.protected))
    ).all()
    return tuple(
        ToDraft(DraftScope(procedure, department, protected), latest_pack(session, procedure)[1].label, count)
        for procedure, department, protected, count in rows
    )


def _draftables(
    session: Session,
    viewer: Viewer,
    ids: Sequence[str],
    asked: set[str],
    proposed: Mapping[str, Proposal],
    placed: Mapping[str, Placed | None],
) -> tuple[Draftable, ...]:
    rows = session.exec(
        select(Case, Person, Submission)
        .join(Person, col(Person.id) == Case.subject_id)
        .join(Submission, col(Submission.id) == Case.adopted_submission_id)
        .where(col(Case.id).in_(ids), visible(Person, viewer), visible(Submission, viewer))
        .order_by(col(Case.number))
    ).all()
    returned = _returned(session, ids)
    return tuple(
        Draftable(
            id=case.id,
            number=case.number,
            name=person.name,
            birth_date=person.birth_date,
            resident_number=person.resident_number,
            submission_id=submission.id,
            receipt_number=submission.receipt_number,
            amount_yen=case.amount_yen,
            proposed=proposed[case.id],
            returned=returned.get(case.id, ""),
            placing=_view(placed.get(case.id)),
            by_lot=(here := placed.get(case.id)) is not None and here.ranked.drawn,
            asked=case.id in asked,
        )
        for case, person, submission in rows
    )


def _view(placed: Placed | None) -> PlacingView | None:
    return placing_view(placed.placing, place_labels(placed.rules)) if placed else None


def _returned(session: Session, ids: Sequence[str]) -> dict[str, str]:
    """Of these cases those whose last draft was returned, each with the superior's note."""
    rows = session.exec(
        select(DraftCase.case_id, Draft.status, Approval.note)
        .join(Draft, col(Draft.id) == DraftCase.draft_id)
        .join(
            Approval, (col(Approval.draft_id) == Draft.id) & (col(Approval.kind) == ApprovalKind.RETURN), isouter=True
        )
        .where(col(DraftCase.case_id).in_(ids))
        .order_by(col(Draft.made_at), col(Draft.number))
    ).all()
    last = {case_id: (status, note) for case_id, status, note in rows}
    return {one: note or "" for one, (status, note) in last.items() if status is DraftStatus.RETURNED}
