"""Delivering status events: at least once each, in the order of their submission, and not for ever.

An attempt is claimed in one short write, made outside any transaction, and written down in a second one. A crash in
between sends the same event again under the same id; the receiver knows it by that.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import structlog
from sqlalchemy import ColumnElement, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from pipeline.domain.statuses import OutboundKind, OutboundStatus
from pipeline.outbound.webhook import Answer, open_http, post_event, signed_headers
from pipeline.runtime import Runtime
from pipeline.steps.api_clients import signing_secrets
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import ApiClient, Outbound

DELAYS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 3 * 60, 8 * 60, 12 * 60)
)  # fmt: skip
"""Waits after each failed attempt; the last attempt comes about a day after the first."""

MAX_ATTEMPTS = len(DELAYS) + 1
JITTER = 0.2
LEASE = timedelta(minutes=1)
"""How long one attempt may take, at most, before another worker makes the next."""

PAUSE = timedelta(minutes=1)
"""So long a receiver that failed is left alone with its other events, unless it asks for more."""

MOST_ASKED = max(DELAYS)
"""A receiver that asks to be left alone for longer (Retry-After) is asked again after this all the same."""

LONGEST = max(DELAYS) * (1 + JITTER) + PAUSE
"""Nothing waits longer than this by a right clock: what seems to was put off before the clock was set back."""

log = structlog.get_logger(__name__)


Send = Callable[[Runtime, Sequence[str]], Mapping[OutboundStatus, int]]
"""Makes attempts at these events; counts of those made by how the event then stood."""


@dataclass(frozen=True)
class _Attempt:
    """What is needed to make an attempt, read when it was claimed."""

    event_id: str
    number: int
    client_id: str
    url: str
    secrets: Sequence[str]
    body: str


def deliver_due(runtime: Runtime, send: Send | None = None) -> Counter[OutboundStatus]:
    """One attempt at each event whose time has come, made by `send` or else `deliver`; counts as `deliver` gives.

    What follows an event that goes out now is due in the next round.
    """
    waiting = due_deliveries(runtime)
    return Counter((send or deliver)(runtime, waiting)) if waiting else Counter()


def due_deliveries(runtime: Runtime, now: datetime | None = None, limit: int = 200) -> list[str]:
    """Ids of events to be delivered now, the oldest first; of each submission its earliest alone."""
    with read(runtime.engine) as session:
        query = select(Outbound.id).where(_is_due(now or runtime.clock()), ~_is_behind())
        return list(session.exec(query.order_by(col(Outbound.created_at), col(Outbound.id)).limit(limit)).all())


def deliver(runtime: Runtime, outbound_ids: Sequence[str]) -> Counter[OutboundStatus]:
    """One attempt at each of these events; counts of the attempts by how the event then stood.

    None is made at an event whose time has not come. One that waits for an earlier one of its submission is put off
    until that one's time.
    """
    with open_http() as http:
        ends = [_try(runtime, outbound_id, http) for outbound_id in outbound_ids]
    return Counter(status for status in ends if status is not None)


def _try(runtime: Runtime, outbound_id: str, http: httpx.Client) -> OutboundStatus | None:
    """The status after one attempt; None when none was made."""
    attempt = _claim(runtime, outbound_id)
    if attempt is None:
        return None
    if not attempt.url or not attempt.secrets:
        answer = Answer("webhook_removed", gone=True)
    else:
        now = runtime.clock()
        headers = signed_headers(attempt.event_id, attempt.body, attempt.secrets, now)
        answer = post_event(http, attempt.url, attempt.body, headers, now)
    if answer.problem:
        log.info("event_not_taken", outbound=outbound_id, attempt=attempt.number, problem=answer.problem)
    return _write_down(runtime, outbound_id, attempt, answer)


def _is_due(now: datetime) -> ColumnElement[bool]:
    return (
        (col(Outbound.kind) == OutboundKind.STATUS_EVENT)
        & (col(Outbound.status) == OutboundStatus.DUE)
        & or_(
            col(Outbound.next_attempt_at).is_(None),
            col(Outbound.next_attempt_at) <= now,
            col(Outbound.next_attempt_at) > now + LONGEST,
        )
    )


def _is_behind() -> ColumnElement[bool]:
    """True for an event while an earlier one of its submission waits; one that was given up holds nobody back."""
    earlier = aliased(Outbound)
    return (
        select(earlier.id)
        .where(
            earlier.kind == OutboundKind.STATUS_EVENT,
            earlier.status == OutboundStatus.DUE,
            earlier.submission_id == Outbound.submission_id,
            earlier.idempotency_key < Outbound.idempotency_key,
        )
        .exists()
    )


def _claim(runtime: Runtime, outbound_id: str) -> _Attempt | None:
    """The next attempt at this event, taken into this worker's hands; None when there is none to be made."""
    now = runtime.clock()
    with write(runtime.engine) as session:
        row = session.exec(
            select(Outbound).where(Outbound.id == outbound_id, _is_due(now)).with_for_update()
        ).first()  # fmt: skip
        if row is None:
            return None
        if (blocker := _earlier(session, row)) is not None:
            # No longer than anything waits: the blocker's own time may be of a clock that was set back since.
            row.next_attempt_at = min(max(blocker.next_attempt_at or now, now) + timedelta(seconds=1), now + LONGEST)
            session.add(row)
            return None
        row.attempts += 1
        row.next_attempt_at = now + LEASE
        session.add(row)
        client = session.get_one(ApiClient, row.client_id)
        return _Attempt(
            event_id=row.idempotency_key,
            number=row.attempts,
            client_id=client.id,
            url=client.webhook_url,
            secrets=tuple(signing_secrets(runtime, client, now)),
            body=row.payload,
        )


