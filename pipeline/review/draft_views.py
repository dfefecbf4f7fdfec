"""起案 and 決裁 on the screen: what circulates, and one draft as superiors read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func
from sqlmodel import Session, col, select

from pipeline.domain.errors import NotVisible
from pipeline.domain.statuses import ApprovalKind, DraftStatus, Outcome, StaffRole
from pipeline.procedures.pack import Determination, Label
from pipeline.procedures.ranking import place_labels
from pipeline.review.approvals import approvals_of, barred_from, find_approving_grant
from pipeline.review.draft_cases import Displaced, displaced, moved_on
from pipeline.review.history import HistoryItem, history_of
from pipeline.review.placings import PlacingView, find_ranking, placing_view
from pipeline.runtime import Runtime
from pipeline.steps.examined import refusal_grounds
from pipeline.steps.packs import get_pack, latest_pack
from pipeline.steps.placings import frozen_placing
from pipeline.store.access import Viewer, visible
from pipeline.store.engine import read
from pipeline.store.tables import Approval, Case, Draft, DraftCase, Person, Submission, User

PAGE_SIZE = 100
LIST_SIZE = 100


@dataclass(frozen=True)
class Step:
    """What one superior did. on_behalf_of: the name of whom the deputy stood in for (代決), "" otherwise."""

    number: int
    kind: ApprovalKind
    name: str
    on_behalf_of: str
    note: str
    at: datetime


@dataclass(frozen=True)
class DraftRow:
    """One draft of a list. mine: made by who looks; awaits_me: they may approve it now, as far as a list can tell."""

    id: str
    number: str
    title: str
    procedure: Label
    department: str
    protected: bool
    status: DraftStatus
    made_by: str
    made_at: datetime
    closed_at: datetime | None
    cases: int
    grants: int
    refusals: int
    total_yen: int
    approved: int
    needed: int
    mine: bool
    awaits_me: bool


@dataclass(frozen=True)
class DraftLists:
    """The drafts somebody may see."""

    awaiting_me: tuple[DraftRow, ...]
    circulating: tuple[DraftRow, ...]
    closed: tuple[DraftRow, ...]


@dataclass(frozen=True)
class DraftLineView:
    """One line of the frozen list.

    placing: None where nobody is ranked. out_of_place: it stands elsewhere by now, at `now`, or nowhere (None).
    moved: it is not what was frozen any more. found_otherwise: to be granted, though a clerk found it to be refused.
    erased: its retention is over, and what it said is gone.
    """

    position: int
    case_id: str
    number: str
    name: str
    birth_date: date | None
    resident_number: str | None
    submission_id: str
    receipt_number: str
    outcome: Outcome
    ground: str
    amount_yen: int
    placing: PlacingView | None
    now: PlacingView | None
    out_of_place: bool
    moved: bool
    found_otherwise: bool
    erased: bool


@dataclass(frozen=True)
class DraftView:
    """A draft whole. hidden: lines that only staff of another right may see; they are counted, not shown.

    may_approve, may_return, may_withdraw: what who looks may do. barred: they hold the right, but drafted or examined
    here. stands_in_for: the name of whom they would approve for, "" in their own right. version is what acting must
    name.
    """

    row: DraftRow
    version: int
    determination: Determination
    lines: tuple[DraftLineView, ...]
    hidden: int
    steps: tuple[Step, ...]
    may_approve: bool
    may_return: bool
    may_withdraw: bool
    barred: bool
    stands_in_for: str
    moved: int
    digest: str
    history: tuple[HistoryItem, ...]


def list_drafts(runtime: Runtime, viewer: Viewer) -> DraftLists:
    """What waits for this person's approval, what else circulates, and what ended (the newest LIST_SIZE)."""
    with read(runtime.engine) as session:
        mine = session.exec(select(Draft).where(awaits(viewer)).order_by(col(Draft.made_at))).all()
        seen = visible(Draft, _reading(viewer))
        newest = select(Draft).where(seen).order_by(col(Draft.made_at).desc()).limit(LIST_SIZE)
        circulating = session.exec(newest.where(Draft.status == DraftStatus.CIRCULATING)).all()
        closed = session.exec(newest.where(Draft.status != DraftStatus.CIRCULATING)).all()
        ids = {draft.id for draft in mine}
        return DraftLists(
            awaiting_me=_rows(session, viewer, mine, ids),
            circulating=_rows(session, viewer, [draft for draft in circulating if draft.id not in ids], ids),
            closed=_rows(session, viewer, closed, ids),
        )


def count_awaiting(runtime: Runtime, viewer: Viewer) -> int:
    """How many drafts wait for this person's approval."""
    if not viewer.has(StaffRole.APPROVER):
        return 0
    with read(runtime.engine) as session:
        return session.exec(select(func.count(col(Draft.id))).where(awaits(viewer))).one()


def awaits(viewer: Viewer) -> ColumnElement[bool]:
    """The condition under which a draft waits for this approver: not their own, and not approved by them before."""
    done = (
        select(Approval.id)
        .where(col(Approval.draft_id) == Draft.id, Approval.made_by == viewer.user_id)
        .correlate(Draft)
        .exists()
    )
    return and_(
        visible(Draft, viewer.only(StaffRole.APPROVER)),
        col(Draft.status) == DraftStatus.CIRCULATING,
        col(Draft.made_by) != viewer.user_id,
        ~done,
    )


