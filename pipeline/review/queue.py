"""The one queue: what waits for a person, whatever channel it came by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import Session, col, select

from pipeline.domain.statuses import Channel, ReasonCode, SubmissionStatus, TaskKind, TaskStatus
from pipeline.procedures.pack import Label, Procedure, field_key
from pipeline.review.claim import is_held, lease_holds, workable
from pipeline.runtime import JST, Runtime
from pipeline.steps.packs import get_pack
from pipeline.store.access import Viewer, visible
from pipeline.store.engine import read
from pipeline.store.tables import Batch, Case, FieldValue, ReviewReason, ReviewTask, Submission, User

PAGE_SIZE = 50


@dataclass(frozen=True)
class QueueFilter:
    """What of the queue is asked for; no value from a form is among it, so it may stand in an address.

    due: "overdue" or "today". returned: only what came back after a 補正依頼. awaiting: what waits for the
    applicant, which is otherwise left out. page: 1-based.
    """

    channel: Channel | None = None
    reason: ReasonCode | None = None
    procedure: str | None = None
    due: str | None = None
    mine: bool = False
    returned: bool = False
    awaiting: bool = False
    kind: TaskKind | None = None
    page: int = 1


@dataclass(frozen=True)
class ReasonShown:
    """One reason of a task: about is a field key, a check code, a role or an id."""

    code: ReasonCode
    about: str
    detail: str


@dataclass(frozen=True)
class QueueRow:
    """One line of the queue. number: receipt number of the application, or the batch's number.

    since: the day it was received. owner: who holds it now, None when nobody does.
    """

    task_id: str
    kind: TaskKind
    number: str
    due_on: date | None
    since: date
    channel: Channel | None
    procedure: Label | None
    applicant: str | None
    reasons: tuple[ReasonShown, ...]
    owner: str | None
    mine: bool


@dataclass(frozen=True)
class QueueCounts:
    """How many open tasks this viewer may work on, whatever the filter."""

    total: int
    overdue: int
    due_today: int
    mine: int
    returned: int
    awaiting: int
    by_reason: Mapping[ReasonCode, int]
    by_channel: Mapping[Channel, int]
    procedures: Mapping[str, Label]


@dataclass(frozen=True)
class QueuePage:
    """One page of the filtered queue, and the counts beside it. matching: rows on all pages."""

    rows: tuple[QueueRow, ...]
    matching: int
    pages: int
    counts: QueueCounts


def list_tasks(runtime: Runtime, viewer: Viewer, wanted: QueueFilter) -> QueuePage:
    """The open tasks that fit, the earliest due first."""
    now, today = runtime.clock(), runtime.today()
    with read(runtime.engine) as session:
        fits = and_(workable(viewer), *_conditions(wanted, viewer, today, now))
        matching = session.exec(_over_tasks(func.count(col(ReviewTask.id))).where(fits)).one()
        pages = max(1, -(-matching // PAGE_SIZE))
        page = min(max(1, wanted.page), pages)
        tasks = session.exec(
            _over_tasks(ReviewTask, Submission, Batch)
            .where(fits)
            .order_by(*_ORDER)
            .offset((page - 1) * PAGE_SIZE)
            .limit(PAGE_SIZE)
        ).all()
        rows = _rows(session, viewer, tasks, now)
        return QueuePage(rows, matching, pages, _counts(session, viewer, today, now))


def waiting_ids(runtime: Runtime, viewer: Viewer, wanted: QueueFilter, limit: int = 500) -> list[str]:
    """Ids of the tasks that fit, in the order of the queue: what "the next one" is chosen from."""
    now, today = runtime.clock(), runtime.today()
    with read(runtime.engine) as session:
        fits = and_(workable(viewer), *_conditions(wanted, viewer, today, now))
        return list(session.exec(_over_tasks(ReviewTask.id).where(fits).order_by(*_ORDER).limit(limit)).all())


def count_waiting(runtime: Runtime, viewer: Viewer) -> int:
    """How many open tasks there are for this viewer."""
    with read(runtime.engine) as session:
        fits = and_(workable(viewer), _is_open(), _awaits(applicant=False))
        found: int = session.exec(_over_tasks(func.count(col(ReviewTask.id))).where(fits)).one()
        return found


_ORDER = (
    col(ReviewTask.due_on).is_(None),
    col(ReviewTask.due_on),
    col(ReviewTask.opened_at),
    col(ReviewTask.id),
)


def _over_tasks(*what: Any) -> Any:
    return (
        select(*what)
        .select_from(ReviewTask)
        .join(Submission, col(Submission.id) == ReviewTask.submission_id, isouter=True)
        .join(Batch, col(Batch.id) == ReviewTask.batch_id, isouter=True)
    )


def _is_open() -> ColumnElement[bool]:
    return col(ReviewTask.status) == TaskStatus.OPEN


def _awaits(applicant: bool) -> ColumnElement[bool]:
    waiting = col(Submission.status) == SubmissionStatus.AWAITING_CORRECTION
    return waiting if applicant else or_(col(Submission.id).is_(None), ~waiting)


def _is_mine(viewer: Viewer, now: datetime) -> ColumnElement[bool]:
    return and_(col(ReviewTask.lease_owner) == viewer.user_id, lease_holds(now))


def _conditions(wanted: QueueFilter, viewer: Viewer, today: date, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [_is_open(), _awaits(wanted.awaiting)]
    if wanted.kind:
        conditions.append(col(ReviewTask.kind) == wanted.kind)
    if wanted.channel:
        conditions.append(
            or_(
                col(Submission.channel) == wanted.channel,
                and_(col(Submission.id).is_(None), col(Batch.channel) == wanted.channel),
            )
        )
    if wanted.procedure:
        conditions.append(col(Submission.procedure_id) == wanted.procedure)
    if wanted.reason:
        has = select(ReviewReason.id).where(
            col(ReviewReason.task_id) == ReviewTask.id,
            col(ReviewReason.code) == wanted.reason,
            reason_may_show(viewer),
        )
        conditions.append(has.exists())
    if wanted.due == "overdue":
        conditions.append(col(ReviewTask.due_on) < today)
    elif wanted.due == "today":
        conditions.append(col(ReviewTask.due_on) == today)
    if wanted.mine:
        conditions.append(_is_mine(viewer, now))
    if wanted.returned:
        conditions.append(col(Submission.answers_id).is_not(None))
    return conditions


def _rows(session: Session, viewer: Viewer, tasks: Sequence[Any], now: datetime) -> tuple[QueueRow, ...]:
    reasons = _reasons(session, viewer, [task.id for task, _, _ in tasks])
    packs = {s.pack_version_id: get_pack(session, s.pack_version_id) for _, s, _ in tasks if s}
    names = _applicants(session, [submission for _, submission, _ in tasks if submission], packs)
    holders = {task.lease_owner for task, _, _ in tasks if task.lease_owner}
    owners = dict(
        session.exec(select(User.id, User.display_name).where(col(User.id).in_(holders))).all() if holders else []
    )
    return tuple(
        _row(viewer, task, submission, batch, reasons, packs, names, owners, now) for task, submission, batch in tasks
    )


def _row(
    viewer: Viewer,
    task: ReviewTask,
    submission: Submission | None,
    batch: Batch | None,
    reasons: Mapping[str, tuple[ReasonShown, ...]],
    packs: Mapping[str, Procedure],
    names: Mapping[str, str],
    owners: Mapping[str, str],
    now: datetime,
) -> QueueRow:
    held = is_held(task, now)
    since = submission.received_on if submission else task.opened_at.astimezone(JST).date()
    channel = submission.channel if submission else batch.channel if batch else None
    return QueueRow(
        task_id=task.id,
        kind=task.kind,
        number=submission.receipt_number if submission else batch.number if batch else "",
        due_on=task.due_on,
        since=since,
        channel=channel,
        procedure=packs[submission.pack_version_id].label if submission else None,
        applicant=names.get(submission.id) if submission else None,
        reasons=reasons.get(task.id, ()),
        owner=owners.get(task.lease_owner or "") if held else None,
        mine=held and task.lease_owner == viewer.user_id,
    )


def _reasons(session: Session, viewer: Viewer, task_ids: Sequence[str]) -> dict[str, tuple[ReasonShown, ...]]:
    rows = session.exec(
        select(ReviewReason).where(col(ReviewReason.task_id).in_(task_ids), reason_may_show(viewer))
    ).all()
    shown: dict[str, list[ReasonShown]] = {}
    for row in rows:
        shown.setdefault(row.task_id, []).append(ReasonShown(row.code, row.about, row.detail))
    order = list(ReasonCode)
    return {
        task_id: tuple(sorted(found, key=lambda reason: (order.index(reason.code), reason.about)))
        for task_id, found in shown.items()
    }


def reason_may_show(viewer: Viewer) -> ColumnElement[bool]:
    """False for a reason that points at a submission or a case the viewer may not know of."""
    # Correlated by name: queries around this one may have joined the submission themselves.
    hidden = (
        select(model.id).where(col(model.id) == ReviewReason.about, ~visible(model, viewer)).correlate(ReviewReason)
        for model in (Submission, Case)
    )
    return and_(*(~one.exists() for one in hidden))


def applicant_keys(pack: Procedure) -> tuple[str | None, str | None]:
    """The field keys of the applicant's name and reading: of the first role that matching names."""
    for role in pack.matching.roles:
        if role.role != pack.matching.subject_role or len(pack.matching.roles) == 1:
            index = 1 if pack.role(role.role).max > 1 else 0
            name, kana = role.attributes.get("name"), role.attributes.get("kana")
            return (field_key(name, index) if name else None, field_key(kana, index) if kana else None)
    return None, None


