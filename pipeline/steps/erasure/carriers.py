"""The files that applications came in: a scan file, an export with its attachments, one online record.

A carrier holds many people's applications, and so it goes with the first of them: what the others said stands in
their own pictures and records, which stay as long as they do. Sending systems often export everything anew, so every
export of the channel that names an erased receipt number is a carrier of it too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import update
from sqlmodel import Session, col, or_, select

from pipeline.domain.statuses import ArrivalStatus
from pipeline.runtime import Runtime, Secrets
from pipeline.steps.erasure.due import File
from pipeline.steps.erasure.losses import Cut
from pipeline.steps.records import FILE
from pipeline.store.blobs import BlobMissing
from pipeline.store.engine import read
from pipeline.store.tables import Arrival, ArrivalIdentity, Attachment, Page, Submission

_TOKEN = re.compile(rb"[0-9A-Za-z]+")


@dataclass(frozen=True)
class Carriers:
    """Which exports name which receipt number. unnamed: exports that may name any, since nothing in them can be told.

    tokens: per export, the runs of letters and digits in it; a receipt number is in it when all its runs are.
    """

    tokens: Mapping[str, frozenset[bytes]] = field(default_factory=dict)

    def naming(self, receipt_number: str) -> set[str]:
        """Ids of the exports in which this number may stand: rather one too many than one too few."""
        wanted = frozenset(_TOKEN.findall(receipt_number.encode()))
        return {export for export, tokens in self.tokens.items() if wanted <= tokens}


def look_through_exports(runtime: Runtime, procedure_id: str, receipt_numbers: Collection[str]) -> Carriers:
    """Looks through every export of a procedure that is still kept, for these receipt numbers."""
    wanted = {token for number in receipt_numbers for token in _TOKEN.findall(number.encode())}
    with read(runtime.engine) as session:
        exports = session.exec(
            select(Arrival.id, Arrival.blob).where(
                col(Arrival.source).like(f"export:{procedure_id}:%"),
                Arrival.blob != "",
                Arrival.status != ArrivalStatus.STORED,
            )
        ).all()
    tokens = {export: frozenset(_tokens(runtime, blob) & wanted) for export, blob in exports} if wanted else {}
    return Carriers(tokens)


def _tokens(runtime: Runtime, blob: str) -> set[bytes]:
    try:
        return set(_TOKEN.findall(runtime.blobs.get(blob)))
    except BlobMissing:
        return set()


def cut_carriers(
    runtime: Runtime, session: Session, file: File, carriers: Carriers, pages: Collection[str], cut: Cut
) -> None:
    """Lets go of every file that one of these applications came in."""
    ids = file.submission_ids
    rows = session.exec(select(Submission).where(col(Submission.id).in_(ids))).all()
    arrivals = {row.arrival_id for row in rows if row.arrival_id}
    exports = {
        export
        for export in session.exec(select(Arrival.part_of_id).where(col(Arrival.id).in_(arrivals))).all()
        if export
    }
    for row in rows:
        exports |= carriers.naming(row.source_number) if row.source_number else set()
    scans = set(session.exec(select(Page.arrival_id).where(col(Page.id).in_(pages)).distinct()).all())
    batches = {row.batch_id for row in rows if row.batch_id}
    scans |= _cut_whole_batches(session, batches, ids, cut)
    arrivals |= exports | scans
    again, carried_by = _same_again(session, arrivals)
    exports |= carried_by
    arrivals |= again | exports | files_of(session, exports, cut.blobs, ids)
    cut_arrivals(session, runtime.secrets, arrivals, cut)


def _cut_whole_batches(
    session: Session, batch_ids: Collection[str], submission_ids: Collection[str], cut: Cut
) -> set[str]:
    """Of batches whose last application goes: their other sheets go too; gives all their files."""
    alive = set(
        session.exec(
            select(Submission.batch_id).where(
                col(Submission.batch_id).in_(batch_ids),
                col(Submission.erased_at).is_(None),
                col(Submission.id).not_in(submission_ids),
            )
        ).all()
    )
    return cut_batches(session, set(batch_ids) - {one for one in alive if one}, cut)


def cut_batches(session: Session, batch_ids: Collection[str], cut: Cut) -> set[str]:
    """Takes away what stands on the sheets of these batches; gives the ids of their files."""
    rows = session.exec(select(Page.blob, Page.view).where(col(Page.batch_id).in_(batch_ids))).all()
    cut.blobs |= {digest for pair in rows for digest in pair if digest}
    cut.counts["page"] += sum(any(pair) for pair in rows)
    session.execute(
        update(Page).where(col(Page.batch_id).in_(batch_ids)).values(blob=None, view=None, full_text=None, code="")
    )
    return set(session.exec(select(Arrival.id).where(col(Arrival.batch_id).in_(batch_ids))).all())


def _same_again(session: Session, arrival_ids: Collection[str]) -> tuple[set[str], set[str]]:
    """What repeats these arrivals, the same bytes once more or other content under the same receipt number; and the
    exports or requests that those stood in."""
    rows = session.exec(select(Arrival.id, Arrival.part_of_id).where(col(Arrival.repeats_id).in_(arrival_ids))).all()
    return {one for one, _ in rows}, {export for _, export in rows if export}


def files_of(
    session: Session, exports: Collection[str], digests: Collection[str], submission_ids: Collection[str]
) -> set[str]:
    """Files that came with these exports, or are attachments that go now, unless an application that came in the same
    export and stays has them."""
    files = session.exec(
        select(Arrival.id, Arrival.blob, Arrival.part_of_id).where(
            Arrival.source == FILE,
            or_(col(Arrival.part_of_id).in_(exports), col(Arrival.content_hash).in_(digests)),
        )
    ).all()
    stays = set(
        session.exec(
            select(Arrival.part_of_id, Attachment.blob)
            .join(Submission, col(Submission.arrival_id) == Arrival.id)
            .join(Attachment, col(Attachment.submission_id) == Submission.id)
            .where(
                col(Arrival.part_of_id).in_({export for _, _, export in files}),
                col(Submission.erased_at).is_(None),
                col(Submission.id).not_in(submission_ids),
            )
        ).all()
    )
    return {one for one, blob, export in files if (export, blob) not in stays}


def cut_arrivals(session: Session, secrets: Secrets, arrival_ids: Iterable[str], cut: Cut) -> None:
    """Arrivals keep that they came, when and under which keyed digest; an arrival whose `blob` is "" is erased."""
    rows = session.exec(select(Arrival).where(col(Arrival.id).in_(set(arrival_ids)), Arrival.blob != "")).all()
    for row in rows:
        cut.blobs.add(row.blob)
        cut.arrivals.append(row.id)
        identity = secrets.digest(row.identity)
        session.execute(
            update(ArrivalIdentity)
            .where(col(ArrivalIdentity.source) == row.source, col(ArrivalIdentity.identity) == row.identity)
            .values(identity=identity)
        )
        row.blob, row.name_token = "", ""
        row.identity, row.content_hash = identity, secrets.digest(row.content_hash)
        session.add(row)
    cut.counts["arrival"] += len(rows)
    session.flush()
