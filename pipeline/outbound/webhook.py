"""Status events as signed webhooks: CloudEvents 1.0 as structured JSON, signed as Standard Webhooks say.

An event holds numbers, words of ours and moments; never a name. Of what the receiver answers, its status and when it
wants to be asked again are looked at: its body is neither read nor kept.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

import httpx
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from standardwebhooks import Webhook

EVENT_TYPE = "ichimado.submission.status_changed"
MEDIA_TYPE = "application/cloudevents+json; charset=utf-8"
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
GONE = 410


@dataclass(frozen=True)
class EventFacts:
    """What one status event says. id: the idempotency key. sequence: counts the events of a submission, from 1.

    receipt_number: ours; sender_number: the one the sending system gave.
    """

    id: str
    sequence: int
    procedure_id: str
    receipt_number: str
    sender_number: str
    status: str
    at: datetime


@dataclass(frozen=True)
class Answer:
    """What came of one attempt. problem: None when it was taken, else a code; gone: it wants no more, ever.

    wait: for how long the receiver asks to be left alone.
    """

    problem: str | None = None
    gone: bool = False
    wait: timedelta = timedelta(0)


def status_event(facts: EventFacts) -> str:
    """The event as JSON text, made once and sent unchanged at every attempt."""
    event = CloudEvent(
        attributes={
            "id": facts.id,
            "source": f"urn:ichimado:{facts.procedure_id}",
            "type": EVENT_TYPE,
            "subject": facts.receipt_number,
            "time": facts.at.astimezone(UTC),
            "datacontenttype": "application/json",
            "sequence": f"{facts.sequence:04d}",
        },
        data={
            "procedure": facts.procedure_id,
            "receipt_number": facts.receipt_number,
            "sender_number": facts.sender_number,
            "status": facts.status,
        },
    )
    return JSONFormat().write(event).decode()


def signed_headers(event_id: str, body: str, secrets: Sequence[str], at: datetime) -> dict[str, str]:
    """The headers of one attempt; each secret signs, so that a receiver may change over in peace."""
    moment = at.astimezone(UTC)
    signatures = [Webhook(secret).sign(event_id, moment, body) for secret in secrets]
    return {
        "content-type": MEDIA_TYPE,
        "webhook-id": event_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
        "user-agent": "Ichimado",
    }


def open_http() -> httpx.Client:
    """A client that goes to the address it is given and nowhere else: no redirects, no proxies, no cookies kept."""
    return httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False, verify=_trusted())


def post_event(http: httpx.Client, url: str, body: str, headers: dict[str, str], at: datetime) -> Answer:
    """What came of sending this event once, now. Never raises for what the network or the receiver does."""
    try:
        with http.stream("POST", url, content=body.encode(), headers=headers) as answer:
            status, retry_after = answer.status_code, answer.headers.get("retry-after", "")
    except httpx.TimeoutException:
        return Answer("webhook_timeout")
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        return Answer("webhook_unreachable")
    finally:
        http.cookies.clear()
    if 200 <= status < 300:
        return Answer()
    return Answer(f"http_{status}", gone=status == GONE, wait=wait_asked(retry_after, at))


def wait_asked(retry_after: str, at: datetime) -> timedelta:
    """How long a Retry-After (RFC 9110, 10.2.3: seconds or a date) asks to wait from now on; none when it says
    nothing that can be understood, at most a year."""
    most = timedelta(days=365)
    if retry_after.isascii() and retry_after.isdecimal():
        return min(timedelta(seconds=int(retry_after[:9])), most)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return timedelta(0)
    return min(max((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - at, timedelta(0)), most)


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    # The certificates this machine trusts: a city has an authority of its own (SSL_CERT_FILE names another file).
    return ssl.create_default_context()
