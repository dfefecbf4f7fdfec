"""The review in a real Chromium: by keyboard, by two people at once, and without JavaScript."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect

from pipeline.domain.statuses import Channel, Origin, ReasonCode, StaffRole
from pipeline.steps.people import index_person
from pipeline.store.engine import write
from pipeline.store.tables import Person, ReviewTask
from tests.browsers import ACT_WITHIN_MS
from tests.factories import (
    PASSWORD,
    Store,
    get_field,
    letters,
    make_batch,
    make_candidate,
    make_page,
    make_person,
    make_store,
    make_submission,
    make_task,
    make_user,
    picture,
)
from web.app import create_app
from web.settings import WebSettings

LATER = date(2026, 12, 31)


@pytest.fixture
def store(sqlite_database_url: str, tmp_path: Path) -> Store:
    made = make_store(sqlite_database_url, tmp_path)
    make_user(made)
    make_user(made, "ito", display_name="伊藤 健", roles=[StaffRole.REVIEWER, StaffRole.MAILROOM])
    return made


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    config = uvicorn.Config(
        create_app(store.runtime, WebSettings(max_upload_mb=1)), port=0, log_level="error", access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server ended before it began"
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


@contextmanager
def someone(browser: Browser, **options: object) -> Iterator[Page]:
    """A page of another person's browser; errors on its console fail the test."""
    context: BrowserContext = browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo", **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(ACT_WITHIN_MS)
    yield page
    context.close()


def sign_in(page: Page, address: str, login: str = "yamaguchi") -> None:
    page.goto(f"{address}/sign-in")
    page.get_by_label("ログイン名").fill(login)
    page.get_by_label("パスワード").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="確認作業")).to_be_visible()


def make_paper(store: Store) -> str:
    return make_submission(
        store,
        channel=Channel.MAIL,
        doubtful={"phone": 0.61, "account_number": 0.93},
        alternatives={"account_number": letters("1713604", {4: [("8", 0.4)]})},
    )


def make_double(store: Store, task: str) -> tuple[str, str]:
    """Somebody on the list and once more without a number, both candidates of the task's application."""
    born = date(2019, 4, 9)
    listed = make_person(store, "髙橋 陽菜", "タカハシ ヒナ", birth_date=born, resident_number="0012345")
    other = make_person(store, "高橋 陽菜", "タカハシ ヒナ", birth_date=born)
    with write(store.runtime.engine) as session:
        submission = session.get_one(ReviewTask, task).submission_id
        for person in (listed, other):
            index_person(session, session.get_one(Person, person), store.runtime.secrets.key)
    assert submission is not None
    for rank, person in enumerate((listed, other), start=1):
        make_candidate(store, submission, person, rank=rank)
    return listed, other


def test_one_person_registered_twice_by_keyboard(page: Page, store: Store, address: str) -> None:
    task = make_task(store, make_submission(store), (ReasonCode.PERSON_UNCLEAR, "child.1"))
    make_double(store, task)
    sign_in(page, address)
    page.goto(f"{address}/tasks/{task}")
    expect(page.locator("html.js")).to_be_attached()
    grounds = page.locator("#people details.grounds").first
    expect(grounds).to_have_attribute("open", "")
    expect(grounds.locator("table.compared")).to_contain_text("名が一致しています")
    page.keyboard.press("g")
    expect(grounds).not_to_have_attribute("open", "")
    page.locator("#people a.whose").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#doubles")).to_contain_text("高橋 陽菜")
    page.locator("#doubles details.grounds > summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#doubles mark.df-variant").first).to_have_text("髙")
    page.get_by_role("link", name="統合を確かめる").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("2つの記録を1人にまとめます")
    page.get_by_role("button", name="同じ人としてまとめる").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#flash")).to_contain_text("1人の記録にまとめました")
    page.get_by_role("button", name="取り消す").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#doubles")).to_contain_text("別の人と確認済")