def get_draft_view(runtime: Runtime, viewer: Viewer, draft_id: str) -> DraftView:
    """One draft with its list as frozen. Raises NotVisible."""
    with read(runtime.engine) as session:
        draft = session.exec(select(Draft).where(Draft.id == draft_id, visible(Draft, _reading(viewer)))).first()
        if draft is None:
            raise NotVisible
        open_ = draft.status is DraftStatus.CIRCULATING
        displaced_ = displaced(session, draft.id) if open_ else {}
        moved = moved_on(session, draft.id, protected=draft.protected) if open_ else set()
        moved |= {one for one, other in displaced_.items() if other.decides}
        grant = find_approving_grant(viewer, draft) if open_ else None
        barred = grant is not None and bool(barred_from(session, draft) & {viewer.user_id, grant.deputy_for})
        superior = session.get(User, grant.deputy_for) if grant and grant.deputy_for else None
        lines = _lines(session, viewer, draft, moved, displaced_)
        return DraftView(
            row=_rows(session, viewer, [draft], {draft.id} if grant and not barred else set())[0],
            version=draft.version,
            determination=latest_pack(session, draft.procedure_id)[1].determination,
            lines=lines,
            hidden=draft.cases - len(lines),
            steps=_steps(session, draft),
            may_approve=grant is not None and not barred and not moved,
            may_return=grant is not None,
            may_withdraw=open_ and draft.made_by == viewer.user_id,
            barred=barred,
            stands_in_for=superior.display_name if superior else "",
            moved=len(moved),
            digest=draft.digest,
            history=history_of(session, draft.id, None),
        )


def _reading(viewer: Viewer) -> Viewer:
    return viewer.only(StaffRole.REVIEWER, StaffRole.APPROVER)


def _rows(session: Session, viewer: Viewer, drafts: Sequence[Draft], awaiting: set[str]) -> tuple[DraftRow, ...]:
    names = _names(session, {draft.made_by for draft in drafts})
    counted = session.exec(
        select(Approval.draft_id, func.count(col(Approval.id)))
        .where(col(Approval.draft_id).in_([draft.id for draft in drafts]), Approval.kind == ApprovalKind.APPROVE)
        .group_by(col(Approval.draft_id))
    ).all()
    approved = dict(counted)
    labels = {one: latest_pack(session, one)[1].label for one in {draft.procedure_id for draft in drafts}}
    return tuple(
        DraftRow(
            id=draft.id,
            number=draft.number,
            title=draft.title,
            procedure=labels[draft.procedure_id],
            department=draft.department,
            protected=draft.protected,
            status=draft.status,
            made_by=names.get(draft.made_by, ""),
            made_at=draft.made_at,
            closed_at=draft.closed_at,
            cases=draft.cases,
            grants=draft.grants,
            refusals=draft.refusals,
            total_yen=draft.total_yen,
            approved=approved.get(draft.id, 0),
            needed=draft.approvals_needed,
            mine=draft.made_by == viewer.user_id,
            awaits_me=draft.id in awaiting,
        )
        for draft in drafts
    )


def _lines(
    session: Session, viewer: Viewer, draft: Draft, moved: set[str], elsewhere: Mapping[str, Displaced]
) -> tuple[DraftLineView, ...]:
    readers = _reading(viewer)
    rows = session.exec(
        select(DraftCase, Case, Person, Submission)
        .join(Case, col(Case.id) == DraftCase.case_id)
        .join(Person, col(Person.id) == Case.subject_id)
        .join(Submission, col(Submission.id) == DraftCase.adopted_submission_id)
        .where(
            DraftCase.draft_id == draft.id,
            visible(Case, readers),
            visible(Person, readers),
            visible(Submission, readers),
        )
        .order_by(col(DraftCase.position))
    ).all()
    labels = {one: _places(session, draft, one) for one in {case.instance for _, case, _, _ in rows}}
    refused = refusal_grounds(session, [line.adopted_submission_id for line, *_ in rows])
    return tuple(
        DraftLineView(
            position=line.position,
            case_id=case.id,
            number=case.number,
            name=person.name,
            birth_date=person.birth_date,
            resident_number=person.resident_number,
            submission_id=line.adopted_submission_id,
            receipt_number=submission.receipt_number,
            outcome=line.outcome,
            ground=line.ground,
            amount_yen=line.amount_yen,
            placing=placing_view(frozen_placing(line), labels[case.instance]),
            now=placing_view(elsewhere[case.id].now, labels[case.instance]) if case.id in elsewhere else None,
            out_of_place=case.id in elsewhere,
            moved=case.id in moved,
            found_otherwise=line.outcome is Outcome.GRANT and line.adopted_submission_id in refused,
            erased=submission.erased_at is not None,
        )
        for line, case, person, submission in rows
    )


def _places(session: Session, draft: Draft, instance: str) -> Mapping[str, Label]:
    version_id = find_ranking(session, draft.procedure_id, instance)
    return place_labels(get_pack(session, version_id)) if version_id else {}


def _steps(session: Session, draft: Draft) -> tuple[Step, ...]:
    rows = approvals_of(session, draft.id)
    names = _names(session, {one for row in rows for one in (row.made_by, row.on_behalf_of) if one})
    return tuple(
        Step(
            number=row.step,
            kind=row.kind,
            name=names.get(row.made_by, ""),
            on_behalf_of=names.get(row.on_behalf_of or "", ""),
            note=row.note,
            at=row.made_at,
        )
        for row in rows
    )


def _names(session: Session, ids: set[str]) -> dict[str, str]:
    return dict(session.exec(select(User.id, User.display_name).where(col(User.id).in_(ids))).all())
