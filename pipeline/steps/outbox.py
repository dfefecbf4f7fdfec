"""Status events into the outbox, in the very transaction that changes the status.

`announce` may be called after any change, as often as one likes: it writes only what is news to the applicant.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from pipeline.domain.statuses import Channel, OutboundKind, OutboundStatus, SubmissionStatus
from pipeline.outbound.webhook import EventFacts, status_event
from pipeline.steps.standing import standing_of
from pipeline.store.tables import ApiClient, ApiScope, Entry, Outbound, Submission

_ON_THE_WAY = frozenset(
    {SubmissionStatus.RECEIVED, SubmissionStatus.READ, SubmissionStatus.CHECKED, SubmissionStatus.MATCHED}
)


def announce(session: Session, submission: Submission, at: datetime) -> None:
    """Has the system that sent this submission told where it now stands, if that is news to it.

    For whoever changes a submission or one of its cases, after the change and before the commit.
    """
    if submission.channel is not Channel.ONLINE or submission.status in _ON_THE_WAY or submission.erased_at:
        return
    client_id = _listener(session, submission.source)
    if client_id is None:
        return
    status = standing_of(session, submission).status.value
    told = session.exec(
        select(Outbound.payload)
        .where(Outbound.kind == OutboundKind.STATUS_EVENT, Outbound.submission_id == submission.id)
        .order_by(col(Outbound.idempotency_key).desc())
    ).all()
    if told and told[0] and json.loads(told[0])["data"]["status"] == status:
        return
    # Padded, so that keys of one submission sort in the order of its events.
    key = f"status:{submission.id}:{len(told) + 1:04d}"
    facts = EventFacts(
        id=key,
        sequence=len(told) + 1,
        procedure_id=submission.procedure_id,
        receipt_number=submission.receipt_number,
        sender_number=submission.source_number or "",
        status=status,
        at=at,
    )
    session.add(
        Outbound(
            kind=OutboundKind.STATUS_EVENT,
            idempotency_key=key,
            submission_id=submission.id,
            client_id=client_id,
            department=submission.department,
            procedure_id=submission.procedure_id,
            protected=submission.protected,
            payload=status_event(facts),
            created_at=at,
        )
    )


def announce_cases(session: Session, case_ids: Sequence[str], at: datetime) -> None:
    """`announce` for every submission of these cases, whose status changed."""
    rows = session.exec(
        select(Submission)
        .join(Entry, col(Entry.submission_id) == Submission.id)
        .where(col(Entry.case_id).in_(case_ids), col(Submission.source).in_(_sources_with_listener(session)))
        .distinct()
        .order_by(col(Submission.id))
    ).all()
    for submission in rows:
        announce(session, submission, at)


def drop_events(session: Session, client_id: str) -> None:
    """Events that wait for a sending system that wants none any more will not be sent."""
    session.execute(
        update(Outbound)
        .where(
            col(Outbound.client_id) == client_id,
            col(Outbound.kind) == OutboundKind.STATUS_EVENT,
            col(Outbound.status).in_([OutboundStatus.DUE, OutboundStatus.FAILED]),
        )
        .values(status=OutboundStatus.ABANDONED, problem_code="webhook_removed")
    )


def _sources_with_listener(session: Session) -> list[str]:
    rows = session.exec(
        select(ApiScope.procedure_id, ApiScope.channel_id)
        .join(ApiClient, col(ApiClient.id) == ApiScope.client_id)
        .where(ApiClient.webhook_url != "")
    ).all()
    return [f"{procedure}:{channel}" for procedure, channel in rows]


def _listener(session: Session, source: str) -> str | None:
    """The open sending system behind a source that wants to be told; None when there is none."""
    procedure_id, _, channel_id = source.partition(":")
    return session.exec(
        select(ApiClient.id)
        .join(ApiScope, col(ApiScope.client_id) == ApiClient.id)
        .where(
            ApiScope.procedure_id == procedure_id,
            ApiScope.channel_id == channel_id,
            col(ApiClient.active).is_(True),
            ApiClient.webhook_url != "",
        )
    ).first()
