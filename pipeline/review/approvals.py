"""決裁: superiors agree to a draft or return it. Nobody approves what they drafted or examined, and nobody twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import literal, or_
from sqlmodel import Session, col, select

from pipeline.domain.errors import Impossible, NotAllowed
from pipeline.domain.statuses import ApprovalKind, CaseStatus, DraftStatus, Outcome, StaffRole
from pipeline.review.draft_cases import displaced, hold_cases, ids_in, moved_on, put_cases, refuse_moved
from pipeline.review.drafts import close_draft, hold_draft, release_cases, require_circulating
from pipeline.runtime import Runtime
from pipeline.steps.outbox import announce_cases
from pipeline.store.access import Grant, Viewer
from pipeline.store.engine import again_on_clash, read, write
from pipeline.store.events import append_event, append_events
from pipeline.store.tables import Approval, Decision, Draft, DraftCase, Entry, StaffGrant, User

_DETERMINED = {Outcome.GRANT: CaseStatus.GRANTED, Outcome.REFUSE: CaseStatus.REFUSED}


class OwnWork(NotAllowed):
    """Four eyes: the drafter, an examiner of one of the cases, or somebody who approved already."""

    code = "own_work"
    ja = "自分が起案・確認した案件や、すでに決裁した起案は決裁できません。別の決裁者が行います。"
    en = "You drafted or examined a case of this draft, or approved it already. Somebody else has to approve."


class NobodyToStandInFor(NotAllowed):
    """代決 for somebody who may not approve here themselves."""

    code = "nobody_to_stand_in_for"
    ja = "代決の相手に、この起案を決裁する権限がありません。管理者に確かめてください。"
    en = "Whom you stand in for may not approve this draft. Please ask an administrator."


class NoteMissing(Impossible):
    """A draft is returned without saying why."""

    code = "note_missing"
    ja = "差し戻す理由を書いてください。起案者に伝わります。"
    en = "Please say why you return it; the drafter reads it."


def approve_draft(runtime: Runtime, viewer: Viewer, draft_id: str, version: int, note: str = "") -> DraftStatus:
    """決裁, or 代決 where the viewer is a deputy; the last one needed determines every case of the draft.

    Gives the status the draft then has; approving again changes nothing. Raises NotVisible, NotAllowed, OwnWork,
    NobodyToStandInFor, DraftClosed, DraftChanged, and CasesMoved when cases are not what was frozen.
    """
    return again_on_clash(lambda: _approve(runtime, viewer, draft_id, version, note.strip()))


def return_draft(runtime: Runtime, viewer: Viewer, draft_id: str, version: int, note: str) -> None:
    """差戻し: the draft ends, its cases wait to be drafted again, and the drafter reads the note. Twice is once.

    Raises NotVisible, NotAllowed, NoteMissing, DraftClosed, DraftChanged.
    """
    if not note.strip():
        raise NoteMissing
    again_on_clash(lambda: _return(runtime, viewer, draft_id, version, note.strip()))


def require_approver(viewer: Viewer, draft: Draft) -> Grant:
    """The grant under which this person approves here, one in their own right before one as a deputy.

    Raises NotAllowed.
    """
    grant = find_approving_grant(viewer, draft)
    if grant is None:
        raise NotAllowed
    return grant


def find_approving_grant(viewer: Viewer, draft: Draft) -> Grant | None:
    """As `require_approver`, or None."""
    held = [
        grant
        for grant in viewer.grants
        if grant.role is StaffRole.APPROVER
        and grant.department == draft.department
        and grant.procedure_id in ("", draft.procedure_id)
    ]
    return min(held, key=lambda grant: (bool(grant.deputy_for), grant.deputy_for), default=None)


def barred_from(session: Session, draft: Draft) -> set[str]:
    """Ids of all who may not approve this draft: its drafter, who decided on an application of its cases, who
    approved it before, and for whom a deputy did."""
    cases = select(DraftCase.case_id).where(DraftCase.draft_id == draft.id)
    examined = select(Entry.submission_id).where(col(Entry.case_id).in_(cases))
    examiners = session.exec(select(Decision.made_by).where(col(Decision.submission_id).in_(examined)).distinct())
    earlier = approvals_of(session, draft.id)
    approvers = {one for step in earlier for one in (step.made_by, step.on_behalf_of) if one}
    return {draft.made_by, *examiners.all(), *approvers}


def approvals_of(session: Session, draft_id: str) -> Sequence[Approval]:
    """What superiors did with the draft, step by step."""
    return session.exec(select(Approval).where(Approval.draft_id == draft_id).order_by(col(Approval.step))).all()


def _approve(runtime: Runtime, viewer: Viewer, draft_id: str, version: int, note: str) -> DraftStatus:
    now = runtime.clock()
    with read(runtime.engine) as session:  # before the write: ranking thousands takes seconds
        replaced = {one for one, moved in displaced(session, draft_id).items() if moved.decides}
    with write(runtime.engine) as session:
        draft = hold_draft(session, viewer, draft_id)
        grant = require_approver(viewer, draft)
        if _did(session, draft, viewer, ApprovalKind.APPROVE):
            return draft.status
        require_circulating(draft, version)
        _require_superior(session, draft, grant)
        if barred_from(session, draft) & {viewer.user_id, grant.deputy_for}:
            raise OwnWork
        hold_cases(session, ids_in(session, draft.id))
        refuse_moved(session, viewer, replaced | moved_on(session, draft.id, protected=draft.protected))
        step = _write_down(session, draft, viewer, grant, ApprovalKind.APPROVE, note, now)
        if step >= draft.approvals_needed:
            _determine(session, draft, viewer.user_id, now)
        return draft.status


def _return(runtime: Runtime, viewer: Viewer, draft_id: str, version: int, note: str) -> None:
    now = runtime.clock()
    with write(runtime.engine) as session:
        draft = hold_draft(session, viewer, draft_id)
        grant = require_approver(viewer, draft)
        if _did(session, draft, viewer, ApprovalKind.RETURN):
            return
        require_circulating(draft, version)
        _write_down(session, draft, viewer, grant, ApprovalKind.RETURN, note, now)
        close_draft(session, draft, DraftStatus.RETURNED, viewer.user_id, now)
        release_cases(session, draft, viewer.user_id, now)


def _determine(session: Session, draft: Draft, actor: str, at: datetime) -> None:
    for outcome, status in _DETERMINED.items():
        ids = ids_in(session, draft.id, outcome)
        put_cases(session, ids, status)
        append_events(session, "case", ids, f"case_{status.value}", actor=actor, at=at, payload={"draft": draft.id})
        announce_cases(session, ids, at)
    close_draft(session, draft, DraftStatus.APPROVED, actor, at)


def _write_down(
    session: Session, draft: Draft, viewer: Viewer, grant: Grant, kind: ApprovalKind, note: str, at: datetime
) -> int:
    """The step, from 1, that this is."""
    step = len(approvals_of(session, draft.id)) + 1
    session.add(
        Approval(
            draft_id=draft.id,
            step=step,
            kind=kind,
            made_by=viewer.user_id,
            on_behalf_of=grant.deputy_for or None,
            note=note,
            made_at=at,
        )
    )
    draft.version += 1
    session.add(draft)
    payload = {"step": step, "on_behalf_of": grant.deputy_for}
    append_event(session, "draft", draft.id, f"draft_step_{kind.value}", actor=viewer.user_id, at=at, payload=payload)
    return step


def _did(session: Session, draft: Draft, viewer: Viewer, kind: ApprovalKind) -> bool:
    """True when this person has done just this before: a double click, not a second opinion."""
    return any(one.made_by == viewer.user_id and one.kind is kind for one in approvals_of(session, draft.id))


def _require_superior(session: Session, draft: Draft, grant: Grant) -> None:
    """A deputy's right is no larger than that of whom they stand in for."""
    if not grant.deputy_for:
        return
    held = session.exec(
        select(StaffGrant.id)
        .join(User, col(User.id) == StaffGrant.user_id)
        .where(
            StaffGrant.user_id == grant.deputy_for,
            StaffGrant.role == StaffRole.APPROVER,
            StaffGrant.department == draft.department,
            col(StaffGrant.procedure_id).in_(["", draft.procedure_id]),
            col(StaffGrant.deputy_for).is_(None),
            col(User.active).is_(True),
            or_(col(User.sees_protected).is_(True), literal(not draft.protected)),
        )
    ).first()
    if held is None:
        raise NobodyToStandInFor
