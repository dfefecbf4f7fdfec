"""The screen of deliveries that failed: who sees it, what it shows, and what the two buttons do."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from pipeline.domain.statuses import OutboundKind, OutboundStatus, StaffRole
from pipeline.runtime import Runtime
from pipeline.steps.api_clients import add_client, allow_procedure, set_webhook
from pipeline.store.engine import read, write
from pipeline.store.tables import Event, Outbound
from tests.factories import Store, make_store, make_submission, make_user
from tests.webclient import Browser


@pytest.fixture
def store(sqlite_database_url: str, tmp_path: Path) -> Store:
    made = make_store(sqlite_database_url, tmp_path)
    make_user(made, roles=[StaffRole.OPERATOR])
    return made


def make_client(runtime: Runtime) -> str:
    client_id, _ = add_client(runtime, "市の申請サイト", actor="test")
    allow_procedure(runtime, "市の申請サイト", "child_benefit", "city_site", actor="test")
    set_webhook(runtime, "市の申請サイト", "https://example.com/hook", actor="test")
    return client_id


def make_failed(store: Store, client_id: str | None, *, department: str = "kodomo", protected: bool = False) -> str:
    submission = make_submission(store, department=department, protected=protected)
    row = Outbound(
        kind=OutboundKind.STATUS_EVENT if client_id else OutboundKind.CORRECTION_LETTER,
        idempotency_key=f"status:{submission}:0001",
        status=OutboundStatus.FAILED,
        submission_id=submission,
        client_id=client_id,
        department=department,
        procedure_id="child_benefit",
        protected=protected,
        attempts=8,
        problem_code="http_500" if client_id else "FontError",
        created_at=store.now,
    )
    with write(store.runtime.engine) as session:
        session.add(row)
    return row.id


def get(store: Store, outbound_id: str) -> Outbound:
    with read(store.runtime.engine) as session:
        return session.get_one(Outbound, outbound_id)


def events(store: Store, outbound_id: str) -> list[str]:
    with read(store.runtime.engine) as session:
        return list(session.exec(select(Event.kind).where(Event.aggregate_id == outbound_id)).all())


@pytest.mark.parametrize("role", list(StaffRole))
def test_operators_alone_see_it(store: Store, role: StaffRole) -> None:
    make_user(store, "ito", roles=[role])
    failed = make_failed(store, make_client(store.runtime))
    mine, theirs = Browser(store), Browser(store, "ito")
    assert theirs.client.get("/outbox").status_code == (200 if role is StaffRole.OPERATOR else 403)
    if role is StaffRole.OPERATOR:
        return
    from tests.webclient import token_in

    page = next(text for path in ("/queue", "/drafts", "/") if "csrf" in (text := theirs.get(path).text))
    for act in ("again", "give-up"):
        answer = theirs.client.post(f"/outbox/{failed}/{act}", data={"csrf": token_in(page)})
        assert answer.status_code == 403
    assert get(store, failed).status is OutboundStatus.FAILED
    assert "1" in mine.text("/outbox")


def test_it_shows_numbers_and_no_values(store: Store) -> None:
    make_failed(store, make_client(store.runtime))
    make_failed(store, None)
    operations = Browser(store).text("/operations")
    assert 'href="/outbox">失敗した連携を見る <span class="count">2</span>' in operations
    page = Browser(store).text("/outbox")
    assert "市の申請サイト" in page and "相手の応答 500" in page and "文書の書体がない" in page
    assert "R8-000001" in page and "R8-000002" in page
    assert "髙橋" not in page and "1713604" not in page


def test_a_protected_application_shows_no_number(store: Store) -> None:
    failed = make_failed(store, make_client(store.runtime), protected=True)
    page = Browser(store).text("/outbox")
    assert "R8-000001" not in page and failed in page
    make_user(store, "ito", roles=[StaffRole.OPERATOR], sees_protected=True)
    assert "R8-000001" in Browser(store, "ito").text("/outbox")


def test_what_other_departments_sent_is_not_there(store: Store) -> None:
    failed = make_failed(store, make_client(store.runtime), department="zeimu")
    browser = Browser(store)
    page = browser.text("/outbox")
    assert failed not in page
    answer = browser.post(f"/outbox/{failed}/again", page=page)
    assert answer.status_code == 404
    assert get(store, failed).status is OutboundStatus.FAILED


def test_again_begins_anew(store: Store) -> None:
    failed = make_failed(store, make_client(store.runtime))
    browser = Browser(store)
    page = browser.text("/outbox")
    for _ in range(2):
        answer = browser.post(f"/outbox/{failed}/again", page=page, follow=True)
        assert "もう一度送ります" in answer.text and "失敗した連携はありません" in answer.text
    row = get(store, failed)
    assert (row.status, row.attempts, row.next_attempt_at) == (OutboundStatus.DUE, 0, None)
    assert events(store, failed) == ["delivery_again"]


def test_given_up_is_off_the_screen(store: Store) -> None:
    failed = make_failed(store, make_client(store.runtime))
    browser = Browser(store)
    page = browser.text("/outbox")
    for act in ("give-up", "again"):
        assert browser.post(f"/outbox/{failed}/{act}", page=page, follow=True).status_code == 200
    assert get(store, failed).status is OutboundStatus.ABANDONED
    assert events(store, failed) == ["delivery_given_up"]


def test_nobody_is_left_to_tell(store: Store) -> None:
    failed = make_failed(store, make_client(store.runtime))
    set_webhook(store.runtime, "市の申請サイト", "", actor="test")
    with write(store.runtime.engine) as session:
        session.get_one(Outbound, failed).status = OutboundStatus.FAILED
    browser = Browser(store)
    answer = browser.post(f"/outbox/{failed}/again", page=browser.text("/outbox"))
    assert answer.status_code == 422 and "送信元の通知先がありません" in answer.text
    assert get(store, failed).status is OutboundStatus.FAILED