def test_the_grounds_without_javascript_and_on_paper(browser: Browser, store: Store, address: str) -> None:
    task = make_task(store, make_submission(store), (ReasonCode.PERSON_UNCLEAR, "child.1"))
    make_double(store, task)
    with someone(browser, java_script_enabled=False) as page:
        sign_in(page, address)
        page.goto(f"{address}/tasks/{task}")
        expect(page.locator("svg.fall").first).not_to_be_visible()
        page.locator(".drawn > summary").first.click()
        expect(page.locator("svg.fall rect.bar-total").first).to_be_visible()
        page.emulate_media(media="print")
        expect(page.locator("svg.fall rect.bar-total").first).to_be_visible()
        expect(page.get_by_role("button", name="同じ人").first).not_to_be_visible()


def test_a_day_by_keyboard(page: Page, store: Store, address: str) -> None:
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    paper = make_paper(store)
    person = make_person(store, "髙橋 陽菜", "タカハシ ヒナ", resident_number="0012345")
    make_candidate(store, paper, person)
    make_task(store, paper, (ReasonCode.PERSON_UNCLEAR, "child.1"), (ReasonCode.FIELD_DOUBTFUL, "phone"))
    make_task(store, make_submission(store), due_on=LATER)
    sign_in(page, address)
    expect(page.locator("#queue tbody tr")).to_have_count(2)
    # A page is whole before its script runs; the keys of a test are faster than a person's.
    expect(page.locator("html.js")).to_be_attached()
    for key in ("j", "j", "k"):
        page.keyboard.press(key)
    expect(page.locator("#queue tbody tr").first.locator("button.row")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/tasks/"))
    expect(page.locator("html.js")).to_be_attached()
    current = page.locator(".value.current")
    expect(current).to_have_attribute("data-key", "phone")
    expect(page.locator("svg.page .box.current")).to_have_attribute("data-field", "phone")

    page.keyboard.press("s")
    expect(page.get_by_role("button", name="同じ人")).to_be_focused()
    page.keyboard.press("s")
    expect(page.locator("#people")).to_contain_text("職員が確認")

    expect(current).to_have_attribute("data-key", "phone")
    page.keyboard.press("e")
    page.keyboard.press("Control+a")
    page.keyboard.type("042-378-0001")
    page.keyboard.press("Enter")
    expect(current).to_have_attribute("data-key", "account_number")
    row = get_field(store, paper, "phone")
    assert (row.value, row.origin, row.accepted) == ("0423780001", Origin.CLERK, True)

    page.keyboard.press("1")
    expect(page.locator(".fields h2")).to_contain_text("すべて確定")
    assert get_field(store, paper, "account_number").value == "1713804"

    page.keyboard.press("?")
    expect(page.locator("#keys dl")).to_be_visible()
    page.locator("summary", has_text="却下・取下げ").click()
    page.get_by_label("理由(履歴に残ります)").fill("国民健康保険課の案件")
    page.get_by_role("button", name="他課回付").click()
    expect(page.locator("h1")).to_contain_text("R8-000003")
    expect(page.locator("#flash")).to_contain_text("申請を終了しました")
    assert faults == []


def test_eye_and_ink_find_each_other(page: Page, store: Store, address: str) -> None:
    task = make_task(store, make_paper(store))
    sign_in(page, address)
    page.goto(f"{address}/tasks/{task}")
    expect(page.locator("html.js")).to_be_attached()
    page.locator("svg.page .box[data-field=applicant_kana]").click()
    expect(page.locator(".value.current")).to_have_attribute("data-key", "applicant_kana")
    page.locator("#f-address .label").click()
    expect(page.locator("svg.page .box.current")).to_have_attribute("data-field", "address")
    svg = page.locator("svg.page").first
    width = svg.bounding_box()["width"]  # type: ignore[index]
    page.keyboard.press("+")
    expect(svg).to_have_attribute("width", str(round(width * 1.25)))
    page.keyboard.press("r")
    expect(svg).to_have_attribute("viewBox", re.compile(r"^0 0 297"))


def test_two_reviewers_never_overwrite_each_other(browser: Browser, store: Store, address: str) -> None:
    paper = make_paper(store)
    task = make_task(store, paper)
    with someone(browser) as first, someone(browser) as second:
        for page, login in ((first, "yamaguchi"), (second, "ito")):
            sign_in(page, address, login)
            page.goto(f"{address}/tasks/{task}")
            expect(page.locator("html.js")).to_be_attached()
        first.locator("#e-phone").fill("0423780001")
        first.locator("#e-phone").press("Enter")
        expect(first.locator("#flash")).to_contain_text("項目を保存しました")
        second.locator("#e-phone").fill("0423780002")
        second.locator("#e-phone").press("Enter")
        expect(second.locator("#flash")).to_contain_text("ほかの人が先に変更しました")
        assert get_field(store, paper, "phone").value == "0423780001"
        second.reload()
        expect(second.locator(".held")).to_contain_text("山口 花子さんが担当中です")


def test_everything_works_without_javascript(browser: Browser, store: Store, address: str) -> None:
    paper = make_paper(store)
    make_task(store, paper)
    other = make_task(store, make_submission(store), due_on=LATER)
    with someone(browser, java_script_enabled=False) as page:
        sign_in(page, address)
        page.locator("button.row").first.click()
        expect(page.locator(".value.current")).to_have_attribute("data-key", "phone")
        expect(page.locator("svg.page .box.current")).to_have_count(1)
        page.locator("#e-phone").fill("0423780001")
        page.locator("#f-phone .edit button").first.click()
        expect(page.locator(".value.current")).to_have_attribute("data-key", "account_number")
        page.locator("#f-account_number [name=choose]").click()
        expect(page.locator(".fields h2")).to_contain_text("すべて確定")
        assert get_field(store, paper, "account_number").value == "1713804"
        page.locator("summary", has_text="却下・取下げ").click()
        page.get_by_label("理由(履歴に残ります)").fill("本人から取下げの電話")
        page.get_by_role("button", name="取下げ").click()
        expect(page).to_have_url(re.compile(other))
        expect(page.locator("#flash")).to_contain_text("申請を終了しました")


def test_too_large_an_upload_is_said_before_it_is_sent(page: Page, store: Store, address: str) -> None:
    sign_in(page, address, "ito")
    page.goto(f"{address}/batches/new")
    big = {"name": "big.pdf", "mimeType": "application/pdf", "buffer": b"x" * 1_200_000}
    page.locator("#files").set_input_files([big])
    page.get_by_role("button", name="受け付ける").click()
    expect(page.locator("#progress")).to_contain_text("1MBまで")
    small = {"name": "a.png", "mimeType": "image/png", "buffer": picture(("A",))}
    page.locator("#files").set_input_files([small])
    page.get_by_role("button", name="受け付ける").click()
    expect(page.locator("#flash")).to_contain_text("受け付けました")


def test_too_large_an_upload_without_javascript(browser: Browser, store: Store, address: str) -> None:
    with someone(browser, java_script_enabled=False) as page:
        sign_in(page, address, "ito")
        page.goto(f"{address}/batches/new")
        big = {"name": "big.pdf", "mimeType": "application/pdf", "buffer": b"x" * 2_200_000}
        page.locator("#files").set_input_files([big])
        page.get_by_role("button", name="受け付ける").click()
        expect(page.locator("[data-error=body_too_large]")).to_contain_text("1MBまで")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 800)])
def test_no_page_scrolls_sideways(browser: Browser, store: Store, address: str, width: int, height: int) -> None:
    long = {"applicant_name": "クリスティアン・アレハンドロ・デ・ラ・クルス・サントス" * 2}
    task = make_task(store, make_submission(store, channel=Channel.MAIL, values=long))
    person, other = make_double(store, task)
    batch = make_batch(store, sheets=1)
    make_page(store, batch, 1)
    with someone(browser, viewport={"width": width, "height": height}) as page:
        sign_in(page, address, "ito")
        for path in (
            "/queue",
            f"/tasks/{task}",
            f"/tasks/{task}/correction",
            "/cases",
            "/batches",
            "/batches/new",
            f"/batches/{batch}",
            f"/persons/{person}",
            f"/persons/{person}/merge/{other}",
        ):
            page.goto(address + path)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, path
