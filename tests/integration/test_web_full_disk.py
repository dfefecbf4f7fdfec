"""A full disk under the window and the API: said by name, nothing half taken, taken once there is room."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from starlette import formparsers
from structlog.testing import capture_logs

from pipeline.domain.statuses import StaffRole
from pipeline.runtime import Runtime
from pipeline.store.blobs import Incoming
from pipeline.store.tables import Arrival, Attachment, Batch, Submission
from tests.factories import Store, make_store, make_user, picture
from tests.runtime import install, make_runtime, rows_of
from tests.sender import JPEG, Sender, record
from tests.webclient import Browser, token_in

FILES = 40
"""So many that their rows need new pages of a database."""

Filling = Callable[[Runtime, pytest.MonkeyPatch], AbstractContextManager[None]]


def no_room(*_: object) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def blobs_full(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing can be written where pictures and files are kept."""
    with monkeypatch.context() as patch:
        patch.setattr(runtime.blobs, "put", no_room)
        patch.setattr(Incoming, "write", no_room)
        yield


@contextmanager
def database_full(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The database says so itself: SQLite of its file, PostgreSQL with its code 53100."""
    if runtime.engine.dialect.name == "postgresql":
        with runtime.engine.begin() as connection:
            connection.execute(text(_RAISE))
            for table in ("batch", "submission"):
                connection.execute(
                    text(f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} EXECUTE FUNCTION no_room()")
                )
        yield
        with runtime.engine.begin() as connection:
            connection.execute(text("DROP FUNCTION no_room CASCADE"))
        return
    path = runtime.engine.url.database
    pages = sqlite3.connect(str(path)).execute("PRAGMA page_count").fetchone()[0]

    def limit(connection: Any, _: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    runtime.engine.dispose()
    event.listen(runtime.engine, "connect", limit)
    yield
    event.remove(runtime.engine, "connect", limit)
    runtime.engine.dispose()


_RAISE = """CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"""


@contextmanager
def spool_full(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is uploaded cannot even be put aside."""

    class Full(formparsers.SpooledTemporaryFile):  # type: ignore[type-arg]
        write = no_room

    with monkeypatch.context() as patch:
        patch.setattr(formparsers, "SpooledTemporaryFile", Full)
        yield


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Store:
    made = make_store(database_url, tmp_path)
    make_user(made, roles=[StaffRole.MAILROOM])
    return made


def hand_in(browser: Browser, token: str) -> Any:
    form = {"csrf": token, "key": "k1", "received_on": "2026-11-18", "source": "counter"}
    files = [("files", (f"{number}.png", picture((str(number),)), "image/png")) for number in range(FILES)]
    return browser.client.post("/batches/new", data=form, files=files)


@pytest.mark.parametrize("full", [blobs_full, database_full, spool_full])
def test_files_that_find_no_room_are_not_received(store: Store, full: Filling, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(store)
    token = token_in(browser.text("/batches/new"))
    with full(store.runtime, monkeypatch), capture_logs() as lines:
        answer = hand_in(browser, token)
    assert answer.status_code == 507
    assert "ディスクに空きがありません" in answer.text and "受け付けていません" in answer.text
    assert 'data-error="disk_full"' in answer.text
    (line,) = [line for line in lines if line["event"] == "request_failed"]
    assert line["outage"] == "disk_full"
    assert rows_of(store.runtime, Batch) == rows_of(store.runtime, Arrival) == []
    assert hand_in(browser, token).status_code == 303
    assert len(rows_of(store.runtime, Arrival)) == FILES


def test_any_other_act_is_told_to_look_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(store)
    browser.client.cookies.set("language", "en")
    monkeypatch.setattr("web.routes.batches.list_batches", no_room)
    answer = browser.client.get("/batches")
    assert answer.status_code == 507 and "check whether this action was recorded" in answer.text
    monkeypatch.setattr("web.routes.batches.list_batches", away)
    answer = browser.client.get("/batches")
    assert answer.status_code == 503 and "cannot be reached" in answer.text


def away(*_: object) -> Any:
    raise OSError(errno.ENOTCONN, "the place of the blobs is not there")


@pytest.mark.parametrize("full", [blobs_full, database_full])
def test_an_application_that_finds_no_room_is_told_so(
    database_url: str, tmp_path: Path, full: Filling, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = make_runtime(database_url, tmp_path)
    install(runtime)
    sender = Sender(runtime)
    files = {"id.jpg": JPEG, "account.jpg": JPEG + b"1"}
    with full(runtime, monkeypatch):
        for taken in range(30):  # SQLite's file has a little room left on its pages
            answer = sender.send_form(record(f"C26-9000{taken:02}", files=True), files)
            if answer.status_code != 201:
                break
    assert answer.status_code == 507
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "storage_full" and int(answer.headers["retry-after"]) > 0
    assert len(rows_of(runtime, Submission)) == taken and len(rows_of(runtime, Attachment)) == 2 * taken
    assert list((runtime.data_dir / "blobs").rglob("*.part")) == [], "nothing half written takes the room that is left"
    assert sender.send_form(record(f"C26-9000{taken:02}", files=True), files).status_code == 201
    runtime.engine.dispose()
