"""Events are chained per aggregate; a status is what the replay of them says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.domain.statuses import CaseStatus

GENESIS = "0" * 64

_CASE_STATUS = {
    "case_opened": CaseStatus.OPEN,
    "case_examined": CaseStatus.EXAMINED,
    "case_drafted": CaseStatus.DRAFTED,
    "case_released": CaseStatus.EXAMINED,  # its draft was returned or withdrawn
    "case_granted": CaseStatus.GRANTED,
    "case_refused": CaseStatus.REFUSED,
    "case_withdrawn": CaseStatus.WITHDRAWN,
    "case_reopened": CaseStatus.OPEN,
}


@dataclass(frozen=True)
class ChainedEvent:
    """One event as stored. payload holds ids and keyed digests, never values from forms."""

    aggregate: str
    aggregate_id: str
    seq: int
    kind: str
    actor: str
    at: datetime
    payload: Mapping[str, object]
    previous_hash: str
    hash: str


def event_hash(
    *,
    aggregate: str,
    aggregate_id: str,
    seq: int,
    kind: str,
    actor: str,
    at: datetime,
    payload: Mapping[str, object],
    previous_hash: str,
) -> str:
    """SHA-256 (hex) over everything the event says and the hash of the one before it."""
    body = [aggregate, aggregate_id, seq, kind, actor, at.astimezone(UTC).isoformat(), payload, previous_hash]
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def chain_is_whole(events: Iterable[ChainedEvent]) -> bool:
    """True when the events of one aggregate, in order, number from 1 and chain without a break."""
    previous, expected = GENESIS, 1
    for event in events:
        again = event_hash(
            aggregate=event.aggregate,
            aggregate_id=event.aggregate_id,
            seq=event.seq,
            kind=event.kind,
            actor=event.actor,
            at=event.at,
            payload=event.payload,
            previous_hash=previous,
        )
        if event.seq != expected or event.previous_hash != previous or event.hash != again:
            return False
        previous, expected = event.hash, expected + 1
    return True


def replay_case(kinds: Iterable[str]) -> CaseStatus | None:
    """The status that a case's events, in order, add up to; None before it was opened."""
    status: CaseStatus | None = None
    for kind in kinds:
        status = _CASE_STATUS.get(kind, status)
    return status
