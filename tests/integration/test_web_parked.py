"""Parked work on the operators' page: shown, tried again, given up; nobody else may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.channels.slip import BatchSlip
from pipeline.domain.statuses import ArrivalStatus, StaffRole
from pipeline.review.staff import create_user
from pipeline.runtime import Runtime
from pipeline.steps.due import Lane
from pipeline.steps.intake_paper import receive_files
from pipeline.steps.work import MAX_TAKES, begin, claim_due
from pipeline.store.tables import Arrival
from tests.factories import PASSWORD, Store
from tests.leases import expire_leases
from tests.papers import application, tiff
from tests.runtime import install, make_runtime, rows_of
from tests.webclient import Browser


@pytest.fixture
def store(sqlite_database_url: str, tmp_path: Path) -> Iterator[Store]:
    """A batch whose file took three workers down."""
    runtime = make_runtime(sqlite_database_url, tmp_path)
    pack_version_id = install(runtime)
    for login, role in (("unyo", StaffRole.OPERATOR), ("kakunin", StaffRole.REVIEWER)):
        create_user(runtime, login, PASSWORD, display_name=login, roles={role}, department="kodomo")
    slip = BatchSlip(received_on=runtime.today(), source="mail")
    receive_files(runtime, slip, [("a.tif", tiff(application()))], actor="test")
    for death in range(MAX_TAKES + 1):
        for piece in claim_due(runtime, f"w{death}", Lane.INTAKE, 1):
            begin(runtime, f"w{death}", piece)
        expire_leases(runtime)
    yield Store(runtime, pack_version_id)
    runtime.engine.dispose()


def act(browser: Browser, runtime: Runtime, what: str) -> int:
    page = browser.text("/operations")
    (arrival,) = rows_of(runtime, Arrival)
    return browser.post("/operations/parked", page=page, about="batch", id=arrival.batch_id, act=what).status_code


@pytest.mark.parametrize(("what", "then"), [("retry", ArrivalStatus.STORED), ("give_up", ArrivalStatus.REFUSED)])
def test_an_operator_acts_on_what_is_parked(store: Store, what: str, then: ArrivalStatus) -> None:
    browser = Browser(store, "unyo")
    assert "処理に失敗して止めてあるもの" in browser.text("/operations")
    assert act(browser, store.runtime, what) == 303
    (arrival,) = rows_of(store.runtime, Arrival)
    assert arrival.status is then
    assert 'id="parked"' not in browser.text("/operations")


def test_what_is_not_parked_and_what_is_no_act_are_refused(store: Store) -> None:
    browser = Browser(store, "unyo")
    assert act(browser, store.runtime, "explode") == 422
    page = browser.text("/operations")
    for about, row_id in (("batch", "0" * 32), ("cake", "x"), ("submission", "0" * 32)):
        answer = browser.post("/operations/parked", page=page, about=about, id=row_id, act="retry")
        assert answer.status_code in (404, 422), about


def test_nobody_else_may(store: Store) -> None:
    browser = Browser(store, "kakunin")
    page = browser.text("/queue")
    (arrival,) = rows_of(store.runtime, Arrival)
    answer = browser.post("/operations/parked", page=page, about="batch", id=arrival.batch_id, act="retry")
    assert answer.status_code == 403
    assert rows_of(store.runtime, Arrival)[0].status is ArrivalStatus.PARKED
