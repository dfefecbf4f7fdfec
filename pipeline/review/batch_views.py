"""スキャン束 on the screen: every sheet with its fate, and the four totals; and closing a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from pipeline.domain.errors import Impossible, NotVisible
from pipeline.domain.statuses import ArrivalStatus, BatchStatus, Channel, DocumentKind, PageFate, StaffRole
from pipeline.runtime import Runtime
from pipeline.steps.totals import BatchTotals, batch_totals
from pipeline.store.access import Viewer, visible
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import Arrival, Batch, Document, Page, Submission

LIST_SIZE = 100
STACK_SIZE = 200


class NotAgreed(Impossible):
    """The totals of the batch do not agree."""

    code = "not_agreed"
    ja = "合計が一致していないため締められません。例外の頁と手で数えた枚数を確かめてください。"
    en = "The totals do not agree, so the batch cannot be closed. Check exceptions and the hand count."


@dataclass(frozen=True)
class BatchRow:
    """One batch of the list with its totals."""

    id: str
    number: str
    channel: Channel
    received_on: date
    created_at: datetime
    status: BatchStatus
    totals: BatchTotals


@dataclass(frozen=True)
class FileView:
    """One scan file. name: as the scanner called it. repeated: the same bytes came before."""

    name: str
    pages: int | None
    repeated: bool
    problem_code: str | None


@dataclass(frozen=True)
class SheetView:
    """One page in its place in the stack; submission only where the viewer may see it."""

    id: str
    position: int
    fate: PageFate
    kind: DocumentKind | None
    problem_code: str | None
    picture: bool
    submission_id: str | None
    receipt_number: str | None


@dataclass(frozen=True)
class BatchView:
    """A batch whole. hidden: pages that only staff of another right may see; they are counted, not shown.

    version is what closing must name. page and pages: of the list of sheets, STACK_SIZE on each.
    """

    row: BatchRow
    version: int
    files: tuple[FileView, ...]
    sheets: tuple[SheetView, ...]
    hidden: int
    page: int
    pages: int


def list_batches(runtime: Runtime, viewer: Viewer) -> tuple[BatchRow, ...]:
    """The newest batches, at most LIST_SIZE."""
    with read(runtime.engine) as session:
        batches = session.exec(
            select(Batch)
            .where(visible(Batch, viewer.only(StaffRole.MAILROOM)))
            .order_by(col(Batch.created_at).desc(), col(Batch.number).desc())
            .limit(LIST_SIZE)
        ).all()
        return tuple(_row(session, batch) for batch in batches)


def get_batch_view(runtime: Runtime, viewer: Viewer, batch_id: str, page: int = 1) -> BatchView:
    """One batch with a page of its sheets in stack order, for its mailroom. Raises NotVisible."""
    with read(runtime.engine) as session:
        batch = _batch(session, viewer, batch_id)
        row = _row(session, batch)
        seen = session.exec(
            select(Page.id).where(Page.batch_id == batch_id, visible(Page, viewer)).order_by(col(Page.position))
        ).all()
        pages = max(1, -(-len(seen) // STACK_SIZE))
        page = min(max(1, page), pages)
        arrivals = session.exec(
            select(Arrival)
            .where(Arrival.batch_id == batch_id, visible(Arrival, viewer))
            .order_by(col(Arrival.position))
        ).all()
        return BatchView(
            row=row,
            version=batch.version,
            files=tuple(_file(runtime, arrival) for arrival in arrivals),
            sheets=_sheets(session, viewer, seen[(page - 1) * STACK_SIZE : page * STACK_SIZE]),
            hidden=row.totals.received - len(seen),
            page=page,
            pages=pages,
        )


def close_batch(runtime: Runtime, viewer: Viewer, batch_id: str, version: int) -> None:
    """The paper may go to the archive: totals agree and a person says so. Closing again changes nothing.

    Raises NotVisible, NotAgreed, and Impossible before the batch is split.
    """
    with write(runtime.engine) as session:
        batch = _batch(session, viewer, batch_id)
        if batch.status is BatchStatus.CLOSED:
            return
        if batch.status is not BatchStatus.SPLIT:
            raise Impossible
        totals = batch_totals(session, batch)
        if not totals.agree:
            raise NotAgreed
        batch.status, batch.version = BatchStatus.CLOSED, batch.version + 1
        session.add(batch)
        append_event(
            session,
            "batch",
            batch.id,
            "batch_closed",
            actor=viewer.user_id,
            at=runtime.clock(),
            payload={"received": totals.received, "counted": totals.counted},
        )


def _batch(session: Session, viewer: Viewer, batch_id: str) -> Batch:
    mailroom = visible(Batch, viewer.only(StaffRole.MAILROOM))
    found = session.exec(select(Batch).where(Batch.id == batch_id, mailroom)).first()
    if found is None:
        raise NotVisible
    return found


def _row(session: Session, batch: Batch) -> BatchRow:
    return BatchRow(
        id=batch.id,
        number=batch.number,
        channel=batch.channel,
        received_on=batch.received_on,
        created_at=batch.created_at,
        status=batch.status,
        totals=batch_totals(session, batch),
    )


def _file(runtime: Runtime, arrival: Arrival) -> FileView:
    return FileView(
        name=runtime.secrets.unseal(arrival.name_token) if arrival.name_token else "",
        pages=arrival.page_count,
        repeated=arrival.status is ArrivalStatus.REPEATED,
        problem_code=arrival.problem_code,
    )


def _sheets(session: Session, viewer: Viewer, ids: Sequence[str]) -> tuple[SheetView, ...]:
    pages = session.exec(
        select(Page).where(col(Page.id).in_(ids), visible(Page, viewer)).order_by(col(Page.position))
    ).all()
    kinds = {page.document_id for page in pages if page.document_id}
    documents = {
        row.id: row
        for row in session.exec(select(Document).where(col(Document.id).in_(kinds), visible(Document, viewer))).all()
    }
    named = {row.submission_id for row in documents.values() if row.submission_id}
    numbers = dict(
        session.exec(
            select(Submission.id, Submission.receipt_number).where(
                col(Submission.id).in_(named), visible(Submission, viewer)
            )
        ).all()
    )
    return tuple(_sheet(page, documents.get(page.document_id or ""), numbers) for page in pages)


def _sheet(page: Page, document: Document | None, numbers: dict[str, str]) -> SheetView:
    submission_id = document.submission_id if document and document.submission_id in numbers else None
    return SheetView(
        id=page.id,
        position=page.position,
        fate=page.fate,
        kind=document.kind if document else None,
        problem_code=page.problem_code,
        picture=bool(page.view or page.blob),
        submission_id=submission_id,
        receipt_number=numbers[submission_id] if submission_id else None,
    )
