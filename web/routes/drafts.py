"""起案 and 決裁: drafts in circulation, a new one, and what superiors do with it."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, QueryParams

from pipeline.domain.drafts import DraftScope, Proposal
from pipeline.domain.statuses import Outcome
from pipeline.review.approvals import approve_draft, return_draft
from pipeline.review.draft_new import get_new_draft, list_to_draft
from pipeline.review.draft_views import get_draft_view, list_drafts
from pipeline.review.drafts import make_draft, make_draft_of_all, withdraw_draft
from web.context import Approver, Decider, Form, FormBroken, Reviewer, RuntimeHere, number_of, text_of
from web.pages import render

router = APIRouter()


@router.get("/drafts")
def drafts(request: Request, runtime: RuntimeHere, staff: Decider) -> Response:
    """What waits for approval, what circulates, what ended, and what waits to be drafted."""
    lists = list_drafts(runtime, staff.viewer)
    return render(request, "drafts.html", lists=lists, to_draft=list_to_draft(runtime, staff.viewer))


@router.get("/drafts/new")
def new_draft(request: Request, runtime: RuntimeHere, staff: Reviewer) -> Response:
    """The examined cases of one procedure and department, to be drafted all or picked."""
    scope, page = _scope(request.query_params), request.query_params.get("page", "1")
    number = int(page) if page.isdecimal() and len(page) < 7 else 1
    view = get_new_draft(runtime, staff.viewer, scope, number)
    return render(request, "draft_new.html", view=view, key=secrets.token_urlsafe(16), address=_address(scope))


@router.post("/drafts/new")
def draft(runtime: RuntimeHere, staff: Reviewer, form: Form) -> Response:
    """Freezes the cases; sent twice it is one draft."""
    scope, title = _scope(form), text_of(form, "title", longest=100)
    key = f"web:{staff.viewer.user_id}:{text_of(form, 'key', longest=64)}"
    if text_of(form, "which") == "all":
        expected = number_of(form, "expected")
        refusals = number_of(form, "refusals")
        draft_id = make_draft_of_all(runtime, staff.viewer, scope, expected, refusals=refusals, title=title, key=key)
    else:
        draft_id = make_draft(runtime, staff.viewer, scope, _proposals(form), title=title, key=key)
    return RedirectResponse(f"/drafts/{draft_id}?done=drafted", status_code=303)


@router.get("/drafts/{draft_id}")
def draft_page(request: Request, draft_id: str, runtime: RuntimeHere, staff: Decider) -> Response:
    """The frozen list with its totals, who approved it, and what may be done with it."""
    return render(request, "draft.html", view=get_draft_view(runtime, staff.viewer, draft_id))


@router.get("/drafts/{draft_id}/print")
def draft_print(request: Request, draft_id: str, runtime: RuntimeHere, staff: Decider) -> Response:
    """The same as a document to print: 起案文書 with its 決裁欄."""
    return render(request, "draft_print.html", view=get_draft_view(runtime, staff.viewer, draft_id))


@router.post("/drafts/{draft_id}/approve")
def approve(draft_id: str, runtime: RuntimeHere, staff: Approver, form: Form) -> Response:
    """決裁, or 代決 by a deputy."""
    approve_draft(runtime, staff.viewer, draft_id, number_of(form, "version"), text_of(form, "note"))
    return RedirectResponse(f"/drafts/{draft_id}?done=approved", status_code=303)


@router.post("/drafts/{draft_id}/return")
def send_back(draft_id: str, runtime: RuntimeHere, staff: Approver, form: Form) -> Response:
    """差戻し, with the reason."""
    return_draft(runtime, staff.viewer, draft_id, number_of(form, "version"), text_of(form, "note"))
    return RedirectResponse(f"/drafts/{draft_id}?done=draft_returned", status_code=303)


@router.post("/drafts/{draft_id}/withdraw")
def withdraw(draft_id: str, runtime: RuntimeHere, staff: Reviewer, form: Form) -> Response:
    """引戻し by the drafter."""
    withdraw_draft(runtime, staff.viewer, draft_id, number_of(form, "version"))
    return RedirectResponse(f"/drafts/{draft_id}?done=draft_withdrawn", status_code=303)


def _scope(given: QueryParams | FormData) -> DraftScope:
    def text(name: str) -> str:
        value = given.get(name, "")
        return value[:100] if isinstance(value, str) else ""

    return DraftScope(text("procedure"), text("department"), text("protected") == "1")


def _address(scope: DraftScope) -> str:
    named = {"procedure": scope.procedure_id, "department": scope.department}
    return "/drafts/new?" + urlencode({**named, "protected": "1"} if scope.protected else named)


def _proposals(form: FormData) -> list[Proposal]:
    found = []
    for case_id in form.getlist("case"):
        if not isinstance(case_id, str):
            raise FormBroken
        outcome = text_of(form, f"outcome_{case_id}", longest=20)
        if outcome not in set(Outcome):
            raise FormBroken
        found.append(Proposal(case_id, Outcome(outcome), text_of(form, f"ground_{case_id}")))
    return found
