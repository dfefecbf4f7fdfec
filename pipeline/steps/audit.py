"""The invariants of the design, asked of a store: what must always hold, and where it does not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from pipeline.domain.history import chain_is_whole, replay_case
from pipeline.domain.next_step import next_step
from pipeline.domain.statuses import (
    BatchStatus,
    EntryStatus,
    LinkStatus,
    PageFate,
    SubmissionStatus,
    TaskKind,
    TaskStatus,
)
from pipeline.runtime import Runtime
from pipeline.store.engine import read, write
from pipeline.store.events import as_chained
from pipeline.store.tables import (
    Arrival,
    Attachment,
    Batch,
    Case,
    Entry,
    Event,
    Link,
    Outbound,
    Page,
    ReviewTask,
    Seal,
    Submission,
)


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


Findings = Iterator[Breach | None]
"""One item for every row looked at: None when it is in order."""


def audit(runtime: Runtime, *, seal: bool = True) -> AuditReport:
    """Asks every rule of the whole store; then, when all holds, seals the heads of the chains as of now."""
    checked: dict[str, int] = {}
    breaches: list[Breach] = []
    with read(runtime.engine, one_moment=True) as session:
        for name, rule in RULES.items():
            found = list(rule(runtime, session))
            checked[name] = len(found)
            breaches += [breach for breach in found if breach is not None]
    if seal and not breaches:
        _seal(runtime)
    return AuditReport(checked, tuple(breaches))


def _pages_accounted(runtime: Runtime, session: Session) -> Findings:
    rows = session.exec(select(Page, Batch).join(Batch, col(Batch.id) == Page.batch_id)).all()
    for page, batch in rows:
        in_document = page.document_id is not None and page.fate is PageFate.IN_DOCUMENT
        excepted = page.document_id is None and page.fate.is_exception
        waiting = batch.status is BatchStatus.RECEIVED
        yield None if in_document or excepted or waiting else Breach("pages_accounted", page.id)


def _arrivals_have_blobs(runtime: Runtime, session: Session) -> Findings:
    for arrival in session.exec(select(Arrival)).all():
        yield None if runtime.blobs.has(arrival.blob) else Breach("arrivals_have_blobs", arrival.id)


def _pictures_have_blobs(runtime: Runtime, session: Session) -> Findings:
    for page in session.exec(select(Page)).all():
        lost = any(blob is not None and not runtime.blobs.has(blob) for blob in (page.blob, page.view))
        yield Breach("pictures_have_blobs", page.id) if lost else None
    for letter in session.exec(select(Outbound).where(col(Outbound.blob).is_not(None))).all():
        kept = runtime.blobs.has(letter.blob or "")
        yield None if kept else Breach("pictures_have_blobs", letter.id)
    for attachment in session.exec(select(Attachment)).all():
        lost = attachment.blob is not None and not runtime.blobs.has(attachment.blob)
        yield Breach("pictures_have_blobs", attachment.id) if lost else None


def _entries_in_one_place(runtime: Runtime, session: Session) -> Findings:
    tasks = set(
        session.exec(
            select(ReviewTask.submission_id).where(
                ReviewTask.kind == TaskKind.INTAKE, ReviewTask.status == TaskStatus.OPEN
            )
        ).all()
    )
    rows = session.exec(select(Entry, Submission).join(Submission, col(Submission.id) == Entry.submission_id))
    for entry, submission in rows.all():
        places = [
            submission.due and entry.status in (EntryStatus.IN_PROGRESS, EntryStatus.IN_REVIEW),
            not submission.due and entry.status is EntryStatus.IN_REVIEW and submission.id in tasks,
            entry.status is EntryStatus.IN_CASE and entry.case_id is not None,
            entry.status is EntryStatus.ENDED and entry.ended_reason is not None,
        ]
        yield None if places.count(True) == 1 else Breach("entries_in_one_place", entry.id)


def _submissions_have_a_place(runtime: Runtime, session: Session) -> Findings:
    open_tasks = dict(
        session.exec(
            select(ReviewTask.submission_id, func.count())
            .where(ReviewTask.kind == TaskKind.INTAKE, ReviewTask.status == TaskStatus.OPEN)
            .group_by(col(ReviewTask.submission_id))
        ).all()
    )
    waiting = {SubmissionStatus.IN_REVIEW, SubmissionStatus.AWAITING_CORRECTION}
    ended = {SubmissionStatus.SETTLED, SubmissionStatus.ENDED}
    for row in session.exec(select(Submission)).all():
        tasks = open_tasks.get(row.id, 0)
        due_fits = row.due == (next_step(row.status) is not None)
        fits = (tasks == 1 if row.status in waiting else tasks == 0 if row.status in ended else tasks <= 1) and due_fits
        yield None if fits else Breach("submissions_have_a_place", row.id)


def _cases_replay(runtime: Runtime, session: Session) -> Findings:
    kinds: dict[str, list[str]] = {}
    for event in session.exec(select(Event).where(Event.aggregate == "case").order_by(col(Event.seq))).all():
        kinds.setdefault(event.aggregate_id, []).append(event.kind)
    for case in session.exec(select(Case)).all():
        fits = replay_case(kinds.get(case.id, [])) is case.status
        yield None if fits else Breach("cases_replay", case.id)


def _chains_whole(runtime: Runtime, session: Session) -> Findings:
    rows = session.exec(select(Event).order_by(col(Event.aggregate), col(Event.aggregate_id), col(Event.seq))).all()
    for (_, aggregate_id), group in groupby(rows, key=lambda row: (row.aggregate, row.aggregate_id)):
        whole = chain_is_whole([as_chained(row) for row in group])
        yield None if whole else Breach("chains_whole", aggregate_id)


def _seals_hold(runtime: Runtime, session: Session) -> Findings:
    for seal in session.exec(select(Seal).order_by(col(Seal.sealed_at))).all():
        signed = seal.signature == _signature(runtime, seal)
        heads = _heads_digest(session, seal.last_event_id)
        fits = signed and (seal.heads_digest, seal.events) == heads
        yield None if fits else Breach("seals_hold", str(seal.id))


def _one_active_link_each(runtime: Runtime, session: Session) -> Findings:
    rows = session.exec(
        select(Link.submission_id, Link.role, Link.role_index, func.count())
        .where(Link.status != LinkStatus.UNDONE)
        .group_by(col(Link.submission_id), col(Link.role), col(Link.role_index))
    ).all()
    for submission_id, _, _, count in rows:
        yield None if count == 1 else Breach("one_active_link_each", submission_id)


def _cases_have_one_adopted(runtime: Runtime, session: Session) -> Findings:
    for case in session.exec(select(Case)).all():
        adopted = session.exec(
            select(Entry.id).where(Entry.case_id == case.id, Entry.submission_id == (case.adopted_submission_id or ""))
        ).first()
        yield None if adopted else Breach("cases_have_one_adopted", case.id)


def _protected_are_whole(runtime: Runtime, session: Session) -> Findings:
    rows = session.exec(
        select(ReviewTask, Submission).join(Submission, col(Submission.id) == ReviewTask.submission_id)
    ).all()
    for task, submission in rows:
        yield None if task.protected == submission.protected else Breach("protected_are_whole", task.id)
    out = session.exec(
        select(Outbound, Submission).join(Submission, col(Submission.id) == Outbound.submission_id)
    ).all()
    for outbound, submission in out:
        fits = outbound.protected == submission.protected
        yield None if fits else Breach("protected_are_whole", outbound.id)


RULES: dict[str, Callable[[Runtime, Session], Findings]] = {
    "pages_accounted": _pages_accounted,
    "arrivals_have_blobs": _arrivals_have_blobs,
    "pictures_have_blobs": _pictures_have_blobs,
    "submissions_have_a_place": _submissions_have_a_place,
    "entries_in_one_place": _entries_in_one_place,
    "one_active_link_each": _one_active_link_each,
    "cases_have_one_adopted": _cases_have_one_adopted,
    "cases_replay": _cases_replay,
    "chains_whole": _chains_whole,
    "seals_hold": _seals_hold,
    "protected_are_whole": _protected_are_whole,
}


def _seal(runtime: Runtime) -> None:
    with write(runtime.engine) as session:
        if session.get_bind().dialect.name == "postgresql":
            # An event numbered before the last one may not be committed yet; it must be under the seal too.
            session.execute(text("LOCK TABLE event IN SHARE MODE"))
        last = session.exec(select(func.max(Event.id))).one() or 0
        digest, events = _heads_digest(session, last)
        seal = Seal(sealed_at=runtime.clock(), events=events, heads_digest=digest, last_event_id=last, signature="")
        seal.signature = _signature(runtime, seal)
        session.add(seal)


def _heads_digest(session: Session, last_event_id: int) -> tuple[str, int]:
    """SHA-256 (hex) over the heads of all chains up to this event, and how many events those are."""
    rows = session.exec(
        select(Event.aggregate, Event.aggregate_id, Event.seq, Event.hash)
        .where(col(Event.id) <= last_event_id)
        .order_by(col(Event.aggregate), col(Event.aggregate_id), col(Event.seq))
    ).all()
    heads = {(aggregate, aggregate_id): digest for aggregate, aggregate_id, _, digest in rows}
    listed = "\n".join(f"{a}:{i}:{digest}" for (a, i), digest in sorted(heads.items()))
    return hashlib.sha256(listed.encode()).hexdigest(), len(rows)


def _signature(runtime: Runtime, seal: Seal) -> str:
    return runtime.secrets.digest(
        f"{seal.sealed_at.isoformat()}|{seal.events}|{seal.heads_digest}|{seal.last_event_id}"
    )
