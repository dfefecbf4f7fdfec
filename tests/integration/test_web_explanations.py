"""The station tells why: both sides, the picture, what would have changed it; households, lists, accounts."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from pipeline.domain.statuses import Channel, ReasonCode, RosterMarkKind, SubmissionStatus
from pipeline.steps.advance import advance
from pipeline.steps.packs import get_pack
from pipeline.steps.people import index_person
from pipeline.steps.traces import trace_account
from pipeline.store.engine import read, write
from pipeline.store.tables import (
    Case,
    Household,
    HouseholdMember,
    Person,
    ReviewReason,
    ReviewTask,
    Roster,
    RosterMark,
    RosterRow,
)
from tests.factories import Store, make_attachment, make_store, make_submission, make_user
from tests.webclient import Browser

HOME = {"postal_code": "2060802", "address": "東京都稲城市東長沼2111", "household_number": "H1"}
MISREAD = {
    "applicant_name": "高橋 美咲", "applicant_kana": "タカハツ ミサキ", "applicant_birth_date": "1983-11-08",
}  # fmt: skip
STRANGER = {
    "applicant_name": "林 美穂", "applicant_kana": "ハヤシ ミホ", "applicant_birth_date": "1990-03-03",
    "postal_code": "2060801", "address": "東京都稲城市大丸5", "phone": "0421110000",
    "child_name.1": "林 樹", "child_kana.1": "ハヤシ イツキ", "child_birth_date.1": "2020-08-08",
}  # fmt: skip


@pytest.fixture
def store(sqlite_database_url: str, tmp_path: Path) -> Store:
    """Two of one household on the list: the applicant and the child of the factories."""
    made = make_store(sqlite_database_url, tmp_path)
    make_user(made)
    people = [
        Person(name="髙橋 美咲", kana="タカハシ ミサキ", birth_date=date(1983, 11, 3), resident_number="01", **HOME),
        Person(name="髙橋 陽菜", kana="タカハシ ヒナ", birth_date=date(2019, 4, 9), resident_number="02", **HOME),
        Person(name="林 美穂", kana="ハヤシ ミホ", birth_date=date(1990, 3, 3), resident_number="03"),
        Person(name="林 樹", kana="ハヤシ イツキ", birth_date=date(2020, 8, 8), resident_number="04"),
    ]
    roster = Roster(procedure_id="child_benefit", digest="x", base_date=date(2026, 9, 30), complete=True)
    house = Household(number="H1", postal_code=HOME["postal_code"], address=HOME["address"])
    with write(made.runtime.engine) as session:
        session.add_all([roster, house, *people])
        session.flush()
        for one in people:
            index_person(session, one, made.runtime.secrets.key)
            row = RosterRow(
                roster_id=roster.id, person_id=one.id, eligible=one.resident_number in ("02", "04"),
                valid_from=date(2026, 4, 1),
            )  # fmt: skip
            session.add(row)
            if one.household_number:
                session.add(HouseholdMember(household_id=house.id, person_id=one.id, valid_from=date(2020, 4, 1)))
    return made


def apply(store: Store, values: dict[str, str] | None = None, **given: Any) -> str:
    """An application that was taken as far as it goes by itself; its id."""
    one = make_submission(store, values=values, status=SubmissionStatus.CHECKED, **given)
    make_attachment(store, one, "identity")
    make_attachment(store, one, "account")
    with write(store.runtime.engine) as session:
        pack = get_pack(session, store.pack_version_id)
        trace_account(session, store.runtime.secrets, one, pack, store.now)
    advance(store.runtime, one)
    return one


def task_of(store: Store, submission_id: str) -> str:
    with read(store.runtime.engine) as session:
        return session.exec(select(ReviewTask.id).where(ReviewTask.submission_id == submission_id)).one()


def mark(store: Store, number: str, kind: RosterMarkKind, day: date) -> None:
    with write(store.runtime.engine) as session:
        row = session.exec(select(RosterRow).join(Person).where(Person.resident_number == number)).one()
        session.add(RosterMark(roster_row_id=row.id, kind=kind, day=day))


def test_both_sides_stand_field_by_field_with_what_would_have_changed_it(store: Store) -> None:
    doubtful = {"applicant_name": 0.7, "applicant_kana": 0.5, "applicant_birth_date": 0.6}
    one = apply(store, MISREAD, channel=Channel.MAIL, doubtful=doubtful)
    browser = Browser(store)
    page = browser.text(f"/tasks/{task_of(store, one)}")
    people = page.split('id="people"')[1].split("</section>")[0]
    assert '<mark class="df df-variant">高</mark>橋' in people and '<mark class="df df-variant">髙</mark>橋' in people
    assert "高→髙 異体字" in people and "ツ→シ 誤読か" in people and "8→3 相違" in people
    assert "氏は異体字の違いだけで一致しています" in people and "読取の確信度 70%" in people
    assert "自動で紐付けなかった理由" in people and "仮に「生年月日が一致しています」" in people
    assert 'class="fall"' in people and "自動の線" in people and "世帯分の調整" in people
    assert " style=" not in people and "<script" not in people, "neither would the policy of the pages let through"
    browser.post("/language", page=page, language="en", back="/queue")
    english = browser.text(f"/tasks/{task_of(store, one)}").split('id="people"')[1].split("</section>")[0]
    assert "misread?" in english and "1983-11-0" in english and "Had one thing been otherwise" in english
    assert "一致" not in english and "確信度" not in english


def test_the_case_tells_whom_the_software_took_the_applicant_for(store: Store) -> None:
    one = apply(store)
    with read(store.runtime.engine) as session:
        case = session.exec(select(Case.id).where(Case.adopted_submission_id == one)).one()
    page = Browser(store).text(f"/cases/{case}")
    assert "本人との照合" in page and "自動で紐付け" in page
    matched = page.split('id="matched"')[1].split("</section>")[0]
    assert "名が一致しています" in matched and 'class="fall"' in matched
    assert "一つだけ違っていたら" in matched, "on what the link hangs"


def test_an_account_of_strangers_is_compared_and_settled(store: Store) -> None:
    apply(store)
    two = apply(store, STRANGER)
    browser = Browser(store)
    page = browser.text(f"/tasks/{task_of(store, two)}")
    shared = page.split('id="shared"')[1].split("</section>")[0]
    assert "他の世帯と同じ口座" in shared and "髙橋 美咲" in shared and "林 美穂" in shared and "1713604" in shared
    about = re.search(r'name="about" value="(\w+)"', shared)
    assert about is not None
    path = f"/tasks/{task_of(store, two)}/settle"
    wrong = browser.post(path, page=page, code="duplicate", about=about[1])
    assert wrong.status_code == 422 and 'data-error="no_such_doubt"' in wrong.text
    browser.post(path, page=page, code="same_account", about=about[1], note="祖母の口座")
    after = browser.text(f"/submissions/{two}")
    assert "確認済" in after.split('id="shared"')[1] and "祖母の口座" in after


def test_a_household_is_shown_whose_member_nobody_knows(store: Store) -> None:
    one = apply(store, {"applicant_name": "髙橋", "applicant_kana": "タカハシ", "applicant_birth_date": ""})
    browser = Browser(store)
    task = task_of(store, one)
    page = browser.text(f"/tasks/{task}")
    house = page.split('id="household"')[1].split("</section>")[0]
    assert "髙橋 美咲" in house and "申請者とする" in house and "令和2年4月1日" in house
    gone = browser.post(f"/tasks/{task}/household", page=page, action="undo", follow=True)
    assert gone.status_code == 200 and "世帯を更新しました" in gone.text
    assert "この世帯ではないとした" in gone.text, "who did it stays in the history"


def test_what_the_list_says_is_passed_over_only_with_its_ground(store: Store) -> None:
    mark(store, "02", RosterMarkKind.PAID, date(2026, 8, 1))
    one = apply(store)
    browser = Browser(store)
    task = task_of(store, one)
    with read(store.runtime.engine) as session:
        codes = set(session.exec(select(ReviewReason.code).where(ReviewReason.task_id == task)))
    assert ReasonCode.ALREADY_PAID in codes
    page = browser.text(f"/tasks/{task}")
    assert "支給日" in page and "令和8年8月1日" in page and "受理する根拠" in page
    refused = browser.post(f"/tasks/{task}/decide", page=page, action="accept")
    assert refused.status_code == 422 and 'data-error="note_needed"' in refused.text
    taken = browser.post(f"/tasks/{task}/decide", page=page, action="accept", note="前年度分の誤記")
    assert taken.status_code == 303
    assert "前年度分の誤記" in browser.text(f"/submissions/{one}")
