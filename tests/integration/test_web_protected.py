"""支援措置: what touches a protected person is absent for staff without that right, everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from pipeline.domain.statuses import Channel, ReasonCode, StaffRole
from pipeline.store.engine import read
from pipeline.store.tables import Case, Entry, Page
from tests.factories import (
    DEPARTMENT,
    Store,
    make_attachment,
    make_candidate,
    make_link,
    make_person,
    make_store,
    make_submission,
    make_task,
    make_user,
)
from tests.webclient import Browser

NAME = {"applicant_name": "守山 静", "applicant_kana": "モリヤマ シズカ"}


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Store:
    made = make_store(database_url, tmp_path)
    make_user(made, roles=[StaffRole.REVIEWER, StaffRole.MAILROOM])
    make_user(
        made, "tanto", display_name="担当 者", sees_protected=True, roles=[StaffRole.REVIEWER, StaffRole.MAILROOM]
    )
    make_user(made, "zeimu", display_name="税務 課", department="zeimu")
    return made


def _paths(store: Store) -> dict[str, str]:
    """Everything that leads to one protected application."""
    hidden = make_submission(store, channel=Channel.MAIL, values=NAME, protected=True)
    person = make_person(store, "守山 光", "モリヤマ ヒカル", protected=True)
    make_link(store, hidden, person)
    attachment = make_attachment(store, hidden)
    task = make_task(store, hidden)
    case = Case(
        number="R8-C000001",
        procedure_id="child_benefit",
        instance="2026",
        subject_id=person,
        department=DEPARTMENT,
        protected=True,
        adopted_submission_id=hidden,
    )
    from pipeline.store.engine import write

    with write(store.runtime.engine) as session:
        session.add(case)
        session.flush()
        entry = session.exec(select(Entry).where(Entry.submission_id == hidden)).one()
        entry.case_id = case.id
        session.add(entry)
    with read(store.runtime.engine) as session:
        page = session.exec(select(Page)).one()
    return {
        "task": f"/tasks/{task}",
        "submission": f"/submissions/{hidden}",
        "correction": f"/tasks/{task}/correction",
        "view": f"/pages/{page.id}/view",
        "scan": f"/pages/{page.id}/scan",
        "thumb": f"/pages/{page.id}/thumb",
        "attachment": f"/attachments/{attachment}",
        "case": f"/cases/{case.id}",
        "batch": f"/batches/{page.batch_id}",
    }


@pytest.mark.parametrize(("login", "status"), [("yamaguchi", 404), ("zeimu", 404), ("tanto", 200)])
def test_pages_and_pictures(store: Store, login: str, status: int) -> None:
    paths = _paths(store)
    paths.pop("batch")
    browser = Browser(store, login)
    assert {name: browser.client.get(path).status_code for name, path in paths.items()} == dict.fromkeys(paths, status)


def test_lists_counts_search_and_the_stack(store: Store) -> None:
    paths = _paths(store)
    browser = Browser(store)
    for path in ("/queue", "/cases"):
        page = browser.text(path)
        assert "守山" not in page and "R8-0000" not in page and "R8-C" not in page
    assert "確認を待つ作業はありません" in browser.text("/queue")
    for text in ("守山", "モリヤマ", "R8-000001"):
        browser.post("/search", text=text)
        assert "見つかりません" in browser.text("/search")
    stack = browser.text(paths["batch"])
    assert "1頁は担当者確認中" in stack and "R8-000001" not in stack and "/thumb" not in stack
    trusted = Browser(store, "tanto")
    assert "守山 静" in trusted.text("/queue") and "守山 光" in trusted.text("/cases")


def test_nothing_leads_there_from_another_application(store: Store) -> None:
    hidden = make_submission(store, values=NAME, protected=True)
    person = make_person(store, "守山 光", "モリヤマ ヒカル", protected=True)
    open_one = make_submission(store)
    for submission in (hidden, open_one):
        make_link(store, submission, person)
    make_candidate(store, open_one, person)
    task = make_task(store, open_one, (ReasonCode.DUPLICATE, hidden))
    browser = Browser(store)
    page = browser.text(f"/tasks/{task}")
    assert "守山" not in page and "R8-000001" not in page and "重複の疑い" not in page
    assert "重複の疑い" not in browser.text("/queue")


def test_acting_on_what_one_may_not_see_looks_like_nothing_there(store: Store) -> None:
    hidden = make_submission(store, protected=True)
    task = make_task(store, hidden)
    other = make_task(store, make_submission(store))
    browser = Browser(store)
    page = browser.text(f"/tasks/{other}")
    absent = browser.post("/tasks/0000/decide", page=page, action="accept")
    answer = browser.post(f"/tasks/{task}/decide", page=page, action="accept")
    assert answer.status_code == absent.status_code == 404
    assert answer.text.replace(task, "") == absent.text.replace("0000", "")
    assert browser.post("/queue/open", task_id=task).status_code == 404
