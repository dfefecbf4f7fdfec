"""Signing in and out, on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from pipeline.domain.statuses import StaffRole
from pipeline.review.staff import LOCK, MAX_FAILURES, SESSION_LIFE, LoginTaken, WeakPassword, create_user
from pipeline.store.engine import read
from pipeline.store.tables import UserSession
from tests.factories import PASSWORD, Store, make_store, make_user
from tests.webclient import Browser, token_in
from web.settings import WebSettings


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Store:
    return make_store(database_url, tmp_path)


def test_sign_in_leads_to_the_work_and_keeps_only_a_digest(store: Store) -> None:
    make_user(store)
    browser = Browser(store)
    token = browser.client.cookies["session"]
    assert "山口 花子" in browser.text("/queue")
    with read(store.runtime.engine) as session:
        kept = session.exec(select(UserSession)).one()
    assert token not in (kept.token_digest, kept.csrf_token)
    assert "令和" not in kept.token_digest


def test_cookie_is_kept_from_scripts_and_other_sites(store: Store) -> None:
    make_user(store)
    answer = Browser(store, login=None, settings=WebSettings(https=True)).client
    page = answer.get("https://testserver/sign-in")
    sent = answer.post(
        "https://testserver/sign-in",
        data={"login": "yamaguchi", "password": PASSWORD, "csrf": token_in(page.text)},
    )
    cookie = next(value for value in sent.headers.get_list("set-cookie") if value.startswith("session=")).lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "secure" in cookie
    assert "strict-transport-security" in sent.headers


@pytest.mark.parametrize(("login", "password"), [("yamaguchi", "wrong-password"), ("nobody", PASSWORD)])
def test_every_refusal_reads_the_same(store: Store, login: str, password: str) -> None:
    make_user(store)
    answer = Browser(store, login=None).sign_in(login, password)
    assert answer.status_code == 401
    assert "サインインできません" in answer.text
    assert password not in answer.text and "session" not in answer.cookies


def test_ten_wrong_passwords_lock_the_account_for_a_while(store: Store) -> None:
    make_user(store)
    browser = Browser(store, login=None)
    for _ in range(MAX_FAILURES):
        browser.sign_in("yamaguchi", "wrong-password")
    assert browser.sign_in("yamaguchi").status_code == 401
    store.now += LOCK + timedelta(seconds=1)
    assert browser.sign_in("yamaguchi").status_code == 303


def test_a_session_ends_by_itself_and_by_signing_out(store: Store) -> None:
    make_user(store)
    browser = Browser(store)
    browser.post("/sign-out")
    with read(store.runtime.engine) as session:
        assert session.exec(select(UserSession)).all() == []
    browser = Browser(store)
    store.now += SESSION_LIFE
    assert browser.client.get("/queue").headers["location"] == "/sign-in"


def test_a_stolen_cookie_is_worth_nothing_after_signing_out(store: Store) -> None:
    make_user(store)
    browser = Browser(store)
    token = browser.client.cookies["session"]
    browser.post("/sign-out")
    browser.client.cookies.set("session", token)
    assert browser.client.get("/queue").status_code == 303


def test_sign_in_form_of_another_site_is_refused(store: Store) -> None:
    make_user(store)
    client = Browser(store, login=None).client
    answer = client.post("/sign-in", data={"login": "yamaguchi", "password": PASSWORD, "csrf": "x"})
    assert answer.status_code == 403
    assert "session" not in answer.cookies


def test_language_is_kept_with_the_session_and_leads_nowhere_else(store: Store) -> None:
    make_user(store)
    browser = Browser(store)
    answer = browser.post("/language", language="en", back="//elsewhere.example/")
    assert answer.headers["location"] == "/"
    page = browser.text("/queue")
    assert '<html lang="en">' in page and "Nothing waits." in page


def test_accounts_are_unique_and_passwords_not_short(store: Store) -> None:
    make_user(store)
    with pytest.raises(LoginTaken):
        make_user(store, "YAMAGUCHI")
    with pytest.raises(WeakPassword):
        create_user(store.runtime, "x", "short", display_name="x", department="x", roles=[StaffRole.OPERATOR])
