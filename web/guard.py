"""What stands before every page: limits on bodies, and headers on every answer."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.faults import place_of
from pipeline.store.outages import Outage, find_outage
from web.settings import WebSettings

CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
}
log = structlog.get_logger(__name__)

UPLOAD_PATH = "/batches/new"
API_PATH = "/api/v1/submissions"
# A browser shows our answer only when it could send all it had: what is too large is read on and dropped,
# up to this many times the limit.
DRAIN = 5
MOST_DROPPED = 2 * 1024**3
"""The same for what came when there was no room for it, in bytes."""


class BodyTooLarge(Exception):
    """More bytes came than this path takes. limit: in bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__("body_too_large")


class SecureHeaders:
    """Puts HEADERS on every answer, and forbids keeping any that does not allow it itself."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self.app = app
        self.headers = dict(HEADERS)
        if settings.https:
            self.headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.setdefault("headers", [])
                names = {name.lower() for name, _ in given}
                wanted = {**self.headers, "cache-control": "private, no-store"}
                given.extend(
                    (name.encode(), value.encode()) for name, value in wanted.items() if name.encode() not in names
                )
            await send(message)

        await self.app(scope, receive, with_headers)


class NoLeak:
    """Turns any fault into a plain answer and one line in the log that names the place, and nothing else.

    Left to the server, a fault would be logged with its message, which may hold values from forms.
    answer: makes the answer; it is told when something around us is full or away, and that is no fault of ours.
    """

    def __init__(self, app: ASGIApp, answer: Callable[[Request, Outage | None], Response]) -> None:
        self.app = app
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, unread = False, scope["type"] == "http"

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        async def read() -> Message:
            nonlocal unread
            message = await receive()
            unread = bool(message.get("more_body"))
            return message

        try:
            await self.app(scope, read, watched)
        except Exception as error:
            outage = find_outage(error)
            log.error("request_failed", error=type(error).__name__, at=place_of(error), outage=outage)
            if scope["type"] == "http" and not started:
                dropped = 0
                while outage is not None and unread and dropped < MOST_DROPPED:
                    dropped += len((await read()).get("body", b""))
                await self.answer(Request(scope), outage)(scope, receive, send)


class BodyLimit:
    """Counts the bytes of a body as they come; whoever reads on beyond the limit gets BodyTooLarge."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self.app = app
        self.uploads = {
            UPLOAD_PATH: settings.max_upload_mb * 1024 * 1024,
            API_PATH: settings.max_api_request_mb * 1024 * 1024,
        }
        self.form = settings.max_form_kb * 1024

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.uploads.get(scope["path"], self.form)
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen <= limit:
                return message
            while message.get("more_body") and seen <= limit * DRAIN:
                message = await receive()
                seen += len(message.get("body", b""))
            raise BodyTooLarge(limit)

        await self.app(scope, counted, send)
