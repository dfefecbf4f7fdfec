"""Whether the house stands."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from pipeline.store.engine import is_reachable
from web.context import RuntimeHere

router = APIRouter()


@router.get("/healthz")
def healthz(runtime: RuntimeHere) -> JSONResponse:
    """200 while the case store answers, else 503; says nothing of what is in it."""
    try:
        reachable = is_reachable(runtime.engine)
    except Exception:
        reachable = False
    return JSONResponse({"ok": reachable}, status_code=200 if reachable else 503)
