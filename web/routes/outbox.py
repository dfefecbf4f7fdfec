"""What failed to leave, and what an operator does about it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.review.deliveries import deliver_again, get_outbox, give_up
from web.context import Form, Operator, RuntimeHere
from web.pages import render

router = APIRouter()


@router.get("/outbox")
def outbox(request: Request, runtime: RuntimeHere, staff: Operator) -> Response:
    """Deliveries that failed for good, and how many wait."""
    return render(request, "outbox.html", box=get_outbox(runtime, staff.viewer))


@router.post("/outbox/{outbound_id}/again")
def again(outbound_id: str, runtime: RuntimeHere, staff: Operator, form: Form) -> Response:
    """One delivery is tried anew."""
    deliver_again(runtime, staff.viewer, outbound_id)
    return RedirectResponse("/outbox?done=delivery_again", status_code=303)


@router.post("/outbox/{outbound_id}/give-up")
def drop(outbound_id: str, runtime: RuntimeHere, staff: Operator, form: Form) -> Response:
    """One delivery is given up."""
    give_up(runtime, staff.viewer, outbound_id)
    return RedirectResponse("/outbox?done=delivery_given_up", status_code=303)
