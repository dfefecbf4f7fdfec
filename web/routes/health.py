"""Whether the house stands, whether it can work, and its figures. None of them says anything of what is in it."""

from __future__ import annotations

import hmac
import ipaddress
import time

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from pipeline.domain.errors import NotVisible
from pipeline.steps.probes import look_whether_ready
from web.context import RuntimeHere
from web.settings import WebSettings

router = APIRouter()

# Whoever asks more often gets the last answer: the probes write to a disk.
LOOK_EVERY_S = 2.0
# A proxy in front of us, also one on this machine, asks for somebody else.
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


@router.get("/healthz")
def healthz() -> JSONResponse:
    """200 while this process answers, whatever else is broken."""
    return JSONResponse({"ok": True})


@router.get("/readyz")
def readyz(request: Request, runtime: RuntimeHere) -> JSONResponse:
    """200 when database, schema, file store and disk are as work needs them, else 503 with what is not."""
    state = request.app.state
    looked_at, checks = getattr(state, "ready", (0.0, {}))
    if time.monotonic() - looked_at > LOOK_EVERY_S:
        checks = look_whether_ready(runtime, state.settings.disk_floor_mb << 20)
        state.ready = (time.monotonic(), checks)
    ready = all(checks.values())
    return JSONResponse({"ready": ready, "checks": checks}, status_code=200 if ready else 503)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Figures in Prometheus' text format, for who has the token, or without one for this machine itself."""
    if not _may_look(request, request.app.state.settings):
        raise NotVisible
    return Response(generate_latest(request.app.state.metrics), media_type=CONTENT_TYPE_LATEST)


def _may_look(request: Request, settings: WebSettings) -> bool:
    if settings.metrics_token:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {settings.metrics_token}".encode())
    return _is_loopback(request.client.host if request.client else "") and not any(
        name in request.headers for name in FORWARDED
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
