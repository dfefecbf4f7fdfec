"""Parked work: what failed again and again, or killed its workers, waits for a person with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from pipeline.domain.errors import Impossible
from pipeline.domain.next_step import next_step
from pipeline.domain.statuses import (
    ArrivalStatus,
    Origin,
    OutboundStatus,
    ReasonCode,
    SubmissionStatus,
    TaskKind,
    TaskStatus,
)
from pipeline.runtime import Runtime
from pipeline.steps.assign import park
from pipeline.steps.due import EXPORT_SOURCE, About, Piece
from pipeline.steps.hold import hold_submission, move_submission
from pipeline.steps.packs import get_pack
from pipeline.steps.tasks import Doubt, close_task, open_mailroom_task
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import (
    Arrival,
    Batch,
    Decision,
    FieldValue,
    Outbound,
    ReviewReason,
    ReviewTask,
    Submission,
    WorkLease,
)

CODE = ReasonCode.PROCESSING_FAILED.value


@dataclass(frozen=True)
class ParkedItem:
    """Something an operator should look at. number: what staff call it (receipt or batch number), or "".

    step: where on the path it stopped. since: None when that was not recorded. protected: it touches a protected
    person.
    """

    piece: Piece
    number: str
    step: str
    since: datetime | None
    protected: bool = False


def park_piece(session: Session, piece: Piece, *, at: datetime) -> None:
    """Takes the piece off the path, within the caller's write; a person sees it from now on."""
    if piece.about in (About.SUBMISSION, About.MATCH):
        _park_submission(session, piece.id, at)
    elif piece.about is About.OUTBOUND:
        _park_outbound(session, piece.id)
    else:
        _park_arrivals(session, piece, at)


def find_parked(runtime: Runtime) -> tuple[ParkedItem, ...]:
    """Everything parked, over all departments, the longest waiting first."""
    with read(runtime.engine) as session:
        found = [*_parked_submissions(session), *_parked_arrivals(session)]
    return tuple(sorted(found, key=lambda item: (item.since is None, item.since, item.number)))


def try_again(runtime: Runtime, piece: Piece, *, actor: str) -> None:
    """Puts a parked piece back on the path, where a worker finds it. Raises Impossible when it is not parked, and for
    what is to leave: that has a list of its own (`pipeline.review.deliveries`)."""
    with write(runtime.engine) as session:
        at = runtime.clock()
        if piece.about in (About.SUBMISSION, About.MATCH):
            _submission_again(session, piece.id, actor, at)
        else:
            _arrivals_again(session, piece, actor, at)
        words = {piece.subject, f"{About.SUBMISSION}:{piece.id}", f"{About.MATCH}:{piece.id}"}
        session.execute(delete(WorkLease).where(col(WorkLease.subject).in_(words)))


def refuse_parked(runtime: Runtime, piece: Piece, *, actor: str) -> None:
    """Gives up the parked files of a batch, or a parked export, by name: the batch goes on without them, as without
    any other file that could not be opened, and its mailroom task stays for the sender to be asked again."""
    with write(runtime.engine) as session:
        rows = _arrivals_of(session, piece, ArrivalStatus.PARKED)
        if not rows:
            raise Impossible
        for row in rows:
            row.status, row.problem_code = ArrivalStatus.REFUSED, CODE
            session.add(row)
        _tell(session, piece, "parked_refused", actor, runtime.clock())
        session.execute(delete(WorkLease).where(col(WorkLease.subject) == piece.subject))


def _park_submission(session: Session, submission_id: str, at: datetime) -> None:
    submission = hold_submission(session, submission_id)
    step = next_step(submission.status)
    if step is None:
        return
    pack = get_pack(session, submission.pack_version_id)
    park(session, submission, pack, [Doubt(ReasonCode.PROCESSING_FAILED, step.value)], at)


def _park_outbound(session: Session, outbound_id: str) -> None:
    row = session.get_one(Outbound, outbound_id, with_for_update=True)
    if row.status is OutboundStatus.DUE:
        row.status, row.problem_code = OutboundStatus.FAILED, CODE
        session.add(row)


def _park_arrivals(session: Session, piece: Piece, at: datetime) -> None:
    """The files not yet cut; where all are, the last one stands for the batch, which could not be put together."""
    waiting = _arrivals_of(session, piece, ArrivalStatus.STORED)
    rows = waiting or _arrivals_of(session, piece, ArrivalStatus.TAKEN)[-1:]
    for row in rows:
        row.status, row.problem_code = ArrivalStatus.PARKED, CODE
        session.add(row)
    if not rows:
        return
    open_mailroom_task(
        session,
        key=f"parked:{piece.id}",
        department=rows[0].department,
        doubts=[Doubt(ReasonCode.PROCESSING_FAILED, row.id, CODE) for row in rows],
        at=at,
        batch_id=rows[0].batch_id,
        arrival_id=rows[0].id if piece.about is About.EXPORT else None,
    )
    _tell(session, piece, "parked", "system", at)


