"""Online in: an export and its files are stored, then its records become submissions, each in one write.

Two use cases: `store_export` acknowledges, `take_records` works; the second may crash and be called again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, select

from pipeline.channels.attachments import inspect_attachment
from pipeline.channels.errors import ArrivalError, ErasedBefore
from pipeline.channels.exports import open_export
from pipeline.channels.online import OnlineRecord, RowProblem
from pipeline.domain.statuses import ArrivalStatus, ReasonCode
from pipeline.procedures.pack import OnlineChannel, Procedure
from pipeline.progress import tell_progress
from pipeline.runtime import Runtime
from pipeline.steps.known import find_erased, find_known
from pipeline.steps.packs import PackMissing, latest_pack
from pipeline.steps.records import FILE, RecordOrigin, file_rows, is_known, put_values, write_record
from pipeline.steps.refuse import refuse_file
from pipeline.steps.tasks import Doubt, open_mailroom_task
from pipeline.store.engine import again_on_clash, read, write
from pipeline.store.tables import Arrival, ArrivalIdentity, Attachment


@dataclass
class ExportReceived:
    """What an export came to. refusal: the error that stopped the whole file, its blob kept all the same.

    taken: ids of new submissions. already: records that came before, unchanged. changed: arrivals whose
    receipt number came before with other content. problems: rows that name their line and column.
    """

    arrival_id: str
    refusal: ArrivalError | None = None
    taken: list[str] = field(default_factory=list)
    already: int = 0
    changed: list[str] = field(default_factory=list)
    problems: Sequence[RowProblem] = ()


def store_export(
    runtime: Runtime,
    procedure_id: str,
    channel_id: str,
    name: str,
    data: bytes,
    files: Iterable[tuple[str, bytes]] = (),
) -> str:
    """Keeps an export and the files that came with it (name as the export says it, bytes); gives the arrival's id.

    The same bytes again are the same arrival. Raises PackMissing when the procedure has no such channel.
    """
    with read(runtime.engine) as session:
        _, pack = latest_pack(session, procedure_id)
    get_channel(pack, channel_id)
    blob = runtime.blobs.put(data)
    stored = [(file_name, runtime.blobs.put(content)) for file_name, content in files]
    source = f"export:{pack.id}:{channel_id}"
    # Exports may differ in their attachments alone: those count for the identity too.
    listed = [[runtime.secrets.digest(file_name), digest] for file_name, digest in sorted(stored)]
    identity = runtime.secrets.digest(json.dumps([blob, listed]))
    return again_on_clash(lambda: _store(runtime, pack, (source, identity), name, blob, stored))


def _store(
    runtime: Runtime,
    pack: Procedure,
    known_as: tuple[str, str],
    name: str,
    blob: str,
    stored: Sequence[tuple[str, str]],
) -> str:
    source, identity = known_as
    with write(runtime.engine) as session:
        before = find_known(session, runtime.secrets, *known_as)
        if before:
            return before
        arrival = Arrival(
            source=source,
            identity=identity,
            content_hash=blob,
            blob=blob,
            name_token=runtime.secrets.seal(name),
            department=pack.review.department,
            status=ArrivalStatus.STORED,
            arrived_at=runtime.clock(),
        )
        session.add(arrival)
        session.flush()
        session.add(ArrivalIdentity(source=source, identity=identity, arrival_id=arrival.id))
        session.add_all(file_rows(runtime, arrival, stored))
        return arrival.id


def get_channel(pack: Procedure, channel_id: str) -> OnlineChannel:
    """The pack's channel of this id. Raises PackMissing."""
    for channel in pack.channels:
        if channel.id == channel_id:
            return channel
    raise PackMissing


def take_records(runtime: Runtime, arrival_id: str, *, actor: str = "system") -> ExportReceived:
    """Takes the records of a stored export one by one; a crash between two is mended by calling it again."""
    with read(runtime.engine) as session:
        arrival = session.get_one(Arrival, arrival_id)
        _, procedure_id, channel_id = arrival.source.split(":")
        pack_id, pack = latest_pack(session, procedure_id)
    received = ExportReceived(arrival_id)
    if not arrival.blob:
        received.refusal = ErasedBefore()
        return received
    try:
        reading = open_export(runtime.blobs.get(arrival.blob), pack, get_channel(pack, channel_id))
    except ArrivalError as error:
        received.refusal = error
        refuse_file(runtime, arrival_id, pack.review.department, error)
        return received
    received.problems = reading.problems
    if arrival.status is ArrivalStatus.STORED:
        _report_problems(runtime, arrival_id, pack, reading.problems)
    origin = RecordOrigin(arrival_id, f"{pack.id}:{channel_id}", pack_id, pack, actor)
    for record in reading.records:
        tell_progress()
        _take_anew(runtime, received, origin, record)
    with write(runtime.engine) as session:
        done = session.get_one(Arrival, arrival_id)
        if done.status is ArrivalStatus.STORED:
            done.status = ArrivalStatus.TAKEN
            # Sent once more after it was erased: the next erasure takes this export too.
            numbers = [record.receipt_number for record in reading.records]
            done.repeats_id = find_erased(session, runtime.secrets, origin.source, numbers)
            session.add(done)
    return received


def _report_problems(runtime: Runtime, arrival_id: str, pack: Procedure, problems: Sequence[RowProblem]) -> None:
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


def _take_anew(runtime: Runtime, received: ExportReceived, origin: RecordOrigin, record: OnlineRecord) -> None:
    again_on_clash(lambda: _take_record(runtime, received, origin, record))


def _take_record(runtime: Runtime, received: ExportReceived, origin: RecordOrigin, record: OnlineRecord) -> None:
    with read(runtime.engine) as session:
        if is_known(runtime, session, origin.source, record):
            received.already += 1
            return
        sent = [(kind, _find_file(runtime, session, origin, name)) for kind, name in record.attachments]
    attachments = [_attachment(runtime, position, kind, blob) for position, (kind, blob) in enumerate(sent, start=1)]
    blob = put_values(runtime, record)
    with write(runtime.engine) as session:
        written = write_record(runtime, session, origin, record, attachments, blob)
    if written.submission:
        received.taken.append(written.submission.id)
    elif written.changed_id:
        received.changed.append(written.changed_id)
    else:
        received.already += 1


def _find_file(runtime: Runtime, session: Session, origin: RecordOrigin, name: str) -> str | None:
    """The blob of the file that came with the export under this name."""
    return session.exec(
        select(Arrival.blob).where(
            Arrival.part_of_id == origin.arrival_id,
            Arrival.source == FILE,
            Arrival.identity == runtime.secrets.digest(name),
        )
    ).first()


def _attachment(runtime: Runtime, position: int, kind: str, blob: str | None) -> Attachment:
    row = Attachment(submission_id="", position=position, kind=kind, blob=blob)
    if blob is None:
        row.problem_code = "missing_attachment"
        return row
    facts = inspect_attachment(runtime.blobs.get(blob))
    row.media_type, row.problem_code, row.look = facts.media_type, facts.problem, facts.look
    return row
