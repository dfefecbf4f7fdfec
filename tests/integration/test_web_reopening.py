"""審査に戻す at the window: offered where it is possible, asked for its reason, and on to the task."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.domain.statuses import StaffRole
from tests.factories import Store, make_person, make_store, make_submission, make_user
from tests.integration.test_web_protected_crawl import make_case
from tests.webclient import Browser, token_in

WHY = "通帳の写しを見落としていたため"


@pytest.fixture
def store(sqlite_database_url: str, tmp_path: Path) -> Store:
    made = make_store(sqlite_database_url, tmp_path)
    make_user(made)
    make_user(made, "chief", display_name="中村 誠", roles=[StaffRole.APPROVER])
    return made


@pytest.fixture
def case(store: Store) -> str:
    """The address of an examined case."""
    person = make_person(store, "髙橋 陽菜", "タカハシ")
    return f"/cases/{make_case(store, make_submission(store, status='settled'), person, 'R8-C900001')}"


def test_a_reviewer_sends_it_back_and_is_at_its_task(store: Store, case: str) -> None:
    clerk = Browser(store)
    page = clerk.text(case)
    assert '<textarea id="reopen-note"' in page and 'name="version" value="1"' in page
    without = clerk.post(f"{case}/reopen", page=page, version="1", note=" ")
    assert without.status_code == 422 and "審査に戻す理由を書いて" in without.text
    place = clerk.post(f"{case}/reopen", page=page, version="1", note=WHY).headers["location"]
    station = clerk.text(place)
    assert "審査に戻しました" in station and "戻した理由を履歴で確かめ" in station and WHY in station
    assert "reopen-note" not in clerk.text(case) and "審査中" in clerk.text(case) and WHY in clerk.text(case)
    again = clerk.post(f"{case}/reopen", page=page, version="1", note=WHY)
    assert again.status_code == 409


def test_others_are_not_offered_it(store: Store, case: str) -> None:
    chief = Browser(store, "chief")
    assert "reopen-note" not in chief.text(case)
    form = {"csrf": token_in(chief.text("/password")), "version": "1", "note": WHY}
    assert chief.client.post(f"{case}/reopen", data=form).status_code == 403


def test_it_is_all_said_in_english_too(store: Store, case: str) -> None:
    clerk = Browser(store)
    clerk.post("/language", page=clerk.text(case), language="en", back=case)
    page = clerk.text(case)
    assert "Send back to review" in page and "the applicant is not told" in page
    place = clerk.post(f"{case}/reopen", page=page, version="1", note="looked over too fast").headers["location"]
    assert "Back in review" in clerk.text(place)