def _applicants(session: Session, submissions: Sequence[Submission], packs: Mapping[str, Procedure]) -> dict[str, str]:
    keys = {s.id: applicant_keys(packs[s.pack_version_id])[0] for s in submissions}
    wanted = {key for key in keys.values() if key}
    if not wanted:
        return {}
    values = session.exec(
        select(FieldValue).where(col(FieldValue.submission_id).in_(list(keys)), col(FieldValue.key).in_(wanted))
    ).all()
    return {row.submission_id: row.value or row.raw for row in values if keys[row.submission_id] == row.key}


def _counts(session: Session, viewer: Viewer, today: date, now: datetime) -> QueueCounts:
    everything = and_(workable(viewer), _is_open())
    base = and_(everything, _awaits(applicant=False))

    def count(*more: ColumnElement[bool]) -> int:
        found: int = session.exec(_over_tasks(func.count(col(ReviewTask.id))).where(base, *more)).one()
        return found

    by_reason = session.exec(
        select(ReviewReason.code, func.count(func.distinct(ReviewReason.task_id)))
        .join(ReviewTask, col(ReviewTask.id) == ReviewReason.task_id)
        .join(Submission, col(Submission.id) == ReviewTask.submission_id, isouter=True)
        .where(base, reason_may_show(viewer))
        .group_by(col(ReviewReason.code))
    ).all()
    channel = func.coalesce(col(Submission.channel), col(Batch.channel))
    by_channel = session.exec(_over_tasks(channel, func.count(col(ReviewTask.id))).where(base).group_by(channel)).all()
    packs = session.exec(select(func.max(Submission.pack_version_id)).group_by(col(Submission.procedure_id))).all()
    labels = [get_pack(session, pack_id) for pack_id in packs]
    return QueueCounts(
        total=count(),
        overdue=count(col(ReviewTask.due_on) < today),
        due_today=count(col(ReviewTask.due_on) == today),
        mine=count(_is_mine(viewer, now)),
        returned=count(col(Submission.answers_id).is_not(None)),
        awaiting=session.exec(
            _over_tasks(func.count(col(ReviewTask.id))).where(everything, _awaits(applicant=True))
        ).one(),
        by_reason={ReasonCode(code): found for code, found in by_reason},
        by_channel={Channel(code): found for code, found in by_channel if code},
        procedures={pack.id: pack.label for pack in labels},
    )
