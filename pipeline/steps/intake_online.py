"""Online in: an export becomes arrivals and submissions, record by record, each in one write."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, select

from pipeline.channels.errors import ArrivalError
from pipeline.channels.online import OnlineRecord, RowProblem, read_export
from pipeline.domain.statuses import ArrivalStatus, Channel, Origin, ReasonCode
from pipeline.procedures.pack import OnlineChannel, Procedure
from pipeline.procedures.values import normalise_value
from pipeline.runtime import JST, Runtime
from pipeline.steps.numbers import receipt_number
from pipeline.steps.packs import PackMissing, latest_pack
from pipeline.steps.tasks import Doubt, open_mailroom_task
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import Arrival, ArrivalIdentity, Attachment, FieldValue, Submission

OpenAttachment = Callable[[str], bytes | None]
"""Gives the bytes of an attachment by the name the export gives it, or None when it is not there."""

_MEDIA = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"%PDF": "application/pdf"}


@dataclass
class ExportReceived:
    """What an export came to. refusal: the error that stopped the whole file, its blob kept all the same.

    taken: ids of new submissions. already: records that came before, unchanged. changed: receipt numbers'
    arrivals that came before with other content. problems: rows that name their line and column.
    """

    arrival_id: str
    refusal: ArrivalError | None = None
    taken: list[str] = field(default_factory=list)
    already: int = 0
    changed: list[str] = field(default_factory=list)
    problems: Sequence[RowProblem] = ()


def receive_export(
    runtime: Runtime,
    procedure_id: str,
    channel_id: str,
    name: str,
    data: bytes,
    open_attachment: OpenAttachment,
    *,
    actor: str,
) -> ExportReceived:
    """Stores the export, then takes its records one by one; a crash between two is mended by running it again.

    Raises PackMissing when the procedure has no such channel.
    """
    with read(runtime.engine) as session:
        pack_id, pack = latest_pack(session, procedure_id)
    channel = next((one for one in pack.channels if one.id == channel_id), None)
    if channel is None:
        raise PackMissing
    received = ExportReceived(_store_export(runtime, pack, channel, name, data))
    try:
        reading = read_export(data, pack, channel)
    except ArrivalError as error:
        received.refusal = error
        _refuse_export(runtime, received.arrival_id, pack, error)
        return received
    received.problems = reading.problems
    _report_problems(runtime, received.arrival_id, pack, reading.problems)
    for record in reading.records:
        _take_record(runtime, received, pack_id, pack, channel, record, open_attachment, actor)
    return received


def _store_export(runtime: Runtime, pack: Procedure, channel: OnlineChannel, name: str, data: bytes) -> str:
    digest = runtime.blobs.put(data)
    source = f"export:{pack.id}:{channel.id}"
    with write(runtime.engine) as session:
        before = session.get(ArrivalIdentity, (source, digest))
        if before:
            return before.arrival_id
        arrival = Arrival(
            source=source,
            identity=digest,
            content_hash=digest,
            blob=digest,
            name_token=runtime.secrets.seal(name),
            department=pack.review.department,
            status=ArrivalStatus.TAKEN,
            arrived_at=runtime.clock(),
        )
        session.add(arrival)
        session.flush()
        session.add(ArrivalIdentity(source=source, identity=digest, arrival_id=arrival.id))
        return arrival.id


def _refuse_export(runtime: Runtime, arrival_id: str, pack: Procedure, error: ArrivalError) -> None:
    with write(runtime.engine) as session:
        arrival = session.get_one(Arrival, arrival_id)
        arrival.status, arrival.problem_code = ArrivalStatus.REFUSED, error.code
        session.add(arrival)
        open_mailroom_task(
            session,
            key=f"file:{arrival_id}",
            department=pack.review.department,
            doubts=[Doubt(ReasonCode.FILE_REFUSED, arrival_id, error.code)],
            at=runtime.clock(),
            arrival_id=arrival_id,
        )


def _report_problems(
    runtime: Runtime, arrival_id: str, pack: Procedure, problems: Sequence[RowProblem]
) -> None:
    if not problems:
        return
    with write(runtime.engine) as session:
        open_mailroom_task(
            session,
            key=f"rows:{arrival_id}",
            department=pack.review.department,
            doubts=[
                Doubt(ReasonCode.FILE_REFUSED, f"{problem.line}:{problem.column or ''}", problem.code)
                for problem in problems
            ],
            at=runtime.clock(),
            arrival_id=arrival_id,
        )


def _take_record(
    runtime: Runtime,
    received: ExportReceived,
    pack_id: str,
    pack: Procedure,
    channel: OnlineChannel,
    record: OnlineRecord,
    open_attachment: OpenAttachment,
    actor: str,
) -> None:
    source = f"{pack.id}:{channel.id}"
    with read(runtime.engine) as session:
        if _came_before(session, source, record):
            received.already += 1
            return
    blob = runtime.blobs.put(json.dumps(record.values, ensure_ascii=False, sort_keys=True).encode())
    attachments = [
        _attachment(runtime, position, kind, open_attachment(name))
        for position, (kind, name) in enumerate(record.attachments, start=1)
    ]
    with write(runtime.engine) as session:
        before = session.get(ArrivalIdentity, (source, record.receipt_number))
        if before:
            if not _came_before(session, source, record):
                received.changed.append(_keep_changed(runtime, session, received, pack, source, record, blob))
            return
        arrival = _record_arrival(runtime, received, pack, source, record, blob)
        session.add(arrival)
        session.flush()
        session.add(
            ArrivalIdentity(source=source, identity=record.receipt_number, arrival_id=arrival.id)
        )
        submission = _submission(runtime, session, pack_id, pack, source, record, arrival)
        session.add(submission)
        session.flush()
        for attachment in attachments:
            attachment.submission_id = submission.id
            session.add(attachment)
        session.add_all(_field_values(pack, submission.id, record))
        append_event(
            session, "submission", submission.id, "submission_received", actor=actor, at=runtime.clock(),
            payload={"arrival": arrival.id, "attachments": len(attachments)},
        )
        received.taken.append(submission.id)


def _came_before(session: Session, source: str, record: OnlineRecord) -> bool:
    """True when this very content was taken, or kept as changed, under this receipt number."""
    query = select(Arrival.id).where(
        Arrival.source == source,
        Arrival.identity == record.receipt_number,
        Arrival.content_hash == record.content_hash,
    )
    return session.exec(query).first() is not None


def _record_arrival(
    runtime: Runtime, received: ExportReceived, pack: Procedure, source: str, record: OnlineRecord, blob: str
) -> Arrival:
    return Arrival(
        source=source,
        identity=record.receipt_number,
        content_hash=record.content_hash,
        blob=blob,
        part_of_id=received.arrival_id,
        position=record.line,
        department=pack.review.department,
        status=ArrivalStatus.TAKEN,
        arrived_at=runtime.clock(),
    )


def _keep_changed(
    runtime: Runtime,
    session: Session,
    received: ExportReceived,
    pack: Procedure,
    source: str,
    record: OnlineRecord,
    blob: str,
) -> str:
    """Same receipt number, other content: kept as it came, and a person decides; the first stays as it is."""
    first = session.get_one(ArrivalIdentity, (source, record.receipt_number)).arrival_id
    arrival = _record_arrival(runtime, received, pack, source, record, blob)
    arrival.status, arrival.problem_code = ArrivalStatus.REFUSED, ReasonCode.RECEIPT_CHANGED.value
    arrival.repeats_id = first
    session.add(arrival)
    session.flush()
    open_mailroom_task(
        session,
        key=f"changed:{arrival.id}",
        department=pack.review.department,
        doubts=[Doubt(ReasonCode.RECEIPT_CHANGED, first, f"line {record.line}")],
        at=runtime.clock(),
        arrival_id=arrival.id,
    )
    return arrival.id


def _submission(
    runtime: Runtime,
    session: Session,
    pack_id: str,
    pack: Procedure,
    source: str,
    record: OnlineRecord,
    arrival: Arrival,
) -> Submission:
    received_on = record.received_at.astimezone(JST).date()
    return Submission(
        receipt_number=receipt_number(session, received_on),
        procedure_id=pack.id,
        pack_version_id=pack_id,
        channel=Channel.ONLINE,
        source=source,
        source_number=record.receipt_number,
        department=pack.review.department,
        received_at=record.received_at,
        received_on=received_on,
        arrival_id=arrival.id,
        created_at=runtime.clock(),
    )


def _attachment(runtime: Runtime, position: int, kind: str, data: bytes | None) -> Attachment:
    if not data:
        return Attachment(
            submission_id="", position=position, kind=kind,
            problem_code="missing_attachment" if data is None else "empty_file",
        )
    media = next((media for magic, media in _MEDIA.items() if data.startswith(magic)), None)
    return Attachment(
        submission_id="",
        position=position,
        kind=kind,
        blob=runtime.blobs.put(data),
        media_type=media or "application/octet-stream",
        problem_code=None if media else "unsupported_type",
    )


def _field_values(pack: Procedure, submission_id: str, record: OnlineRecord) -> list[FieldValue]:
    rows = []
    for key, raw in sorted(record.values.items()):
        normalised = normalise_value(pack.field(key.split(".")[0]), raw)
        rows.append(
            FieldValue(
                submission_id=submission_id,
                key=key,
                raw=raw,
                value=normalised.value,
                problem=normalised.problem,
                origin=Origin.APPLICANT,
                accepted=normalised.problem is None,
            )
        )
    return rows
