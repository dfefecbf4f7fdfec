"""Paper in: files become a batch, files become pages, pages become documents and submissions.

Three use cases, each ending in one short write, so that a crash between any two repeats nothing that shows:
`receive_files`, then `take_pages` for each file, then `assemble_batch`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlmodel import Session, col, select

from ocr.codes import find_codes
from ocr.imaging import is_blank
from pipeline.channels.errors import ArrivalError
from pipeline.channels.paper import encode_page, iter_pages, sniff_named
from pipeline.channels.pictures import PagePicture, UnreadablePage
from pipeline.channels.slip import BatchSlip
from pipeline.channels.split import BatchSplit, DocumentPlan, PageFacts, split_batch
from pipeline.domain.control_totals import sheets_agree
from pipeline.domain.errors import Impossible
from pipeline.domain.statuses import (
    ArrivalStatus,
    BatchStatus,
    DocumentKind,
    PageFate,
    ReasonCode,
)
from pipeline.procedures.codes import form_code, parse_code
from pipeline.procedures.pack import Procedure
from pipeline.runtime import JST, Runtime
from pipeline.steps.locate import locate_by_markers
from pipeline.steps.numbers import batch_number, receipt_number
from pipeline.steps.packs import latest_pack, newest_packs
from pipeline.steps.tasks import Doubt, open_mailroom_task
from pipeline.store.columns import new_id
from pipeline.store.engine import again_on_clash, read, write
from pipeline.store.events import append_event
from pipeline.store.tables import (
    Arrival,
    ArrivalIdentity,
    Attachment,
    Batch,
    Document,
    Page,
    Submission,
)

SCANNER = "scanner"


class NotTaken(Impossible):
    """A file of the batch is still to be cut into pages; its sheets would be missing from the stack."""

    code = "not_taken"
    ja = "この束にはまだ頁に分けていないファイルがあります。処理が終わってからもう一度実行してください。"
    en = "A file of this batch is not yet cut into pages. Run it again once that is done."


@dataclass(frozen=True)
class Received:
    """What a hand-over of files came to. batch_id is None, and its number "", when every file had come before."""

    batch_id: str | None
    batch_number: str
    arrival_ids: tuple[str, ...]
    repeated: int


def receive_files(
    runtime: Runtime,
    slip: BatchSlip,
    files: Sequence[tuple[str, bytes]],
    *,
    actor: str,
    key: str | None = None,
) -> Received:
    """Stores the files (name, bytes) and makes them one batch, all in one write after the blobs are safe.

    key: the caller's idempotency key; the same key again is the same batch and changes nothing. A file whose
    bytes came before is recorded as 重複到着 and not read again. Raises PackMissing when no procedure is installed.
    """
    stored = [(name, runtime.blobs.put(data)) for name, data in files]
    return again_on_clash(lambda: _receive(runtime, slip, stored, actor, key))


def _receive(
    runtime: Runtime, slip: BatchSlip, stored: Sequence[tuple[str, str]], actor: str, key: str | None
) -> Received:
    with write(runtime.engine) as session:
        if key and (known := session.exec(select(Batch).where(Batch.key == key)).first()):
            arrivals = session.exec(
                select(Arrival.id).where(Arrival.batch_id == known.id).order_by(col(Arrival.position))
            ).all()
            return Received(known.id, known.number, tuple(arrivals), 0)
        department = slip.department or latest_pack(session)[1].review.department
        batch = Batch(
            key=key or new_id(),
            number="",
            channel=slip.channel,
            department=department,
            received_on=slip.received_on,
            counted_sheets=slip.counted_sheets,
            created_at=runtime.clock(),
            created_by=actor,
        )
        rows: list[Arrival] = []
        for position, (name, digest) in enumerate(stored, start=1):
            twin = next((row for row in rows if row.identity == digest), None)
            rows.append(_arrival(runtime, session, batch, position, name, digest, twin))
        fresh = [row for row in rows if row.status is ArrivalStatus.STORED]
        if fresh:
            batch.number = batch_number(session, runtime.today())
            session.add(batch)
            session.flush()
            append_event(
                session,
                "batch",
                batch.id,
                "batch_received",
                actor=actor,
                at=runtime.clock(),
                payload={"files": len(fresh), "repeated": len(rows) - len(fresh)},
            )
        for row in rows:
            row.batch_id = batch.id if fresh else None
            session.add(row)
            session.flush()
            if row.status is ArrivalStatus.STORED:
                session.add(ArrivalIdentity(source=row.source, identity=row.identity, arrival_id=row.id))
        session.flush()
        return Received(
            batch.id if fresh else None, batch.number, tuple(r.id for r in rows), len(rows) - len(fresh)
        )


def _arrival(
    runtime: Runtime,
    session: Session,
    batch: Batch,
    position: int,
    name: str,
    digest: str,
    twin: Arrival | None,
) -> Arrival:
    """twin: the same bytes earlier in this very hand-over."""
    known = session.get(ArrivalIdentity, (SCANNER, digest))
    before = known.arrival_id if known else (twin.repeats_id or twin.id) if twin else None
    return Arrival(
        source=SCANNER,
        identity=digest,
        content_hash=digest,
        blob=digest,
        name_token=runtime.secrets.seal(name),
        position=position,
        department=batch.department,
        status=ArrivalStatus.REPEATED if before else ArrivalStatus.STORED,
        repeats_id=before,
        arrived_at=runtime.clock(),
    )


def take_pages(runtime: Runtime, arrival_id: str) -> int:
    """Cuts one stored file into pages and says how many. A file that cannot be opened is refused by name,
    kept as it came, and stands as a mailroom task; then the answer is 0. Does nothing a second time."""
    with read(runtime.engine) as session:
        arrival = session.get_one(Arrival, arrival_id)
        packs = newest_packs(session)
    if arrival.status is not ArrivalStatus.STORED:
        return arrival.page_count or 0
    data = runtime.blobs.get(arrival.blob)
    try:
        sniff_named(data, runtime.secrets.unseal(arrival.name_token))
        pages = [_page_row(runtime, arrival, packs, page) for page in iter_pages(data)]
    except ArrivalError as error:
        _refuse(runtime, arrival, error)
        return 0
    with write(runtime.engine) as session:
        current = session.get_one(Arrival, arrival_id, with_for_update=True)
        if current.status is ArrivalStatus.STORED:
            for row in pages:
                session.add(row)
            current.status = ArrivalStatus.TAKEN
            current.page_count = len(pages)
            session.add(current)
    return len(pages)


def _page_row(
    runtime: Runtime, arrival: Arrival, packs: Sequence[Procedure], page: PagePicture | UnreadablePage
) -> Page:
    assert arrival.batch_id is not None
    # Provisional place, unique in the batch; assemble_batch numbers the whole stack.
    row = Page(
        batch_id=arrival.batch_id,
        arrival_id=arrival.id,
        page_index=page.page_index,
        position=-(arrival.position * 1_000_000 + page.page_index),
    )
    if isinstance(page, UnreadablePage):
        row.fate, row.problem_code = PageFate.UNREADABLE, page.code
        return row
    data, row.media_type = encode_page(page.image)
    row.blob, row.dpi = runtime.blobs.put(data), page.dpi
    codes = [code.text for code in find_codes(page.image) if parse_code(code.text)]
    row.code = "\n".join(sorted(set(codes)))
    if not codes and is_blank(page.image):
        row.fate = PageFate.BLANK
    elif not codes and (form := locate_by_markers(page.image, packs)):
        # A form whose QR is torn or stained must not pass for an attachment of the applicant before.
        row.code = form_code(form.procedure_id, form.form_id, form.revision, form.page)
    return row


def _refuse(runtime: Runtime, arrival: Arrival, error: ArrivalError) -> None:
    now = runtime.clock()
    with write(runtime.engine) as session:
        current = session.get_one(Arrival, arrival.id, with_for_update=True)
        if current.status is not ArrivalStatus.STORED:
            return
        current.status, current.problem_code = ArrivalStatus.REFUSED, error.code
        session.add(current)
        open_mailroom_task(
            session,
            key=f"file:{arrival.id}",
            department=arrival.department,
            doubts=[Doubt(ReasonCode.FILE_REFUSED, arrival.id, error.code)],
            at=now,
            batch_id=arrival.batch_id,
            arrival_id=arrival.id,
        )


def assemble_batch(runtime: Runtime, batch_id: str) -> list[str]:
    """Numbers the stack, makes documents and submissions of it, and gives the submissions' ids in stack order.

    Every page ends in one document or one named exception. A second call changes nothing and answers the same.
    Raises NotTaken while a file of the batch is not cut into pages.
    """
    with read(runtime.engine) as session:
        if _waiting_files(session, batch_id):
            raise NotTaken
        pages = _stack(session, batch_id)
        plan = split_batch(_facts(position, page) for position, page in enumerate(pages))
    with write(runtime.engine) as session:
        batch = session.get_one(Batch, batch_id, with_for_update=True)
        if batch.status is BatchStatus.RECEIVED:
            _number_and_judge(session, batch_id, plan)
            for envelope in plan.envelopes():
                _make_submission(runtime, session, batch, _stack(session, batch_id), envelope)
            batch.status = BatchStatus.SPLIT
            session.add(batch)
            _report_exceptions(runtime, session, batch, plan, len(pages))
        return list(
            session.exec(
                select(Submission.id)
                .where(Submission.batch_id == batch_id)
                .order_by(col(Submission.receipt_number))
            ).all()
        )


def _waiting_files(session: Session, batch_id: str) -> bool:
    query = select(Arrival.id).where(Arrival.batch_id == batch_id, Arrival.status == ArrivalStatus.STORED)
    return session.exec(query).first() is not None


def _stack(session: Session, batch_id: str) -> list[Page]:
    rows = session.exec(
        select(Page, Arrival)
        .join(Arrival, col(Arrival.id) == Page.arrival_id)
        .where(Page.batch_id == batch_id)
        .order_by(col(Arrival.position), col(Page.page_index))
    ).all()
    return [page for page, _ in rows]


def _facts(position: int, page: Page) -> PageFacts:
    codes = tuple(code for text in page.code.split("\n") if (code := parse_code(text)))
    return PageFacts(position, codes, blank=page.fate is PageFate.BLANK, unreadable=page.problem_code)


def _number_and_judge(session: Session, batch_id: str, plan: BatchSplit) -> None:
    judged = {exception.position: exception.code for exception in plan.exceptions}
    for position, page in enumerate(_stack(session, batch_id)):
        page.position = position + 1
        if position in judged:
            page.fate = PageFate.UNREADABLE if page.problem_code else PageFate(judged[position])
        else:
            page.fate = PageFate.IN_DOCUMENT
        session.add(page)
    session.flush()


def _make_submission(
    runtime: Runtime, session: Session, batch: Batch, pages: list[Page], envelope: Sequence[DocumentPlan]
) -> None:
    form = next((plan.form for plan in envelope if plan.form), None)
    answers = next((plan.case_id for plan in envelope if plan.case_id), None)
    earlier = session.get(Submission, answers) if answers else None
    pack_id, pack = latest_pack(
        session, form.procedure_id if form else earlier.procedure_id if earlier else None
    )
    submission = Submission(
        receipt_number=receipt_number(session, batch.received_on),
        procedure_id=pack.id,
        pack_version_id=pack_id,
        channel=batch.channel,
        source=SCANNER,
        department=batch.department,
        received_at=_noon(batch.received_on),
        received_on=batch.received_on,
        batch_id=batch.id,
        reference_number=form.reference_number if form else None,
        answers_id=earlier.id if earlier else None,
        created_at=runtime.clock(),
    )
    session.add(submission)
    session.flush()
    attachments = _attachment_places()
    for plan in envelope:
        document = Document(
            batch_id=batch.id,
            submission_id=submission.id,
            position=plan.positions[0] + 1,
            kind=DocumentKind(plan.kind.value),
            form_id=plan.form.form_id if plan.form else None,
            form_revision=plan.form.revision if plan.form else None,
            reference_number=plan.form.reference_number if plan.form else None,
        )
        session.add(document)
        session.flush()
        for place, position in enumerate(plan.positions):
            page = pages[position]
            page.document_id = document.id
            page.form_page = plan.page_numbers[place] if plan.page_numbers else None
            session.add(page)
            if plan.kind.value == DocumentKind.ATTACHMENT:
                session.add(
                    Attachment(
                        submission_id=submission.id,
                        position=next(attachments),
                        kind=plan.attachment_kind or "",
                        blob=page.blob,
                        media_type=page.media_type,
                        page_id=page.id,
                    )
                )
    append_event(
        session,
        "submission",
        submission.id,
        "submission_received",
        actor="system",
        at=runtime.clock(),
        payload={"batch": batch.id, "documents": len(envelope)},
    )


def _attachment_places() -> Iterator[int]:
    return iter(range(1, 1_000_000))


def _noon(day: date) -> datetime:
    # A receipt stamp has no hour; noon in Japan keeps the date the same in every time zone we show.
    return datetime.combine(day, time(12), JST)


_EXPECTED = {PageFate.BLANK.value, PageFate.SEPARATOR.value}


def _report_exceptions(
    runtime: Runtime, session: Session, batch: Batch, plan: BatchSplit, received: int
) -> None:
    doubts = [
        Doubt(ReasonCode.PAGE_MISSING, str(exception.position + 1), exception.code)
        for exception in plan.exceptions
        if exception.code not in _EXPECTED
    ]
    blank = sum(exception.code == PageFate.BLANK.value for exception in plan.exceptions)
    if not sheets_agree(batch.counted_sheets, received, blank):
        doubts.append(Doubt(ReasonCode.SHEETS_DISAGREE, batch.id, f"{batch.counted_sheets}/{received}"))
    if doubts:
        open_mailroom_task(
            session,
            key=f"batch:{batch.id}",
            department=batch.department,
            doubts=doubts,
            at=runtime.clock(),
            batch_id=batch.id,
        )
    append_event(
        session,
        "batch",
        batch.id,
        "batch_split",
        actor="system",
        at=runtime.clock(),
        payload={"pages": received, "documents": len(plan.documents), "exceptions": len(plan.exceptions)},
    )
