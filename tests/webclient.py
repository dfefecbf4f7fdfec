"""A browser without a screen: signs in, fills in forms with the token of the page, as staff would."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response

from tests.factories import PASSWORD, Store
from web.app import create_app
from web.settings import WebSettings


def token_in(page: str) -> str:
    """The token of the first form of a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None, "the page has no form"
    return found[1]


def version_in(page: str) -> str:
    """The task's version as the page shows it."""
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found is not None, "the page offers no action"
    return found[1]


class Browser:
    """One signed-in person."""

    def __init__(self, store: Store, login: str | None = "yamaguchi", settings: WebSettings | None = None):
        app = create_app(store.runtime, settings or WebSettings())
        self.client = TestClient(app, follow_redirects=False, raise_server_exceptions=False)
        if login:
            answer = self.sign_in(login)
            assert answer.status_code == 303, answer.text

    def sign_in(self, login: str, password: str = PASSWORD) -> Response:
        """What the sign-in form answers."""
        page = self.client.get("/sign-in").text
        form = {"login": login, "password": password, "csrf": token_in(page)}
        return self.client.post("/sign-in", data=form)

    def get(self, path: str) -> Response:
        """The page, after redirects."""
        return self.client.get(path, follow_redirects=True)

    def text(self, path: str) -> str:
        """The words of a page that must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return unescape(answer.text)

    def post(self, path: str, *, page: str | None = None, follow: bool = False, **form: Any) -> Response:
        """What a form answers; token and version come from `page`, or the page at the path's start."""
        if page is None:
            parts = path.strip("/").split("/")
            page = self.client.get("/" + "/".join(parts[:2]) if parts[0] == "tasks" else "/queue").text
        data = {"csrf": token_in(page), **form}
        if path.startswith("/tasks/") and "version" not in data:
            data["version"] = version_in(page)
        return self.client.post(path, data=data, follow_redirects=follow)
