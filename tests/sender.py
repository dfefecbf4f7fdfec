"""A sending system for tests: an API over a store, a key, and applications to send."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from pipeline.runtime import Runtime
from pipeline.steps.api_clients import add_client, allow_procedure
from tests.runtime import install, make_runtime
from web.app import create_app
from web.settings import WebSettings

FIXTURES = Path(__file__).parents[1] / "fixtures"
PROCEDURE = "child_benefit"
CHANNEL = "city_site"
ROOT = "/api/v1"
JPEG = b"\xff\xd8\xff\xe0" + b"jpeg" * 50
ASSERTED = {
    "issuer": "デジタル認証アプリ",
    "method": "jpki",
    "level": "IAL3",
    "subject": "subject-77",
    "asserted_at": "2026-11-01T19:54:12+09:00",
}


def record(receipt: str = "C26-900001", *, number: int = 0, files: bool = False, **changed: Any) -> dict[str, Any]:
    """A record of the small sample as the city's site sends it; without files unless asked for."""
    path = FIXTURES / "small" / "online" / CHANNEL / "applications_20261113.json"
    made: dict[str, Any] = json.loads(path.read_text())["applications"][number]
    made |= {"receipt": receipt}
    made["attachments"] = {"identity": ["id.jpg"], "account": ["account.jpg"]} if files else {}
    return made | changed


class Sender:
    """One sending system. key: "" sends none."""

    def __init__(
        self, runtime: Runtime, name: str = "city", *, scoped: bool = True, settings: WebSettings | None = None
    ):
        self.runtime, self.name = runtime, name
        self.id, self.key = add_client(runtime, name, actor="test")
        if scoped:
            allow_procedure(runtime, name, PROCEDURE, CHANNEL, actor="test")
        app = create_app(runtime, settings or WebSettings())
        self.client = TestClient(app, raise_server_exceptions=False)

    @property
    def headers(self) -> dict[str, str]:
        """What lets it in."""
        return {"authorization": f"Bearer {self.key}"} if self.key else {}

    def send(self, sent: Mapping[str, Any], *, procedure: str = PROCEDURE, **more: Any) -> Response:
        """One application as JSON."""
        body = {"procedure": procedure, "record": sent, **more}
        return self.client.post(f"{ROOT}/submissions", json=body, headers=self.headers)

    def send_form(
        self, sent: Mapping[str, Any], files: Mapping[str, bytes], *, procedure: str = PROCEDURE, **more: Any
    ) -> Response:
        """One application with files, as a form."""
        body = json.dumps({"procedure": procedure, "record": sent, **more}, ensure_ascii=False)
        parts: list[Any] = [("submission", (None, body, "application/json"))]
        parts += [("file", (name, data, "image/jpeg")) for name, data in files.items()]
        return self.client.post(f"{ROOT}/submissions", files=parts, headers=self.headers)

    def get(self, path: str) -> Response:
        """What a path under the root answers."""
        return self.client.get(f"{ROOT}{path}", headers=self.headers)

    def status(self, receipt: str) -> str:
        """The word for where an application stands."""
        answer = self.get(f"/submissions/{receipt}")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["status"])


@pytest.fixture
def sender(runtime: Runtime) -> Sender:
    """The city's site, on each database."""
    return Sender(runtime)


@pytest.fixture
def sqlite_runtime(sqlite_database_url: str, tmp_path: Path) -> Iterator[Runtime]:
    """An empty store with the sample procedure, on SQLite alone."""
    made = make_runtime(sqlite_database_url, tmp_path)
    install(made)
    yield made
    made.engine.dispose()


@pytest.fixture
def sqlite_sender(sqlite_runtime: Runtime) -> Sender:
    """The city's site, on SQLite alone."""
    return Sender(sqlite_runtime)


def fault_codes(answer: Any) -> set[tuple[str, str]]:
    """Where a refusal points, and why."""
    assert answer.headers["content-type"] == "application/problem+json"
    return {(one["pointer"], one["code"]) for one in answer.json()["errors"]}
