"""The queue, the next task, and search."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode

from cryptography.fernet import InvalidToken
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, QueryParams

from pipeline.domain.errors import Conflict
from pipeline.domain.statuses import Channel, ReasonCode, TaskKind
from pipeline.review.claim import claim, claim_next
from pipeline.review.queue import QueueFilter, list_tasks, waiting_ids
from pipeline.review.search import MAX_TEXT, search
from web.context import Form, Reviewer, RuntimeHere, Worker, text_of
from web.pages import render

router = APIRouter()

FILTER_NAMES = ("channel", "reason", "procedure", "due", "mine", "returned", "awaiting", "kind")


@router.get("/queue")
def queue(request: Request, runtime: RuntimeHere, staff: Worker) -> Response:
    """The open tasks that fit the conditions in the address, which are codes, never values."""
    wanted = filter_of(request.query_params)
    page = list_tasks(runtime, staff.viewer, wanted)
    return render(request, "queue.html", page=page, wanted=wanted, address=address_of(wanted))


@router.post("/queue/next")
def next_task(runtime: RuntimeHere, staff: Worker, form: Form) -> Response:
    """The most urgent free task of the list the person is looking at."""
    wanted = filter_of(form)
    task_id = claim_next(runtime, staff.viewer, waiting_ids(runtime, staff.viewer, wanted))
    if task_id is None:
        return RedirectResponse(address_of(wanted, done="nothing"), status_code=303)
    return RedirectResponse(f"/tasks/{task_id}", status_code=303)


@router.post("/queue/open")
def open_task(runtime: RuntimeHere, staff: Worker, form: Form) -> Response:
    """This task, in the person's hands if it is free; else only to look at."""
    task_id = text_of(form, "task_id", longest=64)
    with suppress(Conflict):
        claim(runtime, staff.viewer, task_id)
    return RedirectResponse(f"/tasks/{task_id}", status_code=303)


@router.post("/search")
def search_now(request: Request, runtime: RuntimeHere, staff: Reviewer, form: Form) -> Response:
    """Keeps the text sealed in a cookie: names stand in no address and in no log."""
    text = text_of(form, "text", longest=MAX_TEXT * 4).strip()[:MAX_TEXT]
    answer = RedirectResponse("/search", status_code=303)
    answer.set_cookie(
        "search",
        runtime.secrets.seal(text),
        max_age=1800,
        path="/search",
        httponly=True,
        samesite="lax",
        secure=request.app.state.settings.https,
    )
    return answer


@router.get("/search")
def found(request: Request, runtime: RuntimeHere, staff: Reviewer) -> Response:
    """What fits the text that was searched for last."""
    try:
        text = runtime.secrets.unseal(request.cookies.get("search", ""))
    except InvalidToken:
        text = ""
    return render(request, "search.html", text=text, found=search(runtime, staff.viewer, text))


def filter_of(params: QueryParams | FormData) -> QueueFilter:
    """The conditions named in an address or form; what is no known code is left out."""

    def text(name: str) -> str:
        value = params.get(name, "")
        return value if isinstance(value, str) else ""

    page = text("page")
    return QueueFilter(
        channel=Channel(text("channel")) if text("channel") in set(Channel) else None,
        reason=ReasonCode(text("reason")) if text("reason") in set(ReasonCode) else None,
        procedure=text("procedure")[:100] or None,
        due=text("due") if text("due") in ("overdue", "today") else None,
        mine=text("mine") == "1",
        returned=text("returned") == "1",
        awaiting=text("awaiting") == "1",
        kind=TaskKind(text("kind")) if text("kind") in set(TaskKind) else None,
        page=int(page) if page.isdecimal() and len(page) < 7 else 1,
    )


def address_of(wanted: QueueFilter, **more: object) -> str:
    """The address of the queue under these conditions; `more` replaces or adds, None takes away."""
    given: dict[str, object] = {name: getattr(wanted, name) for name in FILTER_NAMES}
    given.update(more)
    texts = {name: "1" if value is True else str(value) for name, value in given.items() if value}
    return f"/queue?{urlencode(texts)}" if texts else "/queue"
