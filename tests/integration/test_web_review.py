"""The queue and the station over HTTP, on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from pipeline.domain.statuses import Channel, Origin, ReasonCode, SubmissionStatus, TaskStatus
from pipeline.store.engine import read
from pipeline.store.tables import Attachment, Decision, Outbound, ReviewTask, Submission
from tests.factories import (
    Store,
    get_field,
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


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Store:
    made = make_store(database_url, tmp_path)
    make_user(made)
    return made


def test_paper_and_online_stand_in_one_list(store: Store) -> None:
    make_task(store, make_submission(store, channel=Channel.MAIL), (ReasonCode.FIELD_DOUBTFUL, "phone"))
    make_task(store, make_submission(store), (ReasonCode.DUPLICATE, "other"))
    page = Browser(store).text("/queue")
    assert "郵送" in page and "電子" in page
    assert "読取が不確か" in page and "重複の疑い" in page
    assert page.count('class="row"') == 2


def test_filters_narrow_and_counts_stay(store: Store) -> None:
    make_task(store, make_submission(store, channel=Channel.MAIL), (ReasonCode.DUPLICATE, "x"))
    make_task(store, make_submission(store), due_on=(store.now - timedelta(days=2)).date())
    browser = Browser(store)
    assert browser.text("/queue?channel=mail").count('class="row"') == 1
    assert browser.text("/queue?reason=duplicate").count('class="row"') == 1
    assert browser.text("/queue?due=overdue").count('class="row"') == 1
    assert browser.text("/queue?mine=1").count('class="row"') == 0
    assert "この条件に合う作業はありません" in browser.text("/queue?mine=1")
    assert browser.get("/queue?channel=%27%20or%201&page=999999999999").status_code == 200


def test_a_waiting_application_is_not_in_the_way(store: Store) -> None:
    make_task(store, make_submission(store, status=SubmissionStatus.AWAITING_CORRECTION))
    browser = Browser(store)
    assert browser.text("/queue").count('class="row"') == 0
    assert browser.text("/queue?awaiting=1").count('class="row"') == 1


def test_next_gives_each_person_another_task(store: Store) -> None:
    make_user(store, "ito", display_name="伊藤 健")
    tasks = {make_task(store, make_submission(store)) for _ in range(2)}
    places = [Browser(store, login).post("/queue/next").headers["location"] for login in ("yamaguchi", "ito")]
    assert {place.removeprefix("/tasks/") for place in places} == tasks
    assert "done=nothing" in Browser(store, "ito").post("/queue/next", reason="duplicate").headers["location"]


def test_search_by_number_name_reading_and_variant(store: Store) -> None:
    make_submission(store)
    others = {
        "applicant_name": "山田 太郎",
        "applicant_kana": "ヤマダ タロウ",
        "child_name.1": "山田 蓮",
        "child_kana.1": "ヤマダ レン",
        "account_holder_kana": "ヤマダ タロウ",
    }
    make_submission(store, values=others)
    browser = Browser(store)

    def find(text: str) -> list[str]:
        answer = browser.post("/search", text=text)
        assert answer.headers["location"] == "/search"
        page = browser.text("/search")
        return [number for number in ("R8-000001", "R8-000002") if number in page]

    assert find("R8-000002") == ["R8-000002"]
    assert find("r8-000002") == ["R8-000002"]
    assert find("高橋") == ["R8-000001"]
    assert find("髙橋美") == ["R8-000001"]
    assert find("たかはし") == ["R8-000001"]
    assert find("ヤマダ タ") == ["R8-000002"]
    assert find("山田蓮") == ["R8-000002"]
    assert find("陽菜") == []
    assert find("%") == [] and find("") == []


def test_searched_text_stands_in_no_address_and_not_in_the_cookie(store: Store) -> None:
    browser = Browser(store)
    answer = browser.post("/search", text="takahashi")
    assert "takahashi" not in str(answer.headers)


def test_station_shows_everything_needed(store: Store) -> None:
    online = make_submission(store)
    make_attachment(store, online)
    paper = make_submission(store, channel=Channel.COUNTER, doubtful={"phone": 0.61})
    person = make_person(store, "髙橋 陽菜", "タカハシ ヒナ", resident_number="0012345")
    make_link(store, online, person)
    make_candidate(store, paper, person)
    task = make_task(store, paper, (ReasonCode.FIELD_DOUBTFUL, "phone"), (ReasonCode.DUPLICATE, online))
    page = Browser(store).text(f"/tasks/{task}")
    assert "0012345" in page and "氏名" in page
    assert "61%" in page and "読取に自信なし" in page
    assert "R8-000001" in page and "この申請を採用する" in page
    assert page.count('class="crop"') > 10
    assert "昭和58年11月3日" in page and "43歳" in page
    assert "本人確認書類" in page and "不足" in page
    shown = Browser(store).text(f"/submissions/{online}")
    assert "/attachments/" in shown and "確定する" not in shown


def test_accepting_and_correcting_a_field(store: Store) -> None:
    paper = make_submission(store, channel=Channel.MAIL, doubtful={"phone": 0.6, "account_number": 0.6})
    task = make_task(store, paper)
    browser = Browser(store)
    same = {"key": "phone", "raw": "0423782111", "before": "0423782111"}
    answer = browser.post(f"/tasks/{task}/field", **same)
    assert answer.status_code == 303 and "after=phone" in answer.headers["location"]
    assert get_field(store, paper, "phone").accepted
    typed = {"key": "account_number", "raw": "１７１３８０４", "before": "1713604"}
    assert browser.post(f"/tasks/{task}/field", **typed).status_code == 303
    row = get_field(store, paper, "account_number")
    assert (row.value, row.origin, row.accepted) == ("1713804", Origin.CLERK, True)
    with read(store.runtime.engine) as session:
        assert len(session.exec(select(Decision)).all()) == 2


def test_what_is_no_value_is_refused_in_words(store: Store) -> None:
    paper = make_submission(store, channel=Channel.MAIL, doubtful={"child_birth_date.1": 0.6})
    task = make_task(store, paper)
    answer = Browser(store).post(f"/tasks/{task}/field", key="child_birth_date.1", raw="令和99年1月1日", before="x")
    assert answer.status_code == 422 and "この項目に入れられない値です" in answer.text
    assert get_field(store, paper, "child_birth_date.1").value == "2019-04-09"


def test_a_stale_page_cannot_overwrite(store: Store) -> None:
    paper = make_submission(store, channel=Channel.MAIL, doubtful={"phone": 0.6})
    task = make_task(store, paper)
    browser = Browser(store)
    old = browser.client.get(f"/tasks/{task}").text
    form = {"key": "phone", "before": "x"}
    assert browser.post(f"/tasks/{task}/field", page=old, raw="0423780001", **form).status_code == 303
    answer = browser.post(f"/tasks/{task}/field", page=old, raw="0423780002", **form)
    assert answer.status_code == 409
    assert "ほかの人が先に変更しました" in answer.text and f'href="/tasks/{task}"' in answer.text
    assert get_field(store, paper, "phone").value == "0423780001"


def test_a_task_in_other_hands_can_only_be_looked_at(store: Store) -> None:
    make_user(store, "ito", display_name="伊藤 健")
    submission = make_submission(store, doubtful={"phone": 0.6})
    task = make_task(store, submission)
    mine, theirs = Browser(store), Browser(store, "ito")
    page = theirs.client.get(f"/tasks/{task}").text
    assert mine.post("/queue/open", task_id=task).headers["location"] == f"/tasks/{task}"
    assert theirs.post("/queue/open", task_id=task).status_code == 303
    shown = theirs.text(f"/tasks/{task}")
    assert "山口 花子さんが担当中です" in shown and "受理して次へ" not in shown
    answer = theirs.post(f"/tasks/{task}/decide", page=page, action="reject", note="x")
    assert answer.status_code == 409
    store.now += timedelta(minutes=16)
    assert "受理して次へ" in theirs.text(f"/tasks/{task}")


def test_ending_an_application_needs_a_reason_and_moves_on(store: Store) -> None:
    first, second = (make_task(store, make_submission(store)) for _ in range(2))
    browser = Browser(store)
    assert browser.post(f"/tasks/{first}/decide", action="refer", note=" ").status_code == 422
    answer = browser.post(f"/tasks/{first}/decide", action="refer", note="国民健康保険課の案件")
    assert answer.headers["location"] == f"/tasks/{second}?done=ended"
    with read(store.runtime.engine) as session:
        assert session.get_one(ReviewTask, first).status is TaskStatus.DONE
    assert browser.post(
        f"/tasks/{first}/decide",
        page=browser.text(f"/tasks/{second}"),
        action="accept",
    ).status_code in (409, 422)


def test_correction_is_previewed_then_sent(store: Store) -> None:
    submission = make_submission(store)
    task = make_task(store, submission)
    browser = Browser(store)
    compose = browser.text(f"/tasks/{task}/correction")
    assert "本人確認書類" in compose
    form = {
        "item": ["1", "3"],
        "text_1": "免許証の写しを添えてください。",
        "code_1": "attachment_identity",
        "text_3": "<続柄>を記入してください。",
    }
    preview = browser.post(f"/tasks/{task}/correction", page=compose, step="preview", **form)
    assert "申請内容の確認について" in preview.text and "&lt;続柄&gt;" in preview.text
    assert "令和8年12月6日" in preview.text
    with read(store.runtime.engine) as session:
        assert session.exec(select(Outbound)).all() == []
    sent = browser.post(
        f"/tasks/{task}/correction",
        page=preview.text,
        step="send",
        item=["1", "2"],
        text_1="免許証の写しを添えてください。",
        text_2="<続柄>を記入してください。",
    )
    assert sent.headers["location"] == "/queue?done=requested"
    with read(store.runtime.engine) as session:
        letter = session.exec(select(Outbound)).one()
        assert session.get_one(Submission, submission).status is SubmissionStatus.AWAITING_CORRECTION
    pdf = browser.client.get(f"/outbound/{letter.id}")
    assert pdf.content.startswith(b"%PDF") and "attachment" in pdf.headers["content-disposition"]


def test_nothing_asked_is_refused(store: Store) -> None:
    task = make_task(store, make_submission(store))
    browser = Browser(store)
    answer = browser.post(f"/tasks/{task}/correction", step="preview", item="1", text_1=" ")
    assert answer.status_code == 422 and "一つ以上" in answer.text


def test_the_same_person_is_linked_and_undone(store: Store) -> None:
    submission = make_submission(store)
    person = make_person(store, "髙橋 陽菜", "タカハシ ヒナ", resident_number="0012345")
    make_candidate(store, submission, person)
    task = make_task(store, submission, (ReasonCode.PERSON_UNCLEAR, "child.1"))
    browser = Browser(store)
    form = {"role": "child", "role_index": "1", "person_id": person}
    assert browser.post(f"/tasks/{task}/person", action="same", **form).status_code == 303
    assert "職員が確認" in browser.text(f"/submissions/{submission}")
    assert browser.post(f"/tasks/{task}/person", action="nonsense", **form).status_code == 422


def test_a_paper_of_unknown_kind_is_named(store: Store) -> None:
    submission = make_submission(store)
    attachment = make_attachment(store, submission, kind="")
    task = make_task(store, submission)
    browser = Browser(store)
    assert "添付の画像で確かめてください" in browser.text(f"/tasks/{task}")
    compose = browser.text(f"/tasks/{task}/correction")
    assert "本人確認書類" in compose and " checked" not in compose
    form = {"attachment": attachment, "kind": "identity"}
    assert browser.post(f"/tasks/{task}/paper", **form).status_code == 303
    with read(store.runtime.engine) as session:
        assert session.get_one(Attachment, attachment).kind == "identity"
    page = browser.text(f"/submissions/{submission}")
    assert "添付の画像で確かめてください" not in page and "不足" in page


def test_a_kind_nobody_knows_and_a_paper_of_somebody_else_are_refused(store: Store) -> None:
    task = make_task(store, make_submission(store))
    other = make_attachment(store, make_submission(store), kind="")
    browser = Browser(store)
    assert browser.post(f"/tasks/{task}/paper", attachment=other, kind="identity").status_code == 404
    assert browser.post(f"/tasks/{task}/paper", attachment=other, kind="x").status_code == 422


def test_text_from_forms_is_escaped(store: Store) -> None:
    submission = make_submission(store, values={"applicant_name": '<script>alert(1)</script>"'})
    task = make_task(store, submission)
    browser = Browser(store)
    for path in ("/queue", f"/tasks/{task}", f"/submissions/{submission}"):
        assert "<script>alert" not in browser.client.get(path).text
