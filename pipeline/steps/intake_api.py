"""Online in, one by one: a sending system hands over a record with its files, and gets our receipt number for it.

Files are written while they stream in and are named by their content; they join the store when the record does, in one
write before the acknowledgement. The sender's receipt number makes sending again harmless.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from pipeline.channels.online import OnlineRecord, RowProblem, read_record
from pipeline.domain.applicant_status import Standing
from pipeline.domain.errors import DomainError, NotVisible
from pipeline.domain.statuses import ArrivalStatus
from pipeline.procedures.pack import OnlineChannel, Procedure
from pipeline.runtime import JST, Runtime
from pipeline.steps.api_clients import Client, find_json_channel
from pipeline.steps.known import find_known
from pipeline.steps.packs import get_pack, latest_pack
from pipeline.steps.records import RecordOrigin, file_rows, is_known, put_values, write_record
from pipeline.steps.sent_files import HEAD, SentFile, attachment_of
from pipeline.steps.standing import Correction, correction_of, standing_of
from pipeline.store.blobs import Incoming
from pipeline.store.engine import again_on_clash, read, write
from pipeline.store.tables import Arrival, IdentityAssertion, Submission

CLOCKS_DIFFER = timedelta(minutes=5)
"""So far ahead the clock of a sending system may be."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with one place of what was sent. pointer: into the body as JSON Pointer, of names we gave."""

    pointer: str
    code: str
    ja: str
    en: str


class SentUnfit(DomainError):
    """What was sent cannot be taken as it is; nothing of it was kept. faults: every one of them."""

    code = "record_unfit"
    ja = "送られた内容を受け付けられません。指摘の箇所を直して送り直してください。何も受け付けていません。"
    en = "This cannot be taken as it is. Mend what is named and send it again; nothing was received."

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__()
        self.faults = tuple(faults)


class ProcedureNotOpen(DomainError):
    """This sending system may not send for the procedure, or there is none: the two look alike."""

    code = "procedure_not_open"
    ja = "この手続への送信は許可されていません。"
    en = "You may not send for this procedure."


class ReceiptChanged(DomainError):
    """The receipt number came before with other content; this one is kept, and a person looks."""

    code = "receipt_changed"
    ja = "同じ受付番号で異なる内容が届いています。先の申請はそのまま残り、職員が確認します。"
    en = "This receipt number came before with other content. The first stays as it is; a person looks at both."


@dataclass(frozen=True)
class SentAssertion:
    """本人確認 as the sending system vouches for it. subject: the issuer's name for the person."""

    issuer: str
    method: str
    asserted_at: datetime
    level: str = ""
    subject: str = ""


@dataclass
class IncomingFile:
    """A file on its way in: its bytes and their beginning."""

    incoming: Incoming
    head: bytes = b""

    def write(self, data: bytes) -> None:
        """Adds these bytes."""
        if len(self.head) < HEAD:
            self.head += data[: HEAD - len(self.head)]
        self.incoming.write(data)


@dataclass(frozen=True)
class Sent:
    """One application as it came in. body: its JSON as it was sent. files: by the names the record knows them by."""

    procedure_id: str
    record: Mapping[str, Any]
    body: bytes
    assertion: SentAssertion | None = None
    files: Mapping[str, IncomingFile] = field(default_factory=dict)


@dataclass(frozen=True)
class Receipt:
    """What a sender is told of its application. new: False when this very content came before."""

    receipt_number: str
    sender_number: str
    procedure_id: str
    received_at: datetime
    new: bool


@dataclass(frozen=True)
class StatusAnswer:
    """Where an application stands. correction: the open request, while the applicant is asked to mend."""

    receipt: Receipt
    standing: Standing
    pack: Procedure
    correction: Correction | None


def receive(runtime: Runtime, client: Client, sent: Sent) -> Receipt:
    """Takes one application; sending it again changes nothing and is answered alike.

    Raises ProcedureNotOpen, SentUnfit, or ReceiptChanged. The files are kept or dropped here either way.
    """
    try:
        pack_id, pack, channel = _open_procedure(runtime, client, sent.procedure_id)
        record = _read(runtime, sent, pack, channel)
        source = f"{pack.id}:{channel.id}"
        return again_on_clash(lambda: _take(runtime, client, sent, record, (pack_id, pack, source)))
    finally:
        for file in sent.files.values():
            file.incoming.drop()


def find_status(runtime: Runtime, client: Client, number: str) -> StatusAnswer:
    """Where the application of this receipt number, the sender's or ours, stands. Raises NotVisible for any that
    this client did not send."""
    with read(runtime.engine, one_moment=True) as session:
        submission = _own(session, client, number)
        if submission is None:
            raise NotVisible
        now = standing_of(session, submission)
        asked = now.status.value == "correction_requested"
        return StatusAnswer(
            receipt=_receipt(submission, new=False),
            standing=now,
            pack=get_pack(session, submission.pack_version_id),
            correction=correction_of(session, submission.id) if asked else None,
        )


def open_procedures(runtime: Runtime, client: Client) -> list[tuple[Procedure, OnlineChannel]]:
    """The procedures this client may send for, as they are now, with the channel that maps its records."""
    return [(pack, channel) for _, pack, channel in (_open_procedure(runtime, client, one) for one, _ in client.scopes)]


def _open_procedure(runtime: Runtime, client: Client, procedure_id: str) -> tuple[str, Procedure, OnlineChannel]:
    channel_id = client.channel_for(procedure_id)
    if channel_id is None:
        raise ProcedureNotOpen
    with read(runtime.engine) as session:
        pack_id, pack = latest_pack(session, procedure_id)
    return pack_id, pack, find_json_channel(pack, channel_id)


