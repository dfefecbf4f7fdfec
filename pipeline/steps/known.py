"""Knowing again what came before, even when it was erased since: then only keyed digests of it are left."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session, col, select

from pipeline.runtime import Secrets
from pipeline.store.tables import Arrival, ArrivalIdentity

_AT_ONCE = 500


def find_known(session: Session, secrets: Secrets, source: str, identity: str) -> str | None:
    """The id of the first arrival under this identity; None when nothing came under it."""
    for name in (identity, secrets.digest(identity)):
        if known := session.get(ArrivalIdentity, (source, name)):
            return known.arrival_id
    return None


def came_before(session: Session, secrets: Secrets, source: str, identity: str, content_hash: str) -> bool:
    """True when this very content arrived under this identity."""
    query = select(Arrival.id).where(
        Arrival.source == source,
        col(Arrival.identity).in_([identity, secrets.digest(identity)]),
        col(Arrival.content_hash).in_([content_hash, secrets.digest(content_hash)]),
    )
    return session.exec(query).first() is not None


def find_erased(session: Session, secrets: Secrets, source: str, identities: Iterable[str]) -> str | None:
    """The id of an erased arrival that came under one of these identities; None when there is none."""
    digests = sorted(secrets.digest(identity) for identity in identities)
    for place in range(0, len(digests), _AT_ONCE):
        query = (
            select(Arrival.id)
            .join(ArrivalIdentity, col(ArrivalIdentity.arrival_id) == Arrival.id)
            .where(
                ArrivalIdentity.source == source,
                col(ArrivalIdentity.identity).in_(digests[place : place + _AT_ONCE]),
                Arrival.blob == "",
            )
        )
        if (found := session.exec(query.limit(1)).first()) is not None:
            return found
    return None
