"""The invariants of the design, asked of a store: what must always hold, and where it does not.

Rows are read as they are asked for and only the columns that a rule needs, so that the size of a store costs time and
no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy
from sqlalchemy import Select, and_, func, or_
from sqlmodel import Session, col

from pipeline.domain.history import chain_is_whole, replay_case
from pipeline.domain.next_step import next_step
from pipeline.domain.statuses import (
    BatchStatus,
    CaseStatus,
    EntryStatus,
    LinkStatus,
    PageFate,
    SubmissionStatus,
    TaskKind,
    TaskStatus,
)
from pipeline.runtime import Runtime
from pipeline.steps.audit_blobs import BlobLook, look_at_blobs
from pipeline.steps.audit_drafts import approved_by_others, determined_by_approval, drafted_in_one, drafts_unaltered
from pipeline.steps.audit_households import lists_are_whole, one_household_at_a_time, one_household_each
from pipeline.steps.audit_people import keys_are_of_the_living, merged_are_empty, traces_fit
from pipeline.steps.erasure.rules import erased_as_told, erased_hold_nothing, erasures_certified
from pipeline.steps.seals import broken_seals, make_seal
from pipeline.store.engine import read
from pipeline.store.events import as_chained
from pipeline.store.tables import (
    Arrival,
    Attachment,
    Batch,
    Case,
    Entry,
    Erasure,
    Event,
    Link,
    Outbound,
    Page,
    ReviewTask,
    Submission,
)

# SQLModel's own knows whole rows and at most four columns.
select: Callable[..., Any] = sqlalchemy.select


@dataclass(frozen=True)
class Breach:
    """An invariant that does not hold: its name, and the id of the row where."""

    rule: str
    where: str


@dataclass(frozen=True)
class AuditReport:
    """checked: how many rows each rule was asked of. breaches: [] when all is well."""

    checked: dict[str, int]
    breaches: tuple[Breach, ...]


@dataclass(frozen=True)
class Asked:
    """What a rule is asked of: one moment of the store, and what was found of its blobs."""

    runtime: Runtime
    session: Session
    blobs: BlobLook

    def rows(self, query: Select[Any]) -> Iterator[Any]:
        """The rows of a query, read as they are asked for."""
        return iter(self.session.connection().execute(query, execution_options={"yield_per": 2000}))


Findings = Iterator[tuple[str, bool]]
"""For every row looked at its id, and whether it is in order."""


def audit(runtime: Runtime, *, seal: bool = True, content: bool = True) -> AuditReport:
    """Asks every rule of the whole store; then, when all holds, seals the heads of the chains as of now.

    content: the bytes of every blob are hashed again; without it a blob that was altered is not found.
    """
    checked: dict[str, int] = {}
    breaches: list[Breach] = []
    blobs = look_at_blobs(runtime, content=content)
    with read(runtime.engine, one_moment=True) as session:
        asked = Asked(runtime, session, blobs)
        for name, rule in RULES.items():
            checked[name] = 0
            for where, in_order in rule(asked):
                checked[name] += 1
                if not in_order:
                    breaches.append(Breach(name, where))
    if seal and not breaches:
        make_seal(runtime)
    return AuditReport(checked, tuple(breaches))


def _pages_accounted(asked: Asked) -> Findings:
    rows = asked.rows(
        select(Page.id, Page.document_id, Page.fate, Batch.status).join(Batch, col(Batch.id) == Page.batch_id)
    )
    for page_id, document_id, fate, status in rows:
        in_document = document_id is not None and fate is PageFate.IN_DOCUMENT
        excepted = document_id is None and fate.is_exception
        yield page_id, in_document or excepted or status is BatchStatus.RECEIVED


def _arrivals_have_blobs(asked: Asked) -> Findings:
    for arrival_id, blob in asked.rows(select(Arrival.id, Arrival.blob)):
        yield arrival_id, blob not in asked.blobs.missing


def _pictures_have_blobs(asked: Asked) -> Findings:
    for page_id, blob, view in asked.rows(select(Page.id, Page.blob, Page.view)):
        yield page_id, blob not in asked.blobs.missing and view not in asked.blobs.missing
    for model, name in ((Outbound, "blob"), (Attachment, "blob"), (Erasure, "certificate")):
        column = col(getattr(model, name))
        for row_id, blob in asked.rows(select(model.id, column).where(column.is_not(None))):
            yield row_id, blob not in asked.blobs.missing


def _blobs_unaltered(asked: Asked) -> Findings:
    whole = asked.blobs.looked_at - len(asked.blobs.altered)
    yield from (("", True) for _ in range(whole))
    yield from ((digest, False) for digest in sorted(asked.blobs.altered))


def _entries_in_one_place(asked: Asked) -> Findings:
    task = _open_intake_task().where(ReviewTask.submission_id == Submission.id).exists()
    rows = asked.rows(
        select(Entry.id, Entry.status, Entry.case_id, Entry.ended_reason, Submission.due, task).join(
            Submission, col(Submission.id) == Entry.submission_id
        )
    )
    for entry_id, status, case_id, ended_reason, due, has_task in rows:
        places = [
            due and status in (EntryStatus.IN_PROGRESS, EntryStatus.IN_REVIEW),
            not due and status is EntryStatus.IN_REVIEW and has_task,
            status is EntryStatus.IN_CASE and case_id is not None,
            status is EntryStatus.ENDED and ended_reason is not None,
        ]
        yield entry_id, places.count(True) == 1


def _open_intake_task() -> Any:
    return select(ReviewTask.id).where(ReviewTask.kind == TaskKind.INTAKE, ReviewTask.status == TaskStatus.OPEN)


def _submissions_have_a_place(asked: Asked) -> Findings:
    tasks = (
        select(func.count())
        .where(
            ReviewTask.kind == TaskKind.INTAKE,
            ReviewTask.status == TaskStatus.OPEN,
            ReviewTask.submission_id == Submission.id,
        )
        .scalar_subquery()
    )
    waiting = {SubmissionStatus.IN_REVIEW, SubmissionStatus.AWAITING_CORRECTION}
    ended = {SubmissionStatus.SETTLED, SubmissionStatus.ENDED}
    for submission_id, status, due, count in asked.rows(
        select(Submission.id, Submission.status, Submission.due, tasks)
    ):
        due_fits = due == (next_step(status) is not None)
        fits = count == 1 if status in waiting else count == 0 if status in ended else count <= 1
        yield submission_id, fits and due_fits


def _cases_replay(asked: Asked) -> Findings:
    happened = and_(col(Event.aggregate) == "case", col(Event.aggregate_id) == Case.id)
    rows = asked.rows(
        select(Case.id, Case.status, Event.kind)
        .join(Event, happened, isouter=True)
        .order_by(col(Case.id), col(Event.seq))
    )
    for (case_id, status), group in groupby(rows, key=lambda row: (row[0], row[1])):
        yield case_id, replay_case(kind for _, _, kind in group if kind) is status


def _chains_whole(asked: Asked) -> Findings:
    ordered = select(*Event.__table__.columns).order_by(  # type: ignore[attr-defined]
        col(Event.aggregate), col(Event.aggregate_id), col(Event.seq)
    )
    for (_, aggregate_id), group in groupby(asked.rows(ordered), key=lambda row: (row.aggregate, row.aggregate_id)):
        yield aggregate_id, chain_is_whole(as_chained(row) for row in group)


def _seals_hold(asked: Asked) -> Findings:
    for seal_id, broken in broken_seals(asked.runtime, asked.session):
        yield str(seal_id), not broken


def _one_active_link_each(asked: Asked) -> Findings:
    rows = asked.rows(
        select(Link.submission_id, func.count())
        .where(Link.status != LinkStatus.UNDONE)
        .group_by(col(Link.submission_id), col(Link.role), col(Link.role_index))
    )
    for submission_id, count in rows:
        yield submission_id, count == 1


def _cases_have_one_adopted(asked: Asked) -> Findings:
    adopted = (
        select(Entry.id).where(Entry.case_id == Case.id, Entry.submission_id == Case.adopted_submission_id).exists()
    )
    # A case whose last application turned out to be about somebody else is withdrawn, and has none.
    empty = (col(Case.status) == CaseStatus.WITHDRAWN) & col(Case.adopted_submission_id).is_(None)
    yield from asked.rows(select(Case.id, or_(adopted, empty)))


def _protected_are_whole(asked: Asked) -> Findings:
    for model in (ReviewTask, Outbound):
        rows = select(model.id, model.protected == Submission.protected).join(
            Submission, col(Submission.id) == model.submission_id
        )
        yield from asked.rows(rows)


RULES: dict[str, Callable[[Asked], Findings]] = {
    "pages_accounted": _pages_accounted,
    "arrivals_have_blobs": _arrivals_have_blobs,
    "pictures_have_blobs": _pictures_have_blobs,
    "blobs_unaltered": _blobs_unaltered,
    "submissions_have_a_place": _submissions_have_a_place,
    "entries_in_one_place": _entries_in_one_place,
    "one_active_link_each": _one_active_link_each,
    "one_household_each": lambda asked: one_household_each(asked.session),
    "one_household_at_a_time": lambda asked: one_household_at_a_time(asked.session),
    "lists_are_whole": lambda asked: lists_are_whole(asked.session),
    "cases_have_one_adopted": _cases_have_one_adopted,
    "cases_replay": _cases_replay,
    "chains_whole": _chains_whole,
    "seals_hold": _seals_hold,
    "protected_are_whole": _protected_are_whole,
    "merged_are_empty": lambda asked: merged_are_empty(asked.session),
    "keys_are_of_the_living": lambda asked: keys_are_of_the_living(asked.runtime, asked.session),
    "traces_fit": lambda asked: traces_fit(asked.runtime, asked.session),
    "drafted_in_one": lambda asked: drafted_in_one(asked.session),
    "drafts_unaltered": lambda asked: drafts_unaltered(asked.session),
    "approved_by_others": lambda asked: approved_by_others(asked.session),
    "determined_by_approval": lambda asked: determined_by_approval(asked.session),
    "erased_hold_nothing": lambda asked: erased_hold_nothing(asked.session),
    "erased_as_told": lambda asked: erased_as_told(asked.session),
    "erasures_certified": lambda asked: erasures_certified(asked.runtime, asked.session),
}
