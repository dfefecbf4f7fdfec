"""The Prefect server starts with the versions that are locked (docs/decisions/0002)."""

from __future__ import annotations

import importlib.metadata
import json
import urllib.error
import urllib.request
from base64 import b64encode

import pytest

from tests.prefect_servers import PrefectForTests


def test_server_starts_and_answers_who_knows_the_password(prefect_server: PrefectForTests) -> None:
    access = prefect_server.access
    request = urllib.request.Request(f"{access.url}/api/admin/version")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(request, timeout=30)
    token = b64encode(f"{access.login}:{access.password}".encode()).decode()
    request.add_header("Authorization", f"Basic {token}")
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer) == importlib.metadata.version("prefect")
