"""What failed to leave the house, for operators: numbers and ids, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, false, or_
from sqlmodel import Session, col, func, select

from pipeline.domain.errors import Impossible, NotAllowed, NotVisible
from pipeline.domain.statuses import OutboundKind, OutboundStatus, StaffRole
from pipeline.procedures.pack import Label
from pipeline.runtime import Runtime
from pipeline.steps.packs import latest_pack
from pipeline.store.access import Viewer
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import ApiClient, Outbound, Submission

MOST = 200


class NobodyToTell(Impossible):
    """The sending system is closed, or wants no events any more."""

    code = "nobody_to_tell"
    ja = "送信元の通知先がありません。通知先を設定し直すか、取りやめてください。"
    en = "The sending system has no address for events. Set one again, or give the delivery up."


@dataclass(frozen=True)
class FailedDelivery:
    """One thing that did not leave. procedure: None where it belongs to none. receipt_number: "" where it must not
    show. client: the sending system's name."""

    id: str
    kind: OutboundKind
    procedure: Label | None
    receipt_number: str
    client: str
    attempts: int
    problem_code: str | None
    created_at: datetime


@dataclass(frozen=True)
class Outbox:
    """failed: the oldest MOST of `failed_count`. waiting: due now or later; trying: of those, tried before."""

    failed: tuple[FailedDelivery, ...]
    failed_count: int
    waiting: int
    trying: int
    next_attempt_at: datetime | None


def get_outbox(runtime: Runtime, viewer: Viewer) -> Outbox:
    """What this operator's departments could not hand over. Raises NotAllowed for others."""
    _require_operator(viewer)
    mine = _operated(viewer)
    failed = (mine, col(Outbound.status) == OutboundStatus.FAILED)
    due = (mine, col(Outbound.status) == OutboundStatus.DUE)
    with read(runtime.engine, one_moment=True) as session:
        rows = session.exec(
            select(Outbound, Submission.receipt_number, ApiClient.name)
            .outerjoin(Submission, col(Submission.id) == Outbound.submission_id)
            .outerjoin(ApiClient, col(ApiClient.id) == Outbound.client_id)
            .where(*failed)
            .order_by(col(Outbound.created_at), col(Outbound.id))
            .limit(MOST)
        ).all()
        return Outbox(
            failed=tuple(_failed(session, viewer, *row) for row in rows),
            failed_count=_count(session, failed),
            waiting=_count(session, due),
            trying=_count(session, (*due, col(Outbound.attempts) > 0)),
            next_attempt_at=session.exec(select(func.min(Outbound.next_attempt_at)).where(*due)).one(),
        )


def deliver_again(runtime: Runtime, viewer: Viewer, outbound_id: str) -> None:
    """Has it tried anew, from the first attempt on. Raises NotVisible, or NobodyToTell; a second click is harmless."""
    with write(runtime.engine) as session:
        row = _held(session, viewer, outbound_id)
        if row.status is not OutboundStatus.FAILED:
            return
        if row.kind is OutboundKind.STATUS_EVENT and not session.get_one(ApiClient, row.client_id).webhook_url:
            raise NobodyToTell
        row.status, row.problem_code, row.attempts, row.next_attempt_at = OutboundStatus.DUE, None, 0, None
        _remember(runtime, session, viewer, row, "delivery_again")


def give_up(runtime: Runtime, viewer: Viewer, outbound_id: str) -> None:
    """取りやめ: it will not be delivered, and leaves the screen. Raises NotVisible; a second click is harmless."""
    with write(runtime.engine) as session:
        row = _held(session, viewer, outbound_id)
        if row.status is not OutboundStatus.FAILED:
            return
        row.status, row.next_attempt_at = OutboundStatus.ABANDONED, None
        _remember(runtime, session, viewer, row, "delivery_given_up")


def _require_operator(viewer: Viewer) -> None:
    if not viewer.has(StaffRole.OPERATOR):
        raise NotAllowed


def _operated(viewer: Viewer) -> ColumnElement[bool]:
    """Rows of the departments and procedures that this viewer operates."""
    held = [grant for grant in viewer.grants if grant.role is StaffRole.OPERATOR]
    rules = []
    for grant in held:
        there = col(Outbound.department) == grant.department
        rules.append(there & (col(Outbound.procedure_id) == grant.procedure_id) if grant.procedure_id else there)
    return or_(false(), *rules)


def _count(session: Session, where: Sequence[ColumnElement[bool]]) -> int:
    return session.exec(select(func.count()).select_from(Outbound).where(*where)).one()


def _failed(
    session: Session, viewer: Viewer, row: Outbound, receipt_number: str | None, client: str | None
) -> FailedDelivery:
    shown = receipt_number if receipt_number and (viewer.sees_protected or not row.protected) else ""
    return FailedDelivery(
        id=row.id,
        kind=row.kind,
        procedure=latest_pack(session, row.procedure_id)[1].label if row.procedure_id else None,
        receipt_number=shown,
        client=client or "",
        attempts=row.attempts,
        problem_code=row.problem_code,
        created_at=row.created_at,
    )


def _held(session: Session, viewer: Viewer, outbound_id: str) -> Outbound:
    _require_operator(viewer)
    query = select(Outbound).where(Outbound.id == outbound_id, _operated(viewer)).with_for_update()
    row = session.exec(query).first()
    if row is None:
        raise NotVisible
    return row


def _remember(runtime: Runtime, session: Session, viewer: Viewer, row: Outbound, kind: str) -> None:
    session.add(row)
    append_event(session, "outbound", row.id, kind, actor=viewer.user_id, at=runtime.clock())
