"""A batch's pages become documents and submissions: the last step of paper intake, one write for the batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time
from itertools import count

from sqlmodel import Session, col, select

from pipeline.channels.split import BatchSplit, DocumentPlan, PageFacts, split_batch
from pipeline.domain.control_totals import sheets_agree
from pipeline.domain.errors import Impossible
from pipeline.domain.statuses import ArrivalStatus, BatchStatus, DocumentKind, PageFate, ReasonCode
from pipeline.procedures.codes import parse_code
from pipeline.procedures.pack import Procedure
from pipeline.progress import tell_progress
from pipeline.runtime import JST, Runtime
from pipeline.steps.intake_paper import SCANNER
from pipeline.steps.numbers import receipt_number
from pipeline.steps.packs import PackMissing, latest_pack
from pipeline.steps.tasks import Doubt, open_mailroom_task
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import Arrival, Attachment, Batch, Document, Page, Submission


class NotTaken(Impossible):
    """A file of the batch is still to be cut into pages; its sheets would be missing from the stack."""

    code = "not_taken"
    ja = "この束にはまだ頁に分けていないファイルがあります。処理が終わってからもう一度実行してください。"
    en = "A file of this batch is not yet cut into pages. Run it again once that is done."


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
            usual = _usual_procedure(plan)
            for envelope in plan.envelopes():
                tell_progress()
                _make_submission(runtime, session, batch, _stack(session, batch_id), envelope, usual)
            batch.status = BatchStatus.SPLIT
            session.add(batch)
            _report_exceptions(runtime, session, batch, plan, len(pages))
        return list(
            session.exec(
                select(Submission.id).where(Submission.batch_id == batch_id).order_by(col(Submission.receipt_number))
            ).all()
        )


def _waiting_files(session: Session, batch_id: str) -> bool:
    waiting = col(Arrival.status).in_([ArrivalStatus.STORED, ArrivalStatus.PARKED])
    query = select(Arrival.id).where(Arrival.batch_id == batch_id, waiting)
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


def _usual_procedure(plan: BatchSplit) -> str | None:
    """The procedure that most forms of the stack are for: the likeliest one of an envelope whose form names none."""
    named = Counter(document.form.procedure_id for document in plan.documents if document.form)
    return named.most_common(1)[0][0] if named else None


def _make_submission(
    runtime: Runtime,
    session: Session,
    batch: Batch,
    pages: list[Page],
    envelope: Sequence[DocumentPlan],
    usual: str | None,
) -> None:
    form = next((plan.form for plan in envelope if plan.form), None)
    answers = next((plan.case_id for plan in envelope if plan.case_id), None)
    earlier = session.get(Submission, answers) if answers else None
    named = form.procedure_id if form else earlier.procedure_id if earlier else None
    pack_id, pack = _pack_for(session, named or usual)
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
    _make_documents(session, submission, pages, envelope)
    append_event(
        session,
        "submission",
        submission.id,
        "submission_received",
        actor="system",
        at=runtime.clock(),
        payload={"batch": batch.id, "documents": len(envelope)},
    )


def _pack_for(session: Session, wanted: str | None) -> tuple[str, Procedure]:
    """The newest pack of a procedure. A code of a procedure that is not installed must not stop the batch: then any
    pack stands in, no template of it fits, and a person sees the sheet."""
    try:
        return latest_pack(session, wanted)
    except PackMissing:
        return latest_pack(session)


def _make_documents(
    session: Session, submission: Submission, pages: list[Page], envelope: Sequence[DocumentPlan]
) -> None:
    attachments = count(1)
    for plan in envelope:
        document = Document(
            batch_id=submission.batch_id,
            submission_id=submission.id,
            position=plan.positions[0] + 1,
            kind=plan.kind,
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
            if plan.kind is DocumentKind.ATTACHMENT:
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


def _noon(day: date) -> datetime:
    # A receipt stamp has no hour; noon in Japan keeps the date the same in every time zone we show.
    return datetime.combine(day, time(12), JST)


_EXPECTED = {PageFate.BLANK.value, PageFate.SEPARATOR.value}


def _report_exceptions(runtime: Runtime, session: Session, batch: Batch, plan: BatchSplit, received: int) -> None:
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
