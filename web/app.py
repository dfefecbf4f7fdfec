"""The application: pages that translate HTTP to use cases, and one place that turns faults into answers."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from pipeline.domain.errors import Conflict, DomainError, Impossible, NotAllowed, NotVisible
from pipeline.runtime import Runtime
from pipeline.store.outages import Outage
from web.api import API_ROOT, create_api
from web.context import FormRefused, NotSignedIn, PasswordDue
from web.guard import UPLOAD_PATH, BodyLimit, BodyTooLarge, NoLeak, SecureHeaders
from web.metrics import RequestTimes, make_registry
from web.pages import make_environment, render
from web.routes import (
    batches,
    cases,
    drafts,
    erasures,
    health,
    operations,
    outbox,
    persons,
    pictures,
    queue,
    ranking,
    sessions,
    staff,
    tasks,
    weights,
)
from web.settings import WebSettings
from web.words import Pair

_STATUS = ((NotVisible, 404), (NotAllowed, 403), (FormRefused, 403), (Conflict, 409), (Impossible, 422))
_TITLES = {
    403: Pair("この操作はできません", "Not allowed"),
    404: Pair("見つかりません", "Not found"),
    405: Pair("この操作はできません", "Not allowed"),
    409: Pair("先に変更がありました", "Changed meanwhile"),
    413: Pair("ファイルが大きすぎます", "Too large"),
    422: Pair("入力を確かめてください", "Please check the input"),
    500: Pair("処理に失敗しました", "Something went wrong"),
    503: Pair("いまは使えません", "Not available just now"),
    507: Pair("ディスクに空きがありません", "The disk is full"),
}
_PLAIN = {
    404: Pair("この画面はありません。", "There is no such page."),
    405: Pair("画面を開き直してください。", "Please open the page again."),
    422: Pair("入力の形式が正しくありません。", "The input does not have the right form."),
    500: Pair(
        "もう一度お試しください。続く場合は運用担当に時刻を伝えてください。",
        "Please try again; if it persists tell the operators the time.",
    ),
    503: Pair(
        "データベースかファイル置き場に届きません。これまでの記録は失われていません。少し待ってこの画面を開き直し、"
        "いまの操作が記録されたか確かめてください。続く場合は運用担当に伝えてください。",
        "The database or the file store cannot be reached. Nothing recorded so far is lost. Wait a little, open the "
        "page again and check whether this action was recorded; if it persists tell the operators.",
    ),
    507: Pair(
        "運用担当に「ディスクの空き不足」と伝えてください。これまでの記録は失われていません。空きができたら"
        "この画面を開き直し、いまの操作が記録されたか確かめてください。",
        "Tell the operators that the disk is full. Nothing recorded so far is lost. Once there is room, open the page "
        "again and check whether this action was recorded.",
    ),
}
_NOT_TAKEN = Pair(
    "送ったファイルは受け付けていません。紙とファイルは手元に残し、運用担当に「ディスクの空き不足」と伝えてください。"
    "空きができたら、もう一度送ってください。",
    "The files you sent were not received. Keep the paper and the files, tell the operators that the disk is full, and "
    "send them again once there is room.",
)


def create_app(runtime: Runtime, settings: WebSettings | None = None) -> FastAPI:
    """The pages over this runtime. No API documentation is served: it would load from another host."""
    settings = settings or WebSettings()
    app = FastAPI(title="Ichimado", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.runtime = runtime
    app.state.settings = settings
    app.state.templates = make_environment()
    app.state.metrics = make_registry(runtime)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.mount(API_ROOT, create_api(runtime, settings), name="api")
    work = (queue, tasks, pictures, batches, cases, persons, ranking, drafts)
    for noun in (health, sessions, *work, staff, operations, outbox, erasures, weights):
        app.include_router(noun.router)
    app.add_exception_handler(NotSignedIn, _to_sign_in)
    app.add_exception_handler(PasswordDue, _to_password)
    app.add_exception_handler(DomainError, _domain_fault)
    app.add_exception_handler(BodyTooLarge, _too_large)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_fault)
    app.add_middleware(BodyLimit, settings=settings)
    app.add_middleware(NoLeak, answer=_fault)
    app.add_middleware(SecureHeaders, settings=settings)
    app.add_middleware(RequestTimes, registry=app.state.metrics)
    return app


def _to_sign_in(request: Request, error: Exception) -> Response:
    return RedirectResponse("/sign-in", status_code=303)


def _to_password(request: Request, error: Exception) -> Response:
    return RedirectResponse("/password", status_code=303)


def _domain_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 422)
    return _error_page(request, status, Pair(error.ja, error.en), error.code)


def _too_large(request: Request, error: Exception) -> Response:
    assert isinstance(error, BodyTooLarge)
    limit = max(1, error.limit // (1024 * 1024))
    said = Pair(
        f"一度に送れるのは{limit}MBまでです。ファイルを分けて送ってください。何も受け付けていません。",
        f"At most {limit} MB at a time. Please split the files. Nothing was received.",
    )
    return _error_page(request, 413, said, "body_too_large")


def _invalid(request: Request, error: Exception) -> Response:
    # The default handler echoes what was sent; values from forms must not come back in an error.
    return _error_page(request, 422, _PLAIN[422], "invalid")


def _http_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error_page(request, error.status_code, _PLAIN.get(error.status_code, _PLAIN[500]), "http")


def _fault(request: Request, outage: Outage | None) -> Response:
    """A page that asks nothing of database or files."""
    status = 500 if outage is None else 507 if outage is Outage.DISK_FULL else 503
    said = _NOT_TAKEN if status == 507 and request.url.path == UPLOAD_PATH else _PLAIN[status]
    page = request.app.state.templates.get_template("fault.html")
    english = request.cookies.get("language") == "en"
    code = outage.value if outage else "internal"
    return HTMLResponse(page.render(said=said, title=_TITLES[status], code=code, english=english), status_code=status)


def _error_page(request: Request, status: int, said: Pair, code: str) -> Response:
    title = _TITLES.get(status, _TITLES[500])
    return render(request, "error.html", status, title=title, said=said, code=code, back=_back_of(request))


def _back_of(request: Request) -> str:
    parts = request.url.path.strip("/").split("/")
    if parts[0] in ("tasks", "batches", "cases", "drafts", "persons", "ranking", "staff", "weights") and len(parts) > 2:
        return f"/{parts[0]}/{parts[1]}"
    return "/"
