"""Paper in: files become a batch, files become pages, pages become documents and submissions.

Three use cases, each ending in one short write, so that a crash between any two repeats nothing that shows:
`receive_files`, then `take_pages` for each file, then `assemble.assemble_batch`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from ocr.codes import find_codes
from ocr.imaging import is_blank
from pipeline.channels.errors import ArrivalError
from pipeline.channels.paper import encode_page, iter_pages, sniff_named
from pipeline.channels.pictures import PagePicture, UnreadablePage
from pipeline.channels.slip import BatchSlip
from pipeline.domain.statuses import (
    ArrivalStatus,
    PageFate,
)
from pipeline.procedures.codes import form_code, parse_code
from pipeline.procedures.pack import Procedure
from pipeline.runtime import Runtime
from pipeline.steps.known import find_known
from pipeline.steps.locate import locate_uncoded
from pipeline.steps.numbers import batch_number
from pipeline.steps.packs import latest_pack, newest_packs
from pipeline.steps.refuse import refuse_file
from pipeline.store.columns import new_id
from pipeline.store.engine import again_on_clash, read, write
from pipeline.store.events import append_event
from pipeline.store.tables import (
    Arrival,
    ArrivalIdentity,
    Batch,
    Page,
)

SCANNER = "scanner"


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

    key: the caller's idempotency key; the same files under the same key are the same batch and change nothing.
    Other files under a key that was used are another batch: a form sent again from a page that was gone back to
    must not lose them. A file whose bytes came before is recorded as 重複到着 and not read again. Raises
    PackMissing when no procedure is installed.
    """
    stored = [(name, runtime.blobs.put(data)) for name, data in files]
    if key:
        key = f"{key}:{hashlib.sha256(''.join(digest for _, digest in stored).encode()).hexdigest()[:16]}"
    return again_on_clash(lambda: _receive(runtime, slip, stored, actor, key))


def _receive(
    runtime: Runtime, slip: BatchSlip, stored: Sequence[tuple[str, str]], actor: str, key: str | None
) -> Received:
    with write(runtime.engine) as session:
        if key and (before := _received_before(session, key)):
            return before
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
        # The other click may have been written since this one looked.
        if key and not fresh and (before := _received_before(session, key)):
            return before
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
        return Received(batch.id if fresh else None, batch.number, tuple(r.id for r in rows), len(rows) - len(fresh))


def _received_before(session: Session, key: str) -> Received | None:
    batch = session.exec(select(Batch).where(Batch.key == key)).first()
    if batch is None:
        return None
    arrivals = session.exec(select(Arrival.id).where(Arrival.batch_id == batch.id).order_by(col(Arrival.position)))
    return Received(batch.id, batch.number, tuple(arrivals), 0)


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
    known = find_known(session, runtime.secrets, SCANNER, digest)
    before = known or ((twin.repeats_id or twin.id) if twin else None)
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
        refuse_file(runtime, arrival.id, arrival.department, error)
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
    elif not codes and (form := locate_uncoded(page.image, packs)):
        # A form whose QR is torn or stained must not pass for an attachment of the applicant before.
        row.code = form_code(form.procedure_id, form.form_id, form.revision, form.page)
    return row
