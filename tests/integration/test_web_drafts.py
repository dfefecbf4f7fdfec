"""起案 and 決裁 at the window: from the list of examined cases to a document with its 代決 mark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlmodel import select

from pipeline.domain.statuses import CaseStatus, StaffRole
from pipeline.review.administration import COMMAND_LINE, grant
from pipeline.store.access import Grant
from pipeline.store.engine import read
from pipeline.store.tables import Case, Draft
from tests.factories import (
    DEPARTMENT,
    Store,
    make_link,
    make_person,
    make_store,
    make_submission,
    make_task,
    make_user,
)
from tests.integration.test_web_protected_crawl import make_case
from tests.webclient import Browser, token_in

NEW = f"/drafts/new?procedure=child_benefit&department={DEPARTMENT}"


@pytest.fixture
def store(sqlite_database_url: str, tmp_path: Path) -> Store:
    made = make_store(sqlite_database_url, tmp_path)
    make_user(made)
    chief = make_user(made, "chief", display_name="中村 誠", roles=[StaffRole.APPROVER])
    deputy = make_user(made, "deputy", display_name="西田 学", roles=[])
    grant(made.runtime, COMMAND_LINE, deputy, Grant(StaffRole.APPROVER, DEPARTMENT, deputy_for=chief))
    for place, name in enumerate(("髙橋 陽菜", "髙橋 翼"), start=1):
        person = make_person(made, name, "タカハシ")
        make_case(made, make_submission(made, status="settled"), person, f"R8-C90000{place}")
    return made


def statuses(store: Store) -> list[CaseStatus]:
    with read(store.runtime.engine) as session:
        return list(session.exec(select(Case.status).order_by(Case.number)).all())


def test_from_the_list_to_the_document(store: Store) -> None:
    clerk, deputy = Browser(store), Browser(store, "deputy")
    page = clerk.text(NEW)
    one, two = re.findall(r'name="case" value="(\w+)"', page)
    form = {
        "which": "picked", "procedure": "child_benefit", "department": DEPARTMENT, "key": "k1", "title": "第1回",
        "case": [one, two], f"outcome_{one}": "grant", f"ground_{one}": "", f"outcome_{two}": "refuse",
        f"ground_{two}": "",
    }  # fmt: skip
    refused = clerk.post("/drafts/new", page=page, **form)
    assert refused.status_code == 422 and "理由を書き" in refused.text
    form[f"ground_{two}"] = "基準日に住所がないため"
    place = clerk.post("/drafts/new", page=page, **form).headers["location"]
    assert clerk.post("/drafts/new", page=page, **form).headers["location"] == place, "a double click is one draft"
    path = place.split("?")[0]
    assert "引き戻す" in clerk.text(path) and "決裁する" not in clerk.text(path)
    assert statuses(store) == [CaseStatus.DRAFTED, CaseStatus.DRAFTED]
    assert deputy.client.get("/").headers["location"] == "/drafts" and "第1回" in deputy.text("/drafts")
    page = deputy.text(path)
    assert "中村 誠さんに代わって決裁します" in page
    form = {"csrf": token_in(page), "version": "1"}
    for _ in range(2):
        assert deputy.client.post(f"{path}/approve", data=form).status_code == 303
    assert statuses(store) == [CaseStatus.GRANTED, CaseStatus.REFUSED]
    document = clerk.text(f"{path}/print")
    assert (
        "代決" in document and "西田 学" in document and "中村 誠" in document and "基準日に住所がないため" in document
    )


def test_the_wrong_people_get_nowhere(store: Store) -> None:
    clerk = Browser(store)
    form = {
        "which": "all", "procedure": "child_benefit", "department": DEPARTMENT, "key": "k", "expected": "2",
        "refusals": "0",
    }  # fmt: skip
    path = clerk.post("/drafts/new", page=clerk.text(NEW), **form).headers["location"].split("?")[0]
    make_user(store, "far", department="zeimu", roles=list(StaffRole))
    make_user(store, "both", roles=[StaffRole.REVIEWER, StaffRole.APPROVER])
    far, both = Browser(store, "far"), Browser(store, "both")
    for act in ("approve", "return", "withdraw"):
        answers = {
            "the drafter": clerk.post(f"{path}/{act}", version="9", note="理由").status_code,
            "far": far.post(f"{path}/{act}", version="1", note="理由").status_code,
        }
        assert answers == {"the drafter": 409 if act == "withdraw" else 403, "far": 404}, act
    assert both.post(f"{path}/withdraw", version="1").status_code == 403
    assert far.client.get(path).status_code == far.client.get(f"{path}/print").status_code == 404
    own = f"/drafts/new?procedure=child_benefit&department={DEPARTMENT}"
    assert far.client.get(own).status_code == 404
    with read(store.runtime.engine) as session:
        assert session.exec(select(Draft)).one().status.value == "circulating"


def test_a_refusal_goes_from_the_task_into_the_draft_with_its_reason(store: Store) -> None:
    person = make_person(store, "山田 空", "ヤマダ ソラ")
    submission = make_submission(store)
    make_link(store, submission, person)
    make_link(store, submission, make_person(store, "山田 海", "ヤマダ ウミ"), role="applicant", role_index=0)
    task = make_task(store, submission)
    clerk = Browser(store)
    page = clerk.text(f"/tasks/{task}")
    assert "却下案として起案へ回します。1人の決裁が済むまで却下は決まらず" in page
    path = f"/tasks/{task}/decide"
    assert "理由を書いて" in clerk.post(path, page=page, action="reject", note=" ").text
    answer = clerk.post(path, page=page, action="reject", note="対象年齢を<超える>ため")
    assert answer.headers["location"].endswith("done=to_refuse")
    page = clerk.text(NEW)
    assert ">対象年齢を<超える>ため</textarea>" in page and page.count("selected>不支給") == 1
    assert 'name="expected" value="3"' in page and 'name="refusals" value="1"' in page
    form = {"which": "all", "procedure": "child_benefit", "department": DEPARTMENT, "key": "k", "expected": "3"}
    assert clerk.post("/drafts/new", page=page, **form, refusals="0").status_code == 409
    place = clerk.post("/drafts/new", page=page, **form, refusals="1").headers["location"].split("?")[0]
    assert "対象年齢を<超える>ため" in clerk.text(place)
    chief = Browser(store, "chief")
    chief.post(f"{place}/return", page=chief.text(place), version="1", note="根拠の条項を書き添えてください")
    assert clerk.text(NEW).count("根拠の条項を書き添えてください") == 3
