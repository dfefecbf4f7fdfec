"""The person's page: doubles side by side, 統合 with a look before, 分離, taking back, and why not."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.statuses import StaffRole
from pipeline.steps.people import index_person
from pipeline.store.engine import write
from pipeline.store.tables import Person
from tests.factories import Store, make_link, make_store, make_submission, make_user
from tests.webclient import Browser

BORN = date(1986, 1, 9)


@pytest.fixture
def store(sqlite_database_url: str, tmp_path: Path) -> Store:
    made = make_store(sqlite_database_url, tmp_path)
    make_user(made)
    return made


def known(store: Store, **given: Any) -> str:
    """A person who can be found by their keys."""
    row = Person(**{"name": "佐藤 恵", "kana": "サトウ メグミ", "birth_date": BORN, **given})
    with write(store.runtime.engine) as session:
        session.add(row)
        session.flush()
        index_person(session, row, store.runtime.secrets.key)
    return row.id


def listed_and_not(store: Store) -> tuple[str, str]:
    """Somebody on the list, and once more from an application, which is linked to the second."""
    listed = known(store, resident_number="0000007", address="東京都稲城市矢野口100", postal_code="2060812")
    other = known(store, source="application", address="神奈川県川崎市多摩区菅1-2-3", postal_code="2140001")
    one = make_submission(store, values={"applicant_name": "佐藤 恵"}, receipt_number="R8-000077", status="settled")
    make_link(store, one, other, role="applicant", role_index=0)
    return listed, other


def test_two_records_become_one_and_two_again(store: Store) -> None:
    listed, other = listed_and_not(store)
    browser = Browser(store)
    page = browser.text(f"/persons/{other}")
    assert "同じ人かもしれない記録" in page and "転居か" in page and "R8-000077" in page
    assert f"/persons/{listed}/merge/{other}" in page, "who is on the list stays, from wherever one looks"
    before = browser.text(f"/persons/{listed}/merge/{other}")
    assert "残る記録" in before and "R8-000077" in before and "照合し直されます" in before
    done = browser.post(f"/persons/{listed}/merge/{other}", page=before, follow=True)
    assert "1人の記録にまとめました" in done.text and "R8-000077" in done.text and "統合した" in done.text
    assert "山口 花子" in done.text.split('id="regrouped"')[1], "who did it"
    gone = browser.text(f"/persons/{other}")
    assert "別の記録に統合されました" in gone and "統合を確かめる" not in gone
    undo = re.search(rf"/persons/{listed}/undo/\w+", done.text)
    assert undo is not None
    back = browser.post(undo[0], page=done.text, follow=True)
    assert "元に戻しました" in back.text and "R8-000077" not in back.text
    assert "別の人と確認済" in back.text, "after an undone merge the two are not the same"


def test_a_merge_that_cannot_be_is_refused_by_name(store: Store) -> None:
    listed, other = listed_and_not(store)
    browser = Browser(store)
    page = browser.text(f"/persons/{other}/merge/{listed}")
    answer = browser.post(f"/persons/{other}/merge/{listed}", page=page)
    assert answer.status_code == 422 and 'data-error="keep_the_listed"' in answer.text
    assert f'href="/persons/{other}"' in answer.text, "the way back"
    assert browser.client.get(f"/persons/{listed}/merge/{listed}").status_code == 404


def test_not_the_same_is_remembered_and_taken_back(store: Store) -> None:
    listed, other = listed_and_not(store)
    browser = Browser(store)
    page = browser.text(f"/persons/{listed}")
    said = browser.post(f"/persons/{listed}/different/{other}", page=page, follow=True)
    assert "別の人と確認済" in said.text and "統合を確かめる" not in said.text
    again = browser.post(f"/persons/{listed}/different/{other}", page=said.text, follow=True, action="take_back")
    assert "統合を確かめる" in again.text


def test_one_record_that_is_two_people_is_split(store: Store) -> None:
    person = known(store, resident_number="0000007")
    for number, name in (("R8-000071", "佐藤 恵"), ("R8-000072", "佐藤 恵美")):
        one = make_submission(store, values={"applicant_name": name}, receipt_number=number, status="settled")
        make_link(store, one, person, role="applicant", role_index=0)
    browser = Browser(store)
    page = browser.text(f"/persons/{person}")
    nothing = browser.post(f"/persons/{person}/split", page=page)
    assert nothing.status_code == 422 and 'data-error="nothing_chosen"' in nothing.text
    link = re.search(r'name="link" value="(\w+)" aria-label="別の人に移す R8-000072"', page)
    assert link is not None
    done = browser.post(f"/persons/{person}/split", page=page, follow=True, link=link[1])
    assert "新しい人に分けました" in done.text and "佐藤 恵美" in done.text
    assert "R8-000072" in done.text and "R8-000071" not in done.text


def test_approvers_look_and_change_nothing(store: Store) -> None:
    _, other = listed_and_not(store)
    make_user(store, "approver", roles=[StaffRole.APPROVER])
    page = Browser(store, "approver").text(f"/persons/{other}")
    assert "R8-000077" in page and "統合" not in page and "移す" not in page
