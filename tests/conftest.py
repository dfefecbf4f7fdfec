"""Fixtures for all rooms: databases of both kinds, and a page in a real Chromium.

| fixture | what a test gets |
|---|---|
| `database_url` | a migrated database of its own; the test runs once on SQLite and once on PostgreSQL |
| `sqlite_database_url` | the same, SQLite only |
| `empty_database_url` | a database without tables, on both |
| `page` | a blank page in a Chromium that reaches this machine only |
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import structlog
from hypothesis import settings

from tests.browsers import ACT_WITHIN_MS, FLAGS, SEE_WITHIN_MS, find_chromium
from tests.databases import ENGINES, Databases
from tests.schedule import ByFile, slow_files_first

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

# Nothing may be sent anywhere from a test, nor models be looked for on the network.
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK", "True")

# On a shared machine the time of one example says nothing about the code.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow_files_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile | None:
    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A command of ours sets up the logs of its process; the next test begins without that."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases(tmp_path_factory.mktemp("databases"))


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    with databases.migrated(request.param) as url:
        yield url


@pytest.fixture
def sqlite_database_url(databases: Databases) -> Iterator[str]:
    with databases.migrated("sqlite") as url:
        yield url


@pytest.fixture(params=ENGINES)
def empty_database_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    with databases.empty(request.param) as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import expect, sync_playwright

    path = find_chromium()
    if path is None:
        # In CI a missing browser is a failure: skipped tests prove nothing.
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop("no Chromium on the PATH (`make setup` installs it or says how)")
    expect.set_options(timeout=SEE_WITHIN_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails its test when it asks any other host for anything."""
    strangers: list[str] = []

    def keep_at_home(route: Route) -> None:
        if urlsplit(route.request.url).hostname in ("127.0.0.1", "localhost", None):
            route.continue_()
        else:
            strangers.append(route.request.url)
            route.abort()

    context = browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo", service_workers="block")
    context.route("**/*", keep_at_home)
    page = context.new_page()
    page.set_default_timeout(ACT_WITHIN_MS)
    yield page
    context.close()
    assert strangers == [], f"the page asked other hosts: {strangers}"
