"""Making pages: templates, words in the reader's language, dates and numbers as staff write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from pipeline.domain.statuses import Channel, DecisionKind, Outcome, ReasonCode, StaffRole
from pipeline.review.dates import age_on, wareki
from pipeline.review.draft_views import count_awaiting
from pipeline.review.field_views import as_day
from pipeline.review.queue import count_waiting
from pipeline.runtime import JST, Runtime
from web import words
from web.context import Staff, login_form_token
from web.settings import WebSettings
from web.waterfall import draw_waterfall

_FOLDER = Path(__file__).parent / "templates"

DONE = {
    "accepted": words.Pair("受理しました。", "Accepted."),
    "adopted": words.Pair("この申請を採用しました。", "This application was adopted."),
    "kept": words.Pair("先の申請を残しました。", "The earlier application stays."),
    "delivery_again": words.Pair("もう一度送ります。", "It will be delivered again."),
    "delivery_given_up": words.Pair("取りやめました。", "It was given up."),
    "requested": words.Pair("補正依頼を作成しました。", "The request for correction was made."),
    "ended": words.Pair("申請を終了しました。", "The application was ended."),
    "to_refuse": words.Pair("却下案として、起案待ちに回しました。", "It waits to be drafted as a refusal."),
    "reopened": words.Pair(
        "審査に戻しました。確かめて、決定し直してください。", "Back in review: please look and decide again."
    ),
    "closed": words.Pair("処理済みにしました。", "Closed."),
    "released": words.Pair("作業を手放しました。", "The task was released."),
    "nothing": words.Pair("いま担当できる作業はありません。", "There is nothing to work on now."),
    "field": words.Pair("項目を保存しました。", "The field was saved."),
    "person": words.Pair("対象者を更新しました。", "The person was updated."),
    "household": words.Pair("世帯を更新しました。", "The household was updated."),
    "merged": words.Pair("1人の記録にまとめました。", "They are one person now."),
    "split": words.Pair("新しい人に分けました。", "Split off to a new person."),
    "different": words.Pair("別の人と記録しました。", "Recorded as not the same."),
    "different_taken_back": words.Pair("「別の人」を取り消しました。", "“Not the same” was taken back."),
    "regrouping_undone": words.Pair("元に戻しました。", "It was undone."),
    "settled": words.Pair("問題なしと記録しました。", "Recorded as all right."),
    "paper": words.Pair("書類の種類を保存しました。", "The kind of the paper was saved."),
    "uploaded": words.Pair("受け付けました。仕分けが始まります。", "Received; splitting begins."),
    "repeated": words.Pair(
        "同じファイルが先に届いています。重複到着として記録しました。",
        "These files came before; recorded as repeated.",
    ),
    "drafted": words.Pair("起案しました。回議が始まります。", "Drafted; it circulates now."),
    "approved": words.Pair("決裁しました。", "Approved."),
    "draft_returned": words.Pair("差し戻しました。案件は起案待ちに戻りました。", "Returned; its cases wait again."),
    "draft_withdrawn": words.Pair("引き戻しました。案件は起案待ちに戻りました。", "Withdrawn; its cases wait again."),
    "password": words.Pair("パスワードを変更しました。", "The password was changed."),
    "staff_changed": words.Pair("職員の設定を変更しました。", "The account was changed."),
    "parked_retry": words.Pair("もう一度処理します。", "It will be tried again."),
    "parked_give_up": words.Pair("ファイルを受け付けないことにしました。", "The file was refused."),
    "weights_made": words.Pair(
        "新しい版を作りました。まだ使われていません。", "A new version was made; it is not in force yet."
    ),
    "weights_adopted": words.Pair("使用する版を変えました。", "The version was put in force."),
    "weights_back": words.Pair("前の版に戻しました。", "The version before is in force again."),
    "batch_closed": words.Pair("束を締めました。", "The batch was closed."),
}


@lru_cache(maxsize=1)
def make_environment() -> Environment:
    """The templates, compiled once, escaped always, with a fault for every unknown name."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        Channel=Channel,
        Outcome=Outcome,
        ReasonCode=ReasonCode,
        StaffRole=StaffRole,
        decision_kinds=frozenset(DecisionKind),
        draw_waterfall=draw_waterfall,
    )
    environment.filters["percent"] = lambda value: "–" if value is None else f"{value * 100:.0f}%"
    environment.filters["as_day"] = as_day
    environment.filters["number"] = lambda value: f"{value:,}"
    return environment


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """The page, with what every page has: who looks at it, in which language, what waits for them."""
    state = request.app.state
    staff: Staff | None = getattr(request.state, "staff", None)
    runtime: Runtime = state.runtime
    settings: WebSettings = state.settings
    language = staff.session.language if staff else request.cookies.get("language", "ja")
    t = translator("en" if language == "en" else "ja")
    done = DONE.get(request.query_params.get("done", ""))
    page = state.templates.get_template(template).render(
        request=request,
        path=request.url.path,
        staff=staff,
        viewer=staff.viewer if staff else None,
        csrf=staff.session.csrf_token if staff else None,
        language="en" if language == "en" else "ja",
        settings=settings,
        t=t,
        w=lambda table, code: t(words.pair_of(table, code)),
        day=_day_shower(language),
        moment=_moment_shower(language),
        age=lambda birth, on=None: age_on(birth, on or runtime.today()),
        today=runtime.today(),
        jst=JST,
        waiting=count_waiting(runtime, staff.viewer) if staff else 0,
        to_approve=count_awaiting(runtime, staff.viewer) if staff else 0,
        done=t(done) if done else None,
        **values,
    )
    return HTMLResponse(page, status_code=status)


def render_sign_in(request: Request, status: int = 200, *, refused: bool = False) -> HTMLResponse:
    """The sign-in page with a token of its own, since nobody is signed in to bind it to."""
    cookie, token = login_form_token(request)
    answer = render(request, "sign_in.html", status, refused=refused, login_token=token)
    answer.set_cookie(
        "sign_in",
        cookie,
        max_age=3600,
        httponly=True,
        samesite="strict",
        secure=request.app.state.settings.https,
    )
    return answer


def translator(language: str) -> Callable[..., str]:
    """A function giving the words of one language: of a pair, of a label, or of two texts."""

    def t(ja: Any, en: str | None = None) -> str:
        if isinstance(ja, str):
            return ja if language == "ja" or en is None else en
        return str(ja.ja if language == "ja" else ja.en)

    return t


def _day_shower(language: str) -> Callable[..., Markup]:
    def day(value: date | None, *, weekday: bool = False, short: bool = False) -> Markup:
        if value is None:
            return Markup("–")
        era = wareki(value, weekday=weekday)
        if short:
            era = f"{value.month}月{value.day}日"
        shown, title = (era, value.isoformat()) if language == "ja" else (value.isoformat(), wareki(value))
        return Markup('<time datetime="{}" title="{}">{}</time>').format(value.isoformat(), title, shown)

    return day


def _moment_shower(language: str) -> Callable[..., Markup]:
    def moment(value: datetime | None) -> Markup:
        if value is None:
            return Markup("–")
        here = value.astimezone(JST)
        clock = here.strftime("%H:%M")
        ja, en = f"{here.month}月{here.day}日 {clock}", here.strftime("%Y-%m-%d %H:%M")
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            here.isoformat(), f"{wareki(here.date())} {clock}", ja if language == "ja" else en
        )

    return moment