def _read(runtime: Runtime, sent: Sent, pack: Procedure, channel: OnlineChannel) -> OnlineRecord:
    """The record, known by all its content: what was mapped, what was not, its files and who vouches."""
    reading = read_record(dict(sent.record), pack, channel)
    faults = [_fault(problem) for problem in reading.problems]
    faults += _file_faults(sent, reading.records)
    if sent.assertion and sent.assertion.asserted_at > runtime.clock() + CLOCKS_DIFFER:
        said = ("本人確認の日時が未来です。", "The moment of the assertion is in the future.")
        faults.append(Fault("#/identity/asserted_at", "asserted_in_future", *said))
    if faults:
        raise SentUnfit(faults)
    (record,) = reading.records
    files = sorted((name, file.incoming.digest) for name, file in sent.files.items())
    assertion = sent.assertion and [
        sent.assertion.issuer,
        sent.assertion.method,
        sent.assertion.level,
        sent.assertion.subject,
        sent.assertion.asserted_at.isoformat(),
    ]
    content = json.dumps([record.content_hash, files, assertion], ensure_ascii=False)
    return replace(record, content_hash=hashlib.sha256(content.encode()).hexdigest())


def _fault(problem: RowProblem) -> Fault:
    place = (problem.column or "").replace("[", ".").replace("]", "").replace(".", "/")
    pointer = f"#/record/{place}" if place else "#/record"
    return Fault(pointer, problem.code, problem.message.ja, problem.message.en)


def _file_faults(sent: Sent, records: Sequence[OnlineRecord]) -> list[Fault]:
    """Files the record names and that did not come, and files that came and that it does not name."""
    if not records:
        return []
    named = {name for record in records for _, name in record.attachments}
    faults = []
    if named - set(sent.files):
        said = ("記録にある添付ファイルが届いていません。", "A file that the record names was not sent.")
        faults.append(Fault("#/record", "file_missing", *said))
    if set(sent.files) - named:
        said = ("記録にない添付ファイルが届きました。", "A file was sent that the record does not name.")
        faults.append(Fault("#/record", "file_not_named", *said))
    return faults


def _take(
    runtime: Runtime,
    client: Client,
    sent: Sent,
    record: OnlineRecord,
    into: tuple[str, Procedure, str],
) -> Receipt:
    pack_id, pack, source = into
    with read(runtime.engine) as session:
        if is_known(runtime, session, source, record):
            return _answer_again(runtime, session, source, record)
    kept = {name: SentFile(file.incoming.keep(), file.head) for name, file in sent.files.items()}
    body, values = runtime.blobs.put(sent.body), put_values(runtime, record)
    with write(runtime.engine) as session:
        if is_known(runtime, session, source, record):
            return _answer_again(runtime, session, source, record)
        request = _request_arrival(runtime, pack, source, record, body)
        session.add(request)
        session.flush()
        session.add_all(file_rows(runtime, request, [(name, file.blob) for name, file in kept.items()]))
        origin = RecordOrigin(request.id, source, pack_id, pack, f"client:{client.id}")
        attachments = [
            attachment_of(position, kind, kept[name])
            for position, (kind, name) in enumerate(record.attachments, start=1)
        ]
        written = write_record(runtime, session, origin, record, attachments, values)
        if written.submission is not None and sent.assertion is not None:
            session.add(_assertion_row(runtime, client, written.submission.id, sent.assertion))
    if written.submission is None:
        raise ReceiptChanged
    return _receipt(written.submission, new=True)


def _answer_again(runtime: Runtime, session: Session, source: str, record: OnlineRecord) -> Receipt:
    """The answer to content that came before. Raises ReceiptChanged when it was the second under its number."""
    first = find_known(session, runtime.secrets, source, record.receipt_number)
    hashes = {record.content_hash, runtime.secrets.digest(record.content_hash)}
    if first is None or session.get_one(Arrival, first).content_hash not in hashes:
        raise ReceiptChanged
    submission = session.exec(select(Submission).where(Submission.arrival_id == first)).one()
    return _receipt(submission, new=False)


def _request_arrival(runtime: Runtime, pack: Procedure, source: str, record: OnlineRecord, body: str) -> Arrival:
    return Arrival(
        source=f"request:{source}",
        identity=record.content_hash,
        content_hash=body,
        blob=body,
        department=pack.review.department,
        status=ArrivalStatus.TAKEN,
        arrived_at=runtime.clock(),
    )


def _assertion_row(runtime: Runtime, client: Client, submission_id: str, sent: SentAssertion) -> IdentityAssertion:
    digest = runtime.secrets.digest(f"asserted-subject:{sent.issuer}:{sent.subject}") if sent.subject else ""
    return IdentityAssertion(
        submission_id=submission_id,
        client_id=client.id,
        issuer=sent.issuer,
        method=sent.method,
        level=sent.level,
        subject_digest=digest,
        asserted_at=sent.asserted_at,
        kept_at=runtime.clock(),
    )


def _own(session: Session, client: Client, number: str) -> Submission | None:
    """The client's submission of this number; its own numbers come before ours."""
    mine = col(Submission.source).in_(client.sources)
    for column in (Submission.source_number, Submission.receipt_number):
        found = session.exec(
            select(Submission).where(mine, col(column) == number).order_by(col(Submission.receipt_number))
        ).first()
        if found is not None:
            return found
    return None


def _receipt(submission: Submission, *, new: bool) -> Receipt:
    return Receipt(
        receipt_number=submission.receipt_number,
        sender_number=submission.source_number or "",
        procedure_id=submission.procedure_id,
        received_at=submission.received_at.astimezone(JST),
        new=new,
    )
