"""One online record into the store, in one write: the same for a record of an export and for one sent by itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from pipeline.channels.online import OnlineRecord
from pipeline.domain.statuses import ArrivalStatus, Channel, Origin, ReasonCode
from pipeline.procedures.pack import Procedure
from pipeline.procedures.values import normalise_value
from pipeline.runtime import JST, Runtime
from pipeline.steps.known import came_before, find_known
from pipeline.steps.numbers import receipt_number
from pipeline.steps.tasks import Doubt, open_mailroom_task
from pipeline.steps.traces import trace_account
from pipeline.store.events import append_event
from pipeline.store.tables import Arrival, ArrivalIdentity, Attachment, FieldValue, Submission

FILE = "export_file"


@dataclass(frozen=True)
class RecordOrigin:
    """Where a record comes from. arrival_id: the export, or the request, that it stood in."""

    arrival_id: str
    source: str
    pack_id: str
    pack: Procedure
    actor: str


@dataclass(frozen=True)
class Written:
    """What became of a record: a new submission, or an arrival that holds other content under a number that came
    before; neither when this very content came before."""

    submission: Submission | None = None
    changed_id: str | None = None


def is_known(runtime: Runtime, session: Session, source: str, record: OnlineRecord) -> bool:
    """True when this very content was taken, or kept as changed, under this receipt number."""
    return came_before(session, runtime.secrets, source, record.receipt_number, record.content_hash)


def put_values(runtime: Runtime, record: OnlineRecord) -> str:
    """The blob of a record's values."""
    return runtime.blobs.put(json.dumps(record.values, ensure_ascii=False, sort_keys=True).encode())


def file_rows(runtime: Runtime, parent: Arrival, stored: Sequence[tuple[str, str]]) -> list[Arrival]:
    """Rows for the files (name, blob) that came with an export or a request; names are sealed."""
    return [
        Arrival(
            source=FILE,
            identity=runtime.secrets.digest(name),
            content_hash=blob,
            blob=blob,
            name_token=runtime.secrets.seal(name),
            part_of_id=parent.id,
            department=parent.department,
            status=ArrivalStatus.TAKEN,
            arrived_at=parent.arrived_at,
        )
        for name, blob in stored
    ]


def write_record(
    runtime: Runtime,
    session: Session,
    origin: RecordOrigin,
    record: OnlineRecord,
    attachments: Sequence[Attachment],
    blob: str,
) -> Written:
    """Makes a submission of a record whose receipt number is new. attachments: rows without their submission;
    blob: what `put_values` gave."""
    first = find_known(session, runtime.secrets, origin.source, record.receipt_number)
    if first is not None:
        if is_known(runtime, session, origin.source, record):
            return Written()
        return Written(changed_id=_keep_changed(runtime, session, origin, record, blob, first))
    arrival = _record_arrival(runtime, origin, record, blob)
    session.add(arrival)
    session.flush()
    session.add(ArrivalIdentity(source=origin.source, identity=record.receipt_number, arrival_id=arrival.id))
    submission = _submission(runtime, session, origin, record, arrival)
    session.add(submission)
    session.flush()
    for attachment in attachments:
        attachment.submission_id = submission.id
        session.add(attachment)
    session.add_all(_field_values(origin.pack, submission.id, record))
    trace_account(session, runtime.secrets, submission.id, origin.pack, runtime.clock())
    append_event(
        session,
        "submission",
        submission.id,
        "submission_received",
        actor=origin.actor,
        at=runtime.clock(),
        payload={"arrival": arrival.id, "attachments": len(attachments)},
    )
    return Written(submission)


def _record_arrival(runtime: Runtime, origin: RecordOrigin, record: OnlineRecord, blob: str) -> Arrival:
    return Arrival(
        source=origin.source,
        identity=record.receipt_number,
        content_hash=record.content_hash,
        blob=blob,
        part_of_id=origin.arrival_id,
        position=record.line,
        department=origin.pack.review.department,
        status=ArrivalStatus.TAKEN,
        arrived_at=runtime.clock(),
    )


def _keep_changed(
    runtime: Runtime, session: Session, origin: RecordOrigin, record: OnlineRecord, blob: str, first: str
) -> str:
    """Same receipt number, other content: kept as it came, and a person decides; the first stays as it is."""
    arrival = _record_arrival(runtime, origin, record, blob)
    arrival.status, arrival.problem_code = ArrivalStatus.REFUSED, ReasonCode.RECEIPT_CHANGED.value
    arrival.repeats_id = first
    session.add(arrival)
    session.flush()
    open_mailroom_task(
        session,
        key=f"changed:{arrival.id}",
        department=arrival.department,
        doubts=[Doubt(ReasonCode.RECEIPT_CHANGED, first, f"line {record.line}")],
        at=runtime.clock(),
        arrival_id=arrival.id,
    )
    return arrival.id


def _submission(
    runtime: Runtime, session: Session, origin: RecordOrigin, record: OnlineRecord, arrival: Arrival
) -> Submission:
    received_on = record.received_at.astimezone(JST).date()
    return Submission(
        receipt_number=receipt_number(session, received_on),
        procedure_id=origin.pack.id,
        pack_version_id=origin.pack_id,
        channel=Channel.ONLINE,
        source=origin.source,
        source_number=record.receipt_number,
        department=origin.pack.review.department,
        received_at=record.received_at,
        received_on=received_on,
        arrival_id=arrival.id,
        created_at=runtime.clock(),
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
