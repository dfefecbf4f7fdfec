"""補正依頼 as a letter: made from the store, kept as a blob, known by its idempotency key."""

from __future__ import annotations

from sqlmodel import Session, col, select

from pipeline.domain.statuses import LinkStatus, OutboundStatus
from pipeline.outbound.letter import Addressee, LetterFacts, LetterItem, correction_letter
from pipeline.procedures.checks import describe_field
from pipeline.procedures.fonts import FontError
from pipeline.procedures.pack import Letter, Procedure
from pipeline.runtime import JST, Runtime
from pipeline.steps.packs import get_pack
from pipeline.steps.people import applicant_record
from pipeline.steps.roles import applying_role, values_by_key
from pipeline.store.engine import read, write
from pipeline.store.tables import CorrectionRequest, Deficiency, Link, Outbound, Person, Submission


def write_letter(runtime: Runtime, outbound_id: str) -> None:
    """Makes the letter of this Outbound and marks it READY, or FAILED by name; nothing when that is done."""
    with read(runtime.engine) as session:
        outbound = session.get_one(Outbound, outbound_id)
        if outbound.status is not OutboundStatus.DUE:
            return
        parts = _letter_parts(session, outbound)
    blob, problem = None, None
    try:
        blob = runtime.blobs.put(correction_letter(*parts))
    except FontError as error:
        problem = type(error).__name__
    with write(runtime.engine) as session:
        row = session.get_one(Outbound, outbound_id, with_for_update=True)
        if row.status is not OutboundStatus.DUE:
            return  # another worker was faster
        row.attempts += 1
        row.status = OutboundStatus.READY if blob else OutboundStatus.FAILED
        row.blob, row.media_type, row.problem_code = blob, "application/pdf", problem
        session.add(row)


def _letter_parts(session: Session, outbound: Outbound) -> tuple[Letter, Addressee, list[LetterItem], LetterFacts]:
    request = session.get_one(CorrectionRequest, outbound.idempotency_key.split(":", 1)[1])
    submission = session.get_one(Submission, request.submission_id)
    pack = get_pack(session, submission.pack_version_id)
    items = [
        LetterItem(_label(pack, row), row.text)
        for row in session.exec(
            select(Deficiency).where(Deficiency.request_id == request.id).order_by(col(Deficiency.position))
        )
    ]
    facts = LetterFacts(
        procedure_label=pack.label.ja,
        reference_id=submission.id,
        issued_on=request.made_at.astimezone(JST).date(),
        due_on=request.due_on,
        receipt_number=submission.receipt_number,
        received_on=submission.received_on,
    )
    return pack.correction_letter, _addressee(session, submission, pack), items, facts


def _label(pack: Procedure, row: Deficiency) -> str:
    for spec in pack.attachments:
        if spec.kind == row.about:
            return spec.label.ja
    keys = [key for key in row.about.split(",") if key]
    try:
        return "・".join(describe_field(pack, key).ja for key in keys) or "申請書"
    except KeyError:
        return "申請書"


def _addressee(session: Session, submission: Submission, pack: Procedure) -> Addressee:
    """Whoever applied, as registered where a person is linked, else as they wrote themselves."""
    asks = applying_role(pack)
    person = session.exec(
        select(Person)
        .join(Link, col(Link.person_id) == Person.id)
        .where(
            Link.submission_id == submission.id,
            Link.role == asks.role,
            col(Link.role_index) <= 1,
            col(Link.status).in_([LinkStatus.AUTO, LinkStatus.CONFIRMED]),
        )
    ).first()
    if person is not None:
        return Addressee(person.name, person.postal_code or "", person.address or "")
    said = applicant_record(values_by_key(session, submission.id), asks.attributes, 0, None)
    return Addressee(said.name or pack.role(asks.role).label.ja, said.postal_code or "", said.address or "")
