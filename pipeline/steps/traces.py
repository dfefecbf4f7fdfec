"""Traces of an application: what strangers' applications should not have too, as keyed digests.

They are written where the values are written, so that they never speak of what is no longer there, and only what has
changed is written anew: `Trace.made_at` says since when an application has what it has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session, col, select

from japan.bank import parse_account
from pipeline.channels.looks import BLANK, bits_of
from pipeline.domain.statuses import TraceKind
from pipeline.procedures.pack import Procedure
from pipeline.runtime import Secrets
from pipeline.store.tables import Attachment, Document, FieldValue, Page, Trace

BANDS, BAND_BITS = 8, 40
"""A look is found by bands of its lowest bits: pictures that are the same agree in at least one, and those of different
people's papers of one layout seldom do."""


class Wanted(NamedTuple):
    """A trace as it should be."""

    kind: TraceKind
    about: str
    digest: str


def trace_account(session: Session, secrets: Secrets, submission_id: str, pack: Procedure, at: datetime) -> None:
    """The trace of the account that the application's values name now; none while it is not whole."""
    session.flush()
    values = session.exec(
        select(FieldValue.key, FieldValue.value).where(
            FieldValue.submission_id == submission_id, col(FieldValue.key).in_(pack.matching.account)
        )
    ).all()
    digest = account_digest(secrets, pack, dict(values))
    wanted = [Wanted(TraceKind.ACCOUNT, pack.matching.account[-1], digest)] if digest else []
    put_traces(session, submission_id, {TraceKind.ACCOUNT}, wanted, at)


def account_digest(secrets: Secrets, pack: Procedure, values: Mapping[str, str | None]) -> str | None:
    """The keyed digest of the account in these values (field key -> normal form); None when it is no whole one, or of
    zeros alone, as who has none writes."""
    account = parse_account(" ".join(values.get(name) or "" for name in pack.matching.account))
    if account is None or not account.number.strip("0"):
        return None
    return secrets.digest(f"account:{account.bank}{account.branch}{account.number}")


def trace_files(session: Session, secrets: Secrets, submission_id: str, at: datetime) -> None:
    """The traces of the application's papers and files: of their bytes, and of what pictures that were sent look like.

    A blank picture leaves none.
    """
    session.flush()
    wanted = []
    for about, blob, look in _files(session, submission_id):
        if look != BLANK:
            wanted.append(Wanted(TraceKind.FILE, about, secrets.digest(f"file:{blob}")))
            wanted += bands_of(secrets, about, look)
    put_traces(session, submission_id, {TraceKind.FILE, TraceKind.LOOK}, wanted, at)


def bands_of(secrets: Secrets, about: str, look: str) -> Iterable[Wanted]:
    """A look's traces, one for each of its bands; none of ""."""
    bits = bits_of(look)[: BANDS * BAND_BITS] if look else ""
    for number in range(BANDS if look else 0):
        # Every eighth bit, so that each band has low and high frequencies.
        yield Wanted(TraceKind.LOOK, about, secrets.digest(f"look:{number}:{bits[number::BANDS]}"))


def _files(session: Session, submission_id: str) -> list[tuple[str, str, str]]:
    """Id, blob and look of every attachment, and of every page that is none."""
    attachments = session.exec(select(Attachment).where(Attachment.submission_id == submission_id)).all()
    attached = {row.page_id for row in attachments}
    pages = session.exec(
        select(Page.id, Page.blob)
        .join(Document, col(Document.id) == Page.document_id)
        .where(Document.submission_id == submission_id)
    ).all()
    found = [(row.id, row.blob, row.look) for row in attachments]
    found += [(row_id, blob, "") for row_id, blob in pages if row_id not in attached]
    return [(row_id, blob, look) for row_id, blob, look in found if blob]


def put_traces(
    session: Session, submission_id: str, kinds: Collection[TraceKind], wanted: Collection[Wanted], at: datetime
) -> None:
    """The application's traces of these kinds become exactly `wanted`; those it has already stay as they are."""
    rows = session.exec(select(Trace).where(Trace.submission_id == submission_id, col(Trace.kind).in_(kinds))).all()
    held = {Wanted(row.kind, row.about, row.digest): row for row in rows}
    for old in held.keys() - set(wanted):
        session.delete(held[old])
    session.flush()
    for kind, about, digest in sorted(set(wanted) - held.keys()):
        row = Trace(submission_id=submission_id, kind=kind, about=about, digest=digest, made_at=at)
        session.add(row)
    session.flush()
