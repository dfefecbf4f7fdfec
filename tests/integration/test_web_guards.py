"""What every page keeps: the policy, the token, the limits, roles, and no value in an answer to a fault."""

from __future__ import annotations

import logging
from io import BytesIO
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pipeline.domain.statuses import ReasonCode, StaffRole
from tests.factories import Store, get_field, make_store, make_submission, make_task, make_user
from tests.webclient import Browser, token_in
from web.guard import CSP
from web.settings import WebSettings


@pytest.fixture
def store(sqlite_database_url: str, tmp_path: Path) -> Store:
    return make_store(sqlite_database_url, tmp_path)


def test_policy_stands_on_every_answer(store: Store) -> None:
    make_user(store, roles=list(StaffRole))
    task = make_task(store, make_submission(store))
    browser = Browser(store)
    paths = ("/sign-in", "/queue", f"/tasks/{task}", "/cases", "/batches", "/batches/new", "/operations", "/drafts")
    for path in (*paths, "/search", "/healthz", "/nowhere", "/static/style.css", "/tasks/nope"):
        answer = browser.client.get(path)
        assert answer.headers["content-security-policy"] == CSP, path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert "no-store" in answer.headers["cache-control"], path


@pytest.mark.parametrize("token", ["", "wrong", "日本語"])
def test_forms_without_the_token_of_the_session_change_nothing(store: Store, token: str) -> None:
    make_user(store)
    submission = make_submission(store, doubtful={"applicant_name": 0.5})
    task = make_task(store, submission)
    form = {"csrf": token, "version": "1", "key": "applicant_name", "raw": "別 人", "before": "x"}
    answer = Browser(store).client.post(f"/tasks/{task}/field", data=form)
    assert answer.status_code == 403
    assert get_field(store, submission, "applicant_name").value == "髙橋 美咲"


def test_token_of_another_session_is_refused(store: Store) -> None:
    make_user(store)
    make_user(store, "ito", display_name="伊藤 健")
    other = token_in(Browser(store, "ito").text("/queue"))
    assert Browser(store).client.post("/queue/next", data={"csrf": other}).status_code == 403


def test_a_large_upload_gets_a_clear_answer(store: Store) -> None:
    make_user(store, roles=[StaffRole.MAILROOM])
    browser = Browser(store, settings=WebSettings(max_upload_mb=1))
    token = token_in(browser.text("/batches/new"))
    form = {"csrf": token, "received_on": "2026-11-20", "source": "mail"}
    files = {"files": ("big.pdf", BytesIO(b"x" * 2_500_000), "application/pdf")}
    answer = browser.client.post("/batches/new", data=form, files=files)
    assert answer.status_code == 413
    assert "1MBまで" in answer.text and "何も受け付けていません" in answer.text


def test_a_large_form_is_refused_too(store: Store) -> None:
    make_user(store)
    browser = Browser(store)
    answer = browser.client.post("/search", data={"csrf": "x", "text": "あ" * 200_000})
    assert answer.status_code == 413


def test_body_without_a_length_is_counted_as_it_comes(store: Store) -> None:
    make_user(store)
    browser = Browser(store)
    chunks = (b"x" * 50_000 for _ in range(20))
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert browser.client.post("/search", content=chunks, headers=kind).status_code == 413


def test_operators_see_numbers_and_no_values(store: Store) -> None:
    make_user(store, roles=[StaffRole.OPERATOR])
    make_task(store, make_submission(store), (ReasonCode.DUPLICATE, "x"))
    browser = Browser(store)
    page = browser.text("/operations")
    assert "髙橋" not in page and "1713604" not in page
    answer = browser.post("/operations/audit", page=page)
    assert answer.status_code == 200
    assert "髙橋" not in answer.text


def test_a_fault_shows_and_logs_no_value(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_user(store)

    def broken(*_: object) -> None:
        raise RuntimeError("髙橋 美咲 1713604")

    monkeypatch.setattr("web.routes.queue.list_tasks", broken)
    with caplog.at_level(logging.DEBUG), capture_logs() as lines:
        answer = Browser(store).client.get("/queue")
    assert answer.status_code == 500
    assert "処理に失敗しました" in answer.text
    assert answer.headers["content-security-policy"] == CSP
    printed = "".join(capsys.readouterr())
    assert "1713604" not in answer.text + caplog.text + printed + str(lines)
    (line,) = [line for line in lines if line["event"] == "request_failed"]
    assert line["error"] == "RuntimeError"


def test_what_was_typed_is_not_echoed_by_a_refusal(store: Store) -> None:
    make_user(store)
    task = make_task(store, make_submission(store))
    answer = Browser(store).post(f"/tasks/{task}/field", key="phone", raw="秘密の値", version="not-a-number")
    assert answer.status_code == 422
    assert "秘密の値" not in answer.text


def test_no_documentation_pages_that_would_load_from_elsewhere(store: Store) -> None:
    client = Browser(store, login=None).client
    assert {client.get(path).status_code for path in ("/docs", "/redoc", "/openapi.json")} == {404}


def test_health_says_whether_the_store_answers(store: Store) -> None:
    client = Browser(store, login=None).client
    assert client.get("/healthz").json() == {"ok": True}
