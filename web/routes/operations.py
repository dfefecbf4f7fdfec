"""The operators' page: numbers and ids."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from pipeline.review.operations import get_operations
from pipeline.steps.audit import audit
from web.context import Form, Operator, RuntimeHere
from web.pages import render

router = APIRouter()


@router.get("/operations")
def operations(request: Request, runtime: RuntimeHere, staff: Operator) -> Response:
    """Does it flow, what is stuck, what failed to leave."""
    return render(request, "operations.html", now=get_operations(runtime, staff.viewer), report=None)


@router.post("/operations/audit")
def audit_now(request: Request, runtime: RuntimeHere, staff: Operator, form: Form) -> Response:
    """Asks every invariant of the whole store; nothing is sealed from here."""
    report = audit(runtime, seal=False, content=False)
    return render(request, "operations.html", now=get_operations(runtime, staff.viewer), report=report)
