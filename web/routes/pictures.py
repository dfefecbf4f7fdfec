"""Pictures and files, each through the read filter."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from pipeline.review.pictures import (
    Picture,
    attachment_file,
    outbound_file,
    page_scan,
    page_thumb,
    page_view,
)
from web.context import Decider, Reader, RuntimeHere

router = APIRouter()

_SHOWN = ("image/jpeg", "image/png")


@router.get("/pages/{page_id}/view")
def view(page_id: str, runtime: RuntimeHere, staff: Reader) -> Response:
    """The upright page."""
    return _answer(page_view(runtime, staff.viewer, page_id), "page")


@router.get("/pages/{page_id}/scan")
def scan(page_id: str, runtime: RuntimeHere, staff: Reader) -> Response:
    """The page as scanned."""
    return _answer(page_scan(runtime, staff.viewer, page_id), "page")


@router.get("/pages/{page_id}/thumb")
def thumb(page_id: str, runtime: RuntimeHere, staff: Reader) -> Response:
    """A small picture of the page."""
    return _answer(page_thumb(runtime, staff.viewer, page_id), "page")


@router.get("/attachments/{attachment_id}")
def attachment(attachment_id: str, runtime: RuntimeHere, staff: Decider) -> Response:
    """An attachment: shown when it is a picture, else to be saved."""
    return _answer(attachment_file(runtime, staff.viewer, attachment_id), "attachment")


@router.get("/outbound/{outbound_id}")
def outbound(outbound_id: str, runtime: RuntimeHere, staff: Decider) -> Response:
    """What was made to leave the house, such as a letter, to be saved."""
    return _answer(outbound_file(runtime, staff.viewer, outbound_id), "letter")


def _answer(picture: Picture, name: str) -> Response:
    if picture.media_type in _SHOWN:
        return Response(picture.data, media_type=picture.media_type)
    ending = "pdf" if picture.media_type == "application/pdf" else "bin"
    # Anything but a plain picture is saved, not opened: files from outside never run as pages of ours.
    headers = {"content-disposition": f'attachment; filename="{name}.{ending}"'}
    return Response(picture.data, media_type=picture.media_type, headers=headers)
