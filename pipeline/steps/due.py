"""What is due, as pieces of work in lanes: who may work beside whom, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session, col, select

from pipeline.domain.statuses import ArrivalStatus, BatchStatus, OutboundKind, OutboundStatus, SubmissionStatus
from pipeline.store.tables import Arrival, Batch, Outbound, Submission

EXPORT_SOURCE = "export:"

PATIENCE = timedelta(minutes=10)
"""So long an application waits for those received before it that are still being taken in or read."""

MOST = 1000
"""How many are looked at: more than workers hold at any time."""


class Lane(StrEnum):
    """A kind of work. In `intake` and `match` one worker at a time goes on, in order of receipt; the slow lanes,
    `read` and `send`, are worked by as many as there are."""

    INTAKE = "intake"
    READ = "read"
    MATCH = "match"
    SEND = "send"  # letters to be made; status events go by `deliver`, which has claims of its own

    @property
    def in_order(self) -> bool:
        """True where one worker at a time goes on."""
        return self in (Lane.INTAKE, Lane.MATCH)


class About(StrEnum):
    """What a piece of work is about; the word its lease begins with."""

    BATCH = "batch"
    EXPORT = "export"
    SUBMISSION = "submission"
    MATCH = "match"
    OUTBOUND = "outbound"


LANE_OF = {
    About.BATCH: Lane.INTAKE,
    About.EXPORT: Lane.INTAKE,
    About.SUBMISSION: Lane.READ,
    About.MATCH: Lane.MATCH,
    About.OUTBOUND: Lane.SEND,
}


@dataclass(frozen=True)
class Piece:
    """One piece of work: a batch to split, an export to take, a submission to read or to match, something to send."""

    about: About
    id: str

    @property
    def subject(self) -> str:
        """The name of its lease."""
        return f"{self.about.value}:{self.id}"

    @classmethod
    def of_subject(cls, subject: str) -> Piece:
        """The piece a lease is for; raises ValueError for a subject that is none."""
        about, _, row_id = subject.partition(":")
        return cls(About(about), row_id)


def due_in(session: Session, lane: Lane, now: datetime) -> Iterator[Piece]:
    """What waits in a lane, the first to be worked on first."""
    match lane:
        case Lane.INTAKE:
            yield from _due_intake(session)
        case Lane.READ:
            yield from _due_reading(session)
        case Lane.MATCH:
            yield from _due_matching(session, now)
        case Lane.SEND:
            yield from _due_sending(session)


def _due_intake(session: Session) -> list[Piece]:
    """Batches and exports in the order they came; not those of which a file is parked."""
    parked = select(Arrival.batch_id).where(Arrival.status == ArrivalStatus.PARKED, col(Arrival.batch_id).is_not(None))
    batches = session.exec(
        select(Batch.created_at, Batch.number, Batch.id).where(
            Batch.status == BatchStatus.RECEIVED, col(Batch.id).not_in(parked)
        )
    ).all()
    exports = session.exec(
        select(Arrival.arrived_at, Arrival.id).where(
            col(Arrival.source).startswith(EXPORT_SOURCE), Arrival.status == ArrivalStatus.STORED
        )
    ).all()
    found = [(at, number, Piece(About.BATCH, row_id)) for at, number, row_id in batches]
    found += [(at, row_id, Piece(About.EXPORT, row_id)) for at, row_id in exports]
    return [piece for _, _, piece in sorted(found, key=lambda one: one[:2])]


def _due_reading(session: Session) -> Iterator[Piece]:
    rows = session.exec(
        select(Submission.id)
        .where(col(Submission.due).is_(True), Submission.status == SubmissionStatus.RECEIVED)
        .order_by(col(Submission.received_at), col(Submission.receipt_number))
        .limit(MOST)
    ).all()
    return (Piece(About.SUBMISSION, row_id) for row_id in rows)


def _due_matching(session: Session, now: datetime) -> Iterator[Piece]:
    """Submissions that were read, none before an earlier one, as far as `PATIENCE` goes (docs/decisions/0023)."""
    in_order = (col(Submission.received_at), col(Submission.receipt_number))
    due = col(Submission.due).is_(True)
    unread = session.exec(
        select(Submission.received_at, Submission.receipt_number)
        .where(due, Submission.status == SubmissionStatus.RECEIVED)
        .order_by(*in_order)
        .limit(1)
    ).first()
    rows = session.exec(
        select(Submission.id, Submission.received_at, Submission.receipt_number, Submission.created_at)
        .where(due, Submission.status != SubmissionStatus.RECEIVED)
        .order_by(*in_order)
        .limit(MOST)
    ).all()
    arriving = bool(rows) and bool(_due_intake(session))
    for row_id, received_at, number, created_at in rows:
        behind = arriving or (unread is not None and (received_at, number) > tuple(unread))
        if not behind or not now - PATIENCE < created_at <= now:
            yield Piece(About.MATCH, row_id)


def _due_sending(session: Session) -> Iterator[Piece]:
    """Letters; what was tried in vain is put off by its lease."""
    rows = session.exec(
        select(Outbound.id)
        .where(Outbound.kind == OutboundKind.CORRECTION_LETTER, Outbound.status == OutboundStatus.DUE)
        .order_by(col(Outbound.created_at), col(Outbound.id))
        .limit(MOST)
    ).all()
    return (Piece(About.OUTBOUND, row_id) for row_id in rows)
