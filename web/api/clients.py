"""Who sends: the sending system behind a key, and how much it may ask of us in a minute."""

from __future__ import annotations

import time
from threading import Lock
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from pipeline.runtime import Runtime
from pipeline.steps.api_clients import Client, find_client
from web.api.problems import too_many, unauthorised
from web.context import get_runtime
from web.settings import WebSettings

MINUTE_S = 60.0
MAX_KEY = 200

_bearer = HTTPBearer(auto_error=False, scheme_name="ApiKey", description="The key shown when the system was added.")


class Pace:
    """Counts the requests of each sending system, minute by minute, in this process."""

    def __init__(self, per_minute: int) -> None:
        self._most = per_minute
        self._seen: dict[str, tuple[float, int]] = {}
        self._lock = Lock()

    def wait_s(self, client_id: str) -> int:
        """Counts one request; seconds to wait when it is one too many, else 0."""
        now = time.monotonic()
        with self._lock:
            began, count = self._seen.get(client_id, (now, 0))
            if now - began >= MINUTE_S:
                began, count = now, 0
            self._seen[client_id] = (began, count + 1)
            return 0 if count < self._most else max(1, int(began + MINUTE_S - now))


def current_client(
    request: Request,
    runtime: Annotated[Runtime, Depends(get_runtime)],
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Client:
    """Who sends. Raises Problem: 401 for whom we do not know, 429 for whom asks too much."""
    key = given.credentials if given else ""
    client = find_client(runtime, key) if 0 < len(key) <= MAX_KEY else None
    if client is None:
        raise unauthorised()
    pace: Pace = request.app.state.pace
    if wait_s := pace.wait_s(client.id):
        raise too_many(wait_s)
    return client


def get_settings(request: Request) -> WebSettings:
    """The settings of this application."""
    settings: WebSettings = request.app.state.settings
    return settings


ThisClient = Annotated[Client, Depends(current_client)]
SettingsHere = Annotated[WebSettings, Depends(get_settings)]
