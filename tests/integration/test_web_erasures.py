"""The page of retention and erasure: numbers for operators and administrators, certificates to take away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.domain.statuses import StaffRole, SubmissionStatus
from pipeline.steps.erasure.run import erase
from tests.erasing import DUE
from tests.factories import NOW, Store, make_store, make_submission, make_user
from tests.webclient import Browser

PATHS = ("/erasures", "/erasures/R14-E0001/certificate.pdf", "/erasures/R14-E0001/certificate.json")


@pytest.fixture
def store(sqlite_database_url: str, tmp_path) -> Store:  # type: ignore[no-untyped-def]
    made = make_store(sqlite_database_url, tmp_path)
    for _ in range(2):
        make_submission(made, status=SubmissionStatus.ENDED, ended_at=NOW)
    return made


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("role", StaffRole)
def test_only_operators_and_administrators_see_it(store: Store, path: str, role: StaffRole) -> None:
    make_user(store, roles=[role])
    answer = Browser(store).get(path)
    allowed = role in (StaffRole.OPERATOR, StaffRole.ADMINISTRATOR)
    assert answer.status_code == (200 if path == "/erasures" else 404 if allowed else 403) or not allowed
    if not allowed:
        assert answer.status_code == 403


def test_nobody_sees_it_without_signing_in(store: Store) -> None:
    for path in PATHS:
        assert Browser(store, login=None).client.get(path).headers["location"] == "/sign-in"


def test_due_then_erased_then_certified(store: Store) -> None:
    make_user(store, roles=[StaffRole.OPERATOR])
    browser = Browser(store)
    assert "まだ消去は行われていません。" in browser.text("/erasures")
    store.now = DUE
    browser = Browser(store)
    assert "<strong>2</strong>" in browser.text("/erasures")
    report = erase(store.runtime, "child_benefit", grace=timedelta(0))
    page = browser.text("/erasures")
    assert report.number in page and "確認済み" in page
    assert "髙橋" not in page
    pdf = browser.get(f"/erasures/{report.number}/certificate.pdf")
    assert pdf.content.startswith(b"%PDF") and pdf.headers["content-type"] == "application/pdf"
    signed = browser.get(f"/erasures/{report.number}/certificate.json").json()
    assert len(signed["certificate"]["submissions"]) == 2
    assert browser.get("/erasures/R1-E9999/certificate.json").status_code == 404
