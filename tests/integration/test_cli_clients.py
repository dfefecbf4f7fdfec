"""`ichimado clients`: what it shows once, what it never shows again, and how it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ichimado.cli import app
from ichimado.compose import open_runtime
from pipeline.domain.errors import DomainError
from pipeline.steps.api_clients import find_client

Invoke = Callable[..., Result]


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.setenv("ICHIMADO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("ICHIMADO_DATABASE_URL", raising=False)

    def invoke(*arguments: str, fails: str | int = 0) -> Result:
        result = CliRunner().invoke(app, ["clients", *arguments])
        if isinstance(fails, str):
            assert isinstance(result.exception, DomainError) and result.exception.code == fails, result.exception
        else:
            assert result.exit_code == fails, (result.stdout, result.stderr, result.exception)
        return result

    return invoke


def listed(clients: Invoke) -> dict[str, dict[str, Any]]:
    told = json.loads(clients("list", "--json").stdout)
    return {one["name"]: one for one in told["clients"]}


def test_a_key_is_shown_once(clients: Invoke) -> None:
    key = clients("add", "city").stdout.strip()
    assert key.startswith("ichimado_") and len(key) > 50
    assert find_client(open_runtime(), key) is not None
    for shown in (clients("list"), clients("list", "--json")):
        assert key not in shown.stdout + shown.stderr
    clients("add", "city", fails="client_name_taken")
    new = json.loads(clients("rotate", "city", "--json").stdout)["key"]
    assert new != key
    at_once = clients("rotate", "city", "--at-once").stdout.strip()
    runtime = open_runtime()
    assert [find_client(runtime, one) is not None for one in (key, new, at_once)] == [False, False, True]


def test_what_it_may_send_and_where_it_is_told(clients: Invoke) -> None:
    CliRunner().invoke(app, ["procedures", "install", "child_benefit"])
    clients("add", "city")
    clients("add", "other")
    clients("scope", "city", "child_benefit", "portal", fails="channel_unfit")  # a CSV channel
    clients("scope", "city", "nursery", "x", fails="pack_missing")
    clients("scope", "city", "child_benefit", fails=2)
    clients("scope", "city", "child_benefit", "city_site")
    clients("scope", "other", "child_benefit", "city_site", fails="channel_taken")
    assert listed(clients)["city"]["scopes"] == [{"procedure": "child_benefit", "channel": "city_site"}]
    clients("webhook", "city", "http://example.com/hook", fails="webhook_unsafe")
    secret = clients("webhook", "city", "https://example.com/hook").stdout.strip()
    assert secret.startswith("whsec_")
    assert clients("webhook", "city", "--rotate-secret").stdout.strip() not in ("", secret)
    assert listed(clients)["city"]["webhook_url"] == "https://example.com/hook"
    assert secret not in clients("list", "--json").stdout
    clients("webhook", "city", "--remove")
    clients("webhook", "city", "--rotate-secret", fails="webhook_unsafe")
    clients("webhook", "city", fails=2)
    assert listed(clients)["city"]["webhook_url"] == ""


def test_a_closed_system_frees_its_channel(clients: Invoke) -> None:
    CliRunner().invoke(app, ["procedures", "install", "child_benefit"])
    key = clients("add", "city").stdout.strip()
    clients("add", "next")
    clients("scope", "city", "child_benefit", "city_site")
    clients("close", "city")
    assert find_client(open_runtime(), key) is None
    assert listed(clients)["city"] | {"id": ""} == {
        "id": "", "name": "city", "active": False, "scopes": [], "webhook_url": "", "last_used_at": None,
    }  # fmt: skip
    clients("scope", "next", "child_benefit", "city_site")
    clients("rotate", "city", fails="not_found")
    clients("scope", "next", "child_benefit", "--remove")
    assert listed(clients)["next"]["scopes"] == []
