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
from pipeline.domain.statuses import TraceKind
from pipeline.procedures.pack import Procedure
from pipeline.runtime import Secrets
from pipeline.store.tables import Attachment, Document, FieldValue, Page, Trace

BAND_BITS = 16
"""A look is found by its four bands: pictures that differ in at most three bits agree in one of them."""


class Wanted(NamedTuple):
    """A trace as it should be."""

    kind: TraceKind
    about: str
    digest: str
    look: str = ""


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


def trace_files(
    session: Session, secrets: Secrets, submission_id: str, looks: Mapping[str, str | None], at: datetime
) -> None:
    """The traces of the application's papers and files: of their bytes, and of what the pictures look like.

    looks: attachment or page id -> its look (`picture_look`), None for a blank picture, which leaves no trace at all.
    """
    session.flush()
    wanted = []
    for about, blob in _files(session, submission_id):
        if about in looks and looks[about] is None:
            continue
        wanted.append(Wanted(TraceKind.FILE, about, secrets.digest(f"file:{blob}")))
        wanted += bands_of(secrets, about, looks.get(about) or "")
    put_traces(session, submission_id, {TraceKind.FILE, TraceKind.LOOK}, wanted, at)


def bands_of(secrets: Secrets, about: str, look: str) -> Iterable[Wanted]:
    """A look's traces, one for each of its bands; none of "". look: hex."""
    step = BAND_BITS // 4
    for number, start in enumerate(range(0, len(look), step)):
        band = secrets.digest(f"look:{number}:{look[start : start + step]}")
        yield Wanted(TraceKind.LOOK, about, band, look)


def _files(session: Session, submission_id: str) -> list[tuple[str, str]]:
    """Id and blob of every attachment, and of every page that is none."""
    attachments = session.exec(
        select(Attachment.id, Attachment.blob, Attachment.page_id).where(Attachment.submission_id == submission_id)
    ).all()
    pages = session.exec(
        select(Page.id, Page.blob)
        .join(Document, col(Document.id) == Page.document_id)
        .where(Document.submission_id == submission_id)
    ).all()
    attached = {page_id for _, _, page_id in attachments}
    found = [(row_id, blob) for row_id, blob, _ in attachments]
    found += [(row_id, blob) for row_id, blob in pages if row_id not in attached]
    return [(row_id, blob) for row_id, blob in found if blob]


def put_traces(
    session: Session, submission_id: str, kinds: Collection[TraceKind], wanted: Collection[Wanted], at: datetime
) -> None:
    """The application's traces of these kinds become exactly `wanted`; those it has already stay as they are."""
    rows = session.exec(select(Trace).where(Trace.submission_id == submission_id, col(Trace.kind).in_(kinds))).all()
    held = {Wanted(row.kind, row.about, row.digest, row.look): row for row in rows}
    for old in held.keys() - set(wanted):
        session.delete(held[old])
    session.flush()
    for kind, about, digest, look in sorted(set(wanted) - held.keys()):
        row = Trace(submission_id=submission_id, kind=kind, about=about, digest=digest, look=look, made_at=at)
        session.add(row)
    session.flush()
