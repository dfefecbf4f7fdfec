"""The operators' page: numbers and ids."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.review.operations import get_operations
from pipeline.review.parked import give_up_parked, list_parked, retry_parked
from pipeline.runtime import Runtime
from pipeline.steps.audit import AuditReport, audit
from web.context import Form, FormBroken, Operator, RuntimeHere, Staff, text_of
from web.pages import render

router = APIRouter()


@router.get("/operations")
def operations(request: Request, runtime: RuntimeHere, staff: Operator) -> Response:
    """Does it flow, what is stuck, what failed to leave."""
    return _page(request, runtime, staff, None)


@router.post("/operations/audit")
def audit_now(request: Request, runtime: RuntimeHere, staff: Operator, form: Form) -> Response:
    """Asks every invariant of the whole store; nothing is sealed from here."""
    report = audit(runtime, seal=False, content=False)
    return _page(request, runtime, staff, report)


@router.post("/operations/parked")
def act_on_parked(runtime: RuntimeHere, staff: Operator, form: Form) -> Response:
    """Tries something parked again, or gives a parked file up."""
    acts = {"retry": retry_parked, "give_up": give_up_parked}
    act = text_of(form, "act", longest=10)
    if act not in acts:
        raise FormBroken
    acts[act](runtime, staff.viewer, text_of(form, "about", longest=20), text_of(form, "id", longest=40))
    return RedirectResponse(f"/operations?done=parked_{act}", status_code=303)


def _page(request: Request, runtime: Runtime, staff: Staff, report: AuditReport | None) -> Response:
    parked = list_parked(runtime, staff.viewer)
    return render(request, "operations.html", now=get_operations(runtime, staff.viewer), parked=parked, report=report)