def _submission_again(session: Session, submission_id: str, actor: str, at: datetime) -> None:
    """From the start, unless a clerk typed something into it: that is not read over."""
    submission = hold_submission(session, submission_id)
    task = _task_of(session, submission_id)
    if submission.status is not SubmissionStatus.IN_REVIEW or task is None:
        raise Impossible
    typed = session.exec(
        select(FieldValue.id).where(FieldValue.submission_id == submission_id, FieldValue.origin == Origin.CLERK)
    ).first()
    decided = session.exec(select(Decision.id).where(Decision.task_id == task.id)).first()
    submission.attempts = 0
    move_submission(session, submission, SubmissionStatus.READ if typed else SubmissionStatus.RECEIVED)
    if not (typed or decided):
        # Nobody has looked: what now goes well needs no one to.
        close_task(session, task, actor=actor, at=at)
    append_event(session, "submission", submission_id, "submission_retried", actor=actor, at=at)


def _arrivals_again(session: Session, piece: Piece, actor: str, at: datetime) -> None:
    rows = _arrivals_of(session, piece, ArrivalStatus.PARKED)
    if not rows:
        raise Impossible
    for row in rows:
        taken = row.batch_id is not None and row.page_count is not None
        row.status, row.problem_code = ArrivalStatus.TAKEN if taken else ArrivalStatus.STORED, None
        session.add(row)
    task = session.exec(select(ReviewTask).where(ReviewTask.open_key == f"mailroom:parked:{piece.id}")).first()
    if task is not None:
        close_task(session, task, actor=actor, at=at)
    _tell(session, piece, "parked_retried", actor, at)


def _arrivals_of(session: Session, piece: Piece, status: ArrivalStatus) -> list[Arrival]:
    column = Arrival.batch_id if piece.about is About.BATCH else Arrival.id
    query = select(Arrival).where(column == piece.id, Arrival.status == status).order_by(col(Arrival.position))
    return list(session.exec(query.with_for_update()).all())


def _tell(session: Session, piece: Piece, what: str, actor: str, at: datetime) -> None:
    aggregate = "batch" if piece.about is About.BATCH else "arrival"
    append_event(session, aggregate, piece.id, f"{aggregate}_{what}", actor=actor, at=at)


def _task_of(session: Session, submission_id: str) -> ReviewTask | None:
    """The open task that says so, or None when the submission is not parked."""
    return session.exec(
        select(ReviewTask)
        .join(ReviewReason, col(ReviewReason.task_id) == ReviewTask.id)
        .where(ReviewTask.open_key == f"intake:{submission_id}", ReviewReason.code == ReasonCode.PROCESSING_FAILED)
    ).first()


def _parked_submissions(session: Session) -> list[ParkedItem]:
    rows = session.exec(
        select(Submission, ReviewReason.about, ReviewTask.opened_at)
        .join(ReviewTask, col(ReviewTask.submission_id) == Submission.id)
        .join(ReviewReason, col(ReviewReason.task_id) == ReviewTask.id)
        .where(
            ReviewTask.kind == TaskKind.INTAKE,
            ReviewTask.status == TaskStatus.OPEN,
            ReviewReason.code == ReasonCode.PROCESSING_FAILED,
            Submission.status == SubmissionStatus.IN_REVIEW,
        )
    ).all()
    return [
        ParkedItem(Piece(About.SUBMISSION, row.id), row.receipt_number, step, opened_at, row.protected)
        for row, step, opened_at in rows
    ]


def _parked_arrivals(session: Session) -> list[ParkedItem]:
    rows = session.exec(
        select(Arrival, Batch)
        .join(Batch, col(Batch.id) == Arrival.batch_id, isouter=True)
        .where(Arrival.status == ArrivalStatus.PARKED)
    ).all()
    found: dict[Piece, ParkedItem] = {}
    for arrival, batch in rows:
        is_export = arrival.source.startswith(EXPORT_SOURCE)
        piece = Piece(About.EXPORT, arrival.id) if is_export else Piece(About.BATCH, arrival.batch_id or "")
        opened = session.exec(
            select(ReviewTask.opened_at).where(ReviewTask.open_key == f"mailroom:parked:{piece.id}")
        ).first()
        found[piece] = ParkedItem(piece, batch.number if batch else "", "intake", opened)
    return list(found.values())
