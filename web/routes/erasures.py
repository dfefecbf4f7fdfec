"""消去: what is due, past runs and their certificates, for operators and administrators."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from pipeline.outbound.certificate import certificate_pdf
from pipeline.review.erasures import KEEPERS, get_erasures, read_certificate
from web.context import RuntimeHere, Staff, holding
from web.pages import render

router = APIRouter()

Keeper = Annotated[Staff, Depends(holding(*KEEPERS))]


@router.get("/erasures")
def erasures(request: Request, runtime: RuntimeHere, staff: Keeper) -> Response:
    """What may be erased, what holds it up, and what was erased."""
    return render(request, "erasures.html", now=get_erasures(runtime, staff.viewer))


@router.get("/erasures/{number}/certificate.pdf")
def certificate_as_pdf(runtime: RuntimeHere, staff: Keeper, number: str) -> Response:
    """消去証明書, to be printed and filed."""
    signed = read_certificate(runtime, staff.viewer, number)
    return _download(certificate_pdf(signed), "application/pdf", f"{signed['certificate']['number']}.pdf")


@router.get("/erasures/{number}/certificate.json")
def certificate_as_json(runtime: RuntimeHere, staff: Keeper, number: str) -> Response:
    """The certificate as `ichimado erase verify` takes it."""
    signed = read_certificate(runtime, staff.viewer, number)
    text = json.dumps(signed, ensure_ascii=False, sort_keys=True, indent=1)
    return _download(text.encode(), "application/json", f"{signed['certificate']['number']}.json")


def _download(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
