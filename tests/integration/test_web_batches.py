"""Batches: handing in, totals, closing; the files come through the same use case as the scanner's."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from pipeline.domain.statuses import BatchStatus, Channel, PageFate, ReasonCode, StaffRole, TaskKind
from pipeline.store.engine import read
from pipeline.store.tables import Arrival, Batch
from tests.factories import (
    Store,
    make_batch,
    make_page,
    make_store,
    make_task,
    make_user,
    picture,
)
from tests.webclient import Browser, token_in


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Store:
    made = make_store(database_url, tmp_path)
    make_user(made, roles=[StaffRole.MAILROOM])
    return made


def _hand_in(browser: Browser, token: str, **form: str):  # type: ignore[no-untyped-def]
    data = {"csrf": token, "key": "k1", "received_on": "2026-11-18", "source": "counter", **form}
    files = [("files", ("山田太郎.png", picture(("A",)), "image/png"))]
    return browser.client.post("/batches/new", data=data, files=files)


def test_files_become_one_batch_even_when_sent_twice(store: Store) -> None:
    browser = Browser(store)
    token = token_in(browser.text("/batches/new"))
    first = _hand_in(browser, token, counted_sheets="1")
    again = _hand_in(browser, token, counted_sheets="1")
    assert first.status_code == 303 and first.headers["location"] == again.headers["location"]
    with read(store.runtime.engine) as session:
        batch = session.exec(select(Batch)).one()
        arrival = session.exec(select(Arrival)).one()
    assert (batch.channel, batch.counted_sheets, str(batch.received_on)) == (
        Channel.COUNTER,
        1,
        "2026-11-18",
    )
    assert "山田" not in arrival.name_token
    page = browser.text(first.headers["location"])
    assert "山田太郎.png" in page and "仕分け中" in page
    repeated = _hand_in(browser, token, key="k2")
    assert repeated.headers["location"] == "/batches?done=repeated"


@pytest.mark.parametrize(
    "wrong", [{"received_on": "きのう"}, {"source": "pigeon"}, {"counted_sheets": "0"}, {"counted_sheets": "x"}]
)
def test_wrong_particulars_are_named(store: Store, wrong: dict[str, str]) -> None:
    browser = Browser(store)
    answer = _hand_in(browser, token_in(browser.text("/batches/new")), **wrong)
    assert answer.status_code == 422 and "収受日、経路、枚数" in answer.text


def test_no_file_is_named(store: Store) -> None:
    browser = Browser(store)
    form = {"csrf": token_in(browser.text("/batches/new")), "received_on": "2026-11-18", "source": "mail"}
    answer = browser.client.post("/batches/new", data=form)
    assert answer.status_code == 422 and "ファイルが選ばれていません" in answer.text


def test_totals_that_agree_may_be_closed(store: Store) -> None:
    batch = make_batch(store, sheets=2)
    make_page(store, batch, 1)
    make_page(store, batch, 2, fate=PageFate.BLANK)
    browser = Browser(store)
    page = browser.text(f"/batches/{batch}")
    assert "一致しています" in page and "2枚目" in page and "空白" in page
    assert browser.post(f"/batches/{batch}/close", page=page, version="1").status_code == 303
    with read(store.runtime.engine) as session:
        assert session.get_one(Batch, batch).status is BatchStatus.CLOSED


def test_totals_that_disagree_may_not(store: Store) -> None:
    batch = make_batch(store, sheets=3)
    make_page(store, batch, 1)
    browser = Browser(store)
    page = browser.text(f"/batches/{batch}")
    assert "一致していません" in page
    answer = browser.post(f"/batches/{batch}/close", page=page, version="1")
    assert answer.status_code == 422
    with read(store.runtime.engine) as session:
        assert session.get_one(Batch, batch).status is BatchStatus.SPLIT


def test_thumbnails_are_small_pictures(store: Store) -> None:
    page = make_page(store, make_batch(store), 1)
    answer = Browser(store).client.get(f"/pages/{page}/thumb")
    assert answer.headers["content-type"] == "image/jpeg" and len(answer.content) < 20_000


def test_a_mailroom_task_is_closed_with_a_word(store: Store) -> None:
    batch = make_batch(store, sheets=5)
    task = make_task(store, None, (ReasonCode.SHEETS_DISAGREE, batch), kind=TaskKind.MAILROOM, batch_id=batch)
    browser = Browser(store)
    assert "枚数が不一致" in browser.text("/queue")
    page = browser.text(f"/tasks/{task}")
    assert f"/batches/{batch}" in page
    answer = browser.post(f"/tasks/{task}/decide", page=page, action="close", note="数え直した")
    assert answer.headers["location"] == "/queue?done=closed"
    assert "数え直した" in browser.text(f"/tasks/{task}")
