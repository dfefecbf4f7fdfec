"""What a page says of an application whose retention is over: when it was erased, and by which certificate."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlmodel import col

from pipeline.store.engine import write
from pipeline.store.events import append_event
from pipeline.store.tables import Erasure, FieldValue, Person, ReviewTask, Submission
from tests.factories import Store, make_person, make_store, make_submission, make_task, make_user
from tests.integration.test_web_protected_crawl import make_case
from tests.webclient import Browser


@pytest.fixture
def store(sqlite_database_url: str, tmp_path: Path) -> Store:
    made = make_store(sqlite_database_url, tmp_path)
    make_user(made)
    return made


def erase(store: Store, submission_id: str, person_id: str, task_id: str, certificate: str | None) -> None:
    """The rows as an erasure leaves them."""
    erasure = Erasure(
        number="R8-E0007", procedure_id="child_benefit", ended_before=date(2021, 4, 1), made_by="x", made_at=store.now,
        certificate=certificate,
    )  # fmt: skip
    with write(store.runtime.engine) as session:
        session.add(erasure)
        session.execute(delete(FieldValue).where(col(FieldValue.submission_id) == submission_id))
        session.get_one(Person, person_id).name = ""
        session.get_one(Submission, submission_id).erased_at = store.now
        task = session.get_one(ReviewTask, task_id)
        task.status, task.open_key = "done", None
        payload = {"erasure": erasure.id}
        append_event(
            session, "submission", submission_id, "submission_erased", actor="x", at=store.now, payload=payload
        )


@pytest.mark.parametrize("certificate", ["a" * 64, None])
def test_a_banner_stands_where_the_values_stood(store: Store, certificate: str | None) -> None:
    person = make_person(store, "髙橋 陽菜", "タカハシ ヒナ")
    submission = make_submission(store, status="settled")
    task = make_task(store, submission)
    case = make_case(store, submission, person, "R8-C900001")
    browser = Browser(store)
    before = {path: browser.text(path) for path in (f"/tasks/{task}", f"/submissions/{submission}", f"/cases/{case}")}
    erase(store, submission, person, task, certificate)
    for path, page in before.items():
        now = browser.text(path)
        assert "消去済み" not in page and "消去済み" in now, path
        assert re.search("令和8年11月22日(</time>)?に、記載された内容と画像を消去しました", now)
        assert ("R8-E0007" in now) == (certificate is not None), "only what is signed has a number to show"
        assert "保存期間が満了し消去した" in now or path.startswith("/cases"), "the history stays"
        assert "項目</h2>" not in now and "受理して次へ" not in now
    assert f'href="/cases/{case}">R8-C900001' in browser.text(f"/tasks/{task}")
    assert "消去済み" in browser.text("/cases")