def _earlier(session: Session, row: Outbound) -> Outbound | None:
    return session.exec(
        select(Outbound)
        .where(
            Outbound.kind == OutboundKind.STATUS_EVENT,
            Outbound.status == OutboundStatus.DUE,
            Outbound.submission_id == row.submission_id,
            Outbound.idempotency_key < row.idempotency_key,
        )
        .order_by(col(Outbound.idempotency_key))
    ).first()


def _write_down(runtime: Runtime, outbound_id: str, attempt: _Attempt, answer: Answer) -> OutboundStatus:
    now, asked = runtime.clock(), min(answer.wait, MOST_ASKED)
    with write(runtime.engine) as session:
        row = session.get_one(Outbound, outbound_id, with_for_update=True)
        if row.status is not OutboundStatus.DUE:
            return row.status  # given up, or delivered by whoever took over, meanwhile
        row.problem_code = answer.problem
        if answer.problem is None:
            row.status, row.sent_at, row.next_attempt_at = OutboundStatus.SENT, now, None
            _wake_next(session, row)
        elif answer.gone or row.attempts >= MAX_ATTEMPTS:
            row.status, row.next_attempt_at = OutboundStatus.FAILED, None
            _wake_next(session, row)
        else:
            row.next_attempt_at = now + max(delay_after(row.attempts), asked)
        session.add(row)
        session.flush()
        if answer.gone:
            _close_webhook(session, attempt.client_id, answer.problem, now)
        elif answer.problem:
            _pause(session, attempt.client_id, now, max(PAUSE, asked))
        return row.status


def delay_after(attempts: int, chance: random.Random | None = None) -> timedelta:
    """How long to wait after this many attempts (from 1), a little more or less each time, so that events that
    failed together do not come back together."""
    spread = (chance or random).uniform(1 - JITTER, 1 + JITTER)
    return DELAYS[min(attempts, len(DELAYS)) - 1] * spread


def _others(client_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Outbound.client_id) == client_id,
        col(Outbound.kind) == OutboundKind.STATUS_EVENT,
        col(Outbound.status) == OutboundStatus.DUE,
    )


def _wake_next(session: Session, row: Outbound) -> None:
    """What waited for this event waits no longer; unless it has failed by itself before."""
    session.execute(
        update(Outbound)
        .where(
            *_others(row.client_id or ""),
            col(Outbound.submission_id) == row.submission_id,
            col(Outbound.id) != row.id,
            col(Outbound.attempts) == 0,
        )
        .values(next_attempt_at=None)
    )


def _pause(session: Session, client_id: str, now: datetime, pause: timedelta) -> None:
    due_soon = or_(col(Outbound.next_attempt_at).is_(None), col(Outbound.next_attempt_at) < now + pause)
    session.execute(update(Outbound).where(*_others(client_id), due_soon).values(next_attempt_at=now + pause))


def _close_webhook(session: Session, client_id: str, problem: str | None, now: datetime) -> None:
    """410 Gone says: never again. All that waits for this receiver is given up, and an operator sees it."""
    client = session.get_one(ApiClient, client_id, with_for_update=True)
    if client.webhook_url:
        client.webhook_url, client.webhook_secret_token = "", ""
        session.add(client)
        append_event(session, "api_client", client_id, "client_webhook_gone", actor="system", at=now)
    session.execute(
        update(Outbound).where(*_others(client_id)).values(status=OutboundStatus.FAILED, problem_code=problem)
    )
