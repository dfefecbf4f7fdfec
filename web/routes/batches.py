"""Scan batches: the list, one batch sheet by sheet, handing in files, closing."""

from __future__ import annotations

import secrets
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from pipeline.channels.slip import BatchSlip
from pipeline.domain.statuses import Channel
from pipeline.review import uploads
from pipeline.review.batch_views import close_batch, get_batch_view, list_batches
from pipeline.store.access import Viewer
from web.context import Form, FormBroken, Mailroom, RuntimeHere, number_of, text_of
from web.pages import render

router = APIRouter()

PAPER_CHANNELS = tuple(channel for channel in Channel if channel.is_paper)


class NoFiles(FormBroken):
    """Nothing was chosen to be handed in."""

    code = "no_files"
    ja = "ファイルが選ばれていません。"
    en = "No file was chosen."


class SlipBroken(FormBroken):
    """The particulars of the batch cannot be."""

    code = "slip_broken"
    ja = "収受日、経路、枚数のどれかが正しくありません。枚数は1以上の整数で、数えていなければ空欄にします。"
    en = "Receipt date, channel or number of sheets is wrong; leave the number empty if nobody counted."


@router.get("/batches")
def batches(request: Request, runtime: RuntimeHere, staff: Mailroom) -> Response:
    """The newest batches with their totals."""
    return render(request, "batches.html", batches=list_batches(runtime, staff.viewer))


@router.get("/batches/new")
def new_batch(request: Request, staff: Mailroom) -> Response:
    """The form to hand in files; its key makes a double click one batch."""
    departments = uploads.mailrooms_of(staff.viewer)
    return render(
        request, "batch_new.html", channels=PAPER_CHANNELS, departments=departments, key=secrets.token_urlsafe(16)
    )


@router.post("/batches/new")
def hand_in(runtime: RuntimeHere, staff: Mailroom, form: Form) -> Response:
    """The files are safe and known as a batch when the answer comes; splitting follows by itself."""
    files = [
        (upload.filename.encode(errors="replace").decode(), upload.file.read())
        for upload in form.getlist("files")
        if isinstance(upload, UploadFile) and upload.filename
    ]
    if not files:
        raise NoFiles
    key = f"web:{staff.viewer.user_id}:{text_of(form, 'key', longest=64)}"
    received = uploads.hand_in(runtime, staff.viewer, _slip(form, staff.viewer), files, key)
    if received.batch_id is None:
        return RedirectResponse("/batches?done=repeated", status_code=303)
    return RedirectResponse(f"/batches/{received.batch_id}?done=uploaded", status_code=303)


@router.get("/batches/{batch_id}")
def batch(request: Request, batch_id: str, runtime: RuntimeHere, staff: Mailroom) -> Response:
    """One batch, each sheet in its place with its fate."""
    page = request.query_params.get("page", "1")
    number = int(page) if page.isdecimal() and len(page) < 7 else 1
    return render(request, "batch.html", view=get_batch_view(runtime, staff.viewer, batch_id, number))


@router.post("/batches/{batch_id}/close")
def close(batch_id: str, runtime: RuntimeHere, staff: Mailroom, form: Form) -> Response:
    """The totals agree and the paper may go."""
    close_batch(runtime, staff.viewer, batch_id, number_of(form, "version"))
    return RedirectResponse(f"/batches/{batch_id}?done=batch_closed", status_code=303)


def _slip(form: FormData, viewer: Viewer) -> BatchSlip:
    counted = text_of(form, "counted_sheets", longest=10).strip()
    try:
        return BatchSlip(
            received_on=date.fromisoformat(text_of(form, "received_on", longest=10)),
            source=text_of(form, "source", longest=20),
            department=text_of(form, "department", longest=100) or uploads.mailrooms_of(viewer)[0],
            counted_sheets=int(counted) if counted else None,
        )
    except (ValueError, ValidationError):
        raise SlipBroken from None
