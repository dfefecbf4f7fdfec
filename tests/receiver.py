"""The receiver of a sending system: a real HTTP server that answers as a test plans."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from pipeline.domain.statuses import OutboundKind, SubmissionStatus
from pipeline.review.decisions import DeficiencyDraft, request_correction, withdraw
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance
from pipeline.steps.api_clients import set_webhook
from pipeline.store.tables import Outbound, Submission
from tests.runtime import REVIEWER, rows_of, task_of
from tests.sender import Sender, record


@dataclass
class Receiver:
    """What a sending system's receiver saw; `plan` says how it answers, the last answer for ever: a status, a
    function that gives one, or a status and when to be asked again."""

    port: int = 0
    plan: list[Any] = field(default_factory=lambda: [204])
    seen: list[tuple[dict[str, str], bytes, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body, _ in self.seen]

    @property
    def words(self) -> list[str]:
        return [event["data"]["status"] for event in self.events]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.seen.append(({k.lower(): v for k, v in self.headers.items()}, body, self.path))
            answer = receiver.plan.pop(0) if len(receiver.plan) > 1 else receiver.plan[0]
            if callable(answer):
                answer = answer()
            answer, retry_after = answer if isinstance(answer, tuple) else (answer, "")
            self.send_response(answer)
            if retry_after:
                self.send_header("retry-after", retry_after)
            if 300 <= answer < 400:
                self.send_header("location", "/elsewhere")
            self.send_header("set-cookie", "tracked=1")
            self.end_headers()
            self.wfile.write("龗 secrets of the receiver".encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield receiver
    server.shutdown()
    server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


class World:
    """A sender whose webhook goes to the receiver, and an application of it in review."""

    def __init__(self, runtime: Runtime, receiver: Receiver) -> None:
        self.runtime, self.receiver = runtime, receiver
        self.sender = Sender(runtime)
        self.secret = set_webhook(runtime, "city", receiver.url, actor="test")
        self.first = self.application("C26-900001")

    def application(self, number: str) -> str:
        """An application that a person must look at."""
        sent = record(number)
        sent["answers"]["consent"] = False
        assert self.sender.send(sent).status_code == 201
        (made,) = rows_of(self.runtime, Submission, source_number=number)
        assert advance(self.runtime, made.id) is SubmissionStatus.IN_REVIEW
        return str(made.id)

    def ask(self, submission_id: str) -> None:
        """補正依頼."""
        task = task_of(self.runtime, submission_id)
        draft = DeficiencyDraft("consent_missing", "consent", "龗田さん、同意の欄を記入してください。")
        request_correction(self.runtime, REVIEWER, task.id, [draft], task.version)

    def end(self, submission_id: str) -> None:
        """取下げ."""
        task = task_of(self.runtime, submission_id)
        withdraw(self.runtime, REVIEWER, task.id, "龗田さんから電話", task.version)

    def pass_(self, **span: float) -> None:
        """Lets time go by."""
        self.runtime.clock.pass_(**span)  # type: ignore[attr-defined]

    def events(self, **where: Any) -> list[Outbound]:
        """The events in the outbox, in their order."""
        rows = rows_of(self.runtime, Outbound, kind=OutboundKind.STATUS_EVENT, **where)
        return sorted(rows, key=lambda row: row.idempotency_key)


@pytest.fixture
def world(rostered: Runtime, receiver: Receiver) -> World:
    return World(rostered, receiver)
