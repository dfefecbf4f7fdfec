"""What holds a file up: each blocker asks the store once for many applications."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, or_, select

from pipeline.domain.statuses import (
    ArrivalStatus,
    BatchStatus,
    DraftStatus,
    LinkStatus,
    OutboundStatus,
    SubmissionStatus,
    TaskStatus,
)
from pipeline.steps.packs import get_pack
from pipeline.store.bulk import parts
from pipeline.store.tables import (
    Arrival,
    Batch,
    Case,
    Draft,
    DraftCase,
    Link,
    Outbound,
    RetentionHold,
    ReviewTask,
    Submission,
)

ENDED = (SubmissionStatus.SETTLED, SubmissionStatus.ENDED)


class Blocker(StrEnum):
    """What holds a file up, the first that applies in this order."""

    NOT_YET = "not_yet"  # a part of it ended too late
    UNDER_WAY = "under_way"  # a part of it has not ended, or its case is not determined
    OPEN_TASK = "open_task"
    IN_DRAFT = "in_draft"
    HELD = "held"
    UNDELIVERED = "undelivered"
    CARRIER_OPEN = "carrier_open"  # the file it came in is not whole yet, or a mailroom task on it is open
    ASKED_AGAIN = "asked_again"  # another application for the same subject is being worked on


def find_blocked(
    session: Session,
    procedure_id: str,
    submission_ids: Collection[str],
    cases: Mapping[str, set[str]],
    found: Iterable[Case],
) -> dict[Blocker, set[str]]:
    """Those of these applications to which each blocker applies that is told by rows beside them, in its order.

    cases: case id -> the applications in it. found: the rows of these cases.
    """
    drafted = (Draft.id == DraftCase.draft_id, Draft.status == DraftStatus.CIRCULATING)
    return {
        Blocker.OPEN_TASK: _named(
            session, ReviewTask.submission_id, submission_ids, ReviewTask.status == TaskStatus.OPEN
        ),
        Blocker.IN_DRAFT: _members(cases, _named(session, DraftCase.case_id, cases, *drafted)),
        Blocker.HELD: _named(
            session, RetentionHold.submission_id, submission_ids, col(RetentionHold.lifted_at).is_(None)
        ),
        Blocker.UNDELIVERED: _named(
            session, Outbound.submission_id, submission_ids, Outbound.status == OutboundStatus.DUE
        ),
        Blocker.CARRIER_OPEN: _open_carriers(session, submission_ids),
        Blocker.ASKED_AGAIN: _members(cases, _asked_again(session, procedure_id, found)),
    }


def _named(session: Session, column: Any, ids: Collection[str], *where: ColumnElement[bool] | bool) -> set[str]:
    """Those of these ids that stand in this column of a row for which all the rest holds."""
    return {one for part in parts(ids) for one in session.exec(select(column).where(col(column).in_(part), *where))}


def _members(cases: Mapping[str, set[str]], chosen: Iterable[str]) -> set[str]:
    return {member for case_id in chosen for member in cases.get(case_id, ())}


def _open_carriers(session: Session, ids: Collection[str]) -> set[str]:
    """Applications whose batch is not split, whose export is not taken to its end, or with an open task on either."""
    return {one for part in parts(ids) for one in (*_open_batches(session, part), *_open_exports(session, part))}


def _open_batches(session: Session, ids: Sequence[str]) -> Iterable[str]:
    task = select(ReviewTask.id).where(ReviewTask.batch_id == Batch.id, ReviewTask.status == TaskStatus.OPEN)
    # An application's own task names its batch too; that one holds up the application, not its neighbours.
    task = task.where(col(ReviewTask.submission_id).is_(None))
    waiting = select(Arrival.id).where(Arrival.batch_id == Batch.id, Arrival.status == ArrivalStatus.STORED)
    return session.exec(
        select(Submission.id)
        .join(Batch, col(Batch.id) == Submission.batch_id)
        .where(
            col(Submission.id).in_(ids),
            or_(Batch.status == BatchStatus.RECEIVED, task.exists(), waiting.exists()),
        )
    ).all()


def _open_exports(session: Session, ids: Sequence[str]) -> Iterable[str]:
    pairs = session.exec(
        select(Submission.id, Arrival.id, Arrival.part_of_id)
        .join(Arrival, col(Arrival.id) == Submission.arrival_id)
        .where(col(Submission.id).in_(ids))
    ).all()
    carriers = {one: [a for a in (arrival, export) if a] for one, arrival, export in pairs}
    named = {arrival for arrivals in carriers.values() for arrival in arrivals}
    changed = session.exec(select(Arrival.id, Arrival.repeats_id).where(col(Arrival.repeats_id).in_(named))).all()
    about = {**{one: one for one in named}, **{other: first or "" for other, first in changed}}
    stuck = set(
        session.exec(
            select(ReviewTask.arrival_id).where(
                col(ReviewTask.arrival_id).in_(about), ReviewTask.status == TaskStatus.OPEN
            )
        ).all()
    )
    stuck |= set(
        session.exec(select(Arrival.id).where(col(Arrival.id).in_(about), Arrival.status == ArrivalStatus.STORED)).all()
    )
    held = {about[one] for one in stuck if one}
    return [one for one, arrivals in carriers.items() if held & set(arrivals)]


def _asked_again(session: Session, procedure_id: str, cases: Iterable[Case]) -> set[str]:
    """Cases about whose subject, in the same instance, an application is on its way."""
    subjects: dict[tuple[str, str], set[str]] = defaultdict(set)
    for case in cases:
        subjects[case.subject_id, case.instance].add(case.id)
    found: set[str] = set()
    for part in parts({subject for subject, _ in subjects}):
        rows = session.exec(
            select(Link.person_id, Submission.pack_version_id)
            .join(Submission, col(Submission.id) == Link.submission_id)
            .where(
                col(Link.person_id).in_(part),
                Link.status != LinkStatus.UNDONE,
                Submission.procedure_id == procedure_id,
                col(Submission.status).not_in(ENDED),
            )
            .distinct()
        ).all()
        for person_id, pack_id in rows:
            found |= subjects.get((person_id, get_pack(session, pack_id).matching.instance), set())
    return found
