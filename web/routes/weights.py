"""照合の重み: versions, learning from what staff decided, comparing, and putting one in force."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.review.weights_views import (
    KEEPERS,
    compare_with_present,
    get_weights_page,
    learn_anew,
    put_back,
    put_in_force,
)
from web.context import Form, RuntimeHere, Staff, holding
from web.pages import render

router = APIRouter()

Keeper = Annotated[Staff, Depends(holding(*KEEPERS))]


@router.get("/weights")
def weights(request: Request, runtime: RuntimeHere, staff: Keeper) -> Response:
    """All versions, and how many decisions there are to learn from."""
    return render(request, "weights.html", view=get_weights_page(runtime, staff.viewer))


@router.post("/weights/retrain")
def retrain(runtime: RuntimeHere, staff: Keeper, form: Form) -> Response:
    """A new version, which changes nothing yet; on to what it would change."""
    made = learn_anew(runtime, staff.viewer)
    return RedirectResponse(f"/weights/{made.version}?done=weights_made", status_code=303)


@router.post("/weights/back")
def back(runtime: RuntimeHere, staff: Keeper, form: Form) -> Response:
    """The version before the present one again."""
    put_back(runtime, staff.viewer)
    return RedirectResponse("/weights?done=weights_back", status_code=303)


@router.get("/weights/{version}")
def compared(request: Request, version: str, runtime: RuntimeHere, staff: Keeper) -> Response:
    """One version beside the one in force."""
    return render(request, "weights_compared.html", view=compare_with_present(runtime, staff.viewer, version))


@router.post("/weights/{version}/adopt")
def adopt(version: str, runtime: RuntimeHere, staff: Keeper, form: Form) -> Response:
    """In force from now on."""
    put_in_force(runtime, staff.viewer, version)
    return RedirectResponse("/weights?done=weights_adopted", status_code=303)
