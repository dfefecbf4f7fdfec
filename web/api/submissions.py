"""Applications in, their status out."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from pipeline.domain.statuses import Outcome
from pipeline.steps.intake_api import Receipt, StatusAnswer, find_status, receive
from web.api.bodies import PART, open_sent
from web.api.clients import SettingsHere, ThisClient
from web.api.examples import SENT
from web.api.problems import documented
from web.api.shapes import (
    CorrectionPublic,
    OutcomePublic,
    SubmissionReceipt,
    SubmissionStatusPublic,
)
from web.context import RuntimeHere

router = APIRouter(tags=["submissions"])

_SHAPE = {"$ref": "#/components/schemas/SubmissionCreate"}
_FORM = {
    "type": "object",
    "required": [PART],
    "properties": {PART: _SHAPE},
    "additionalProperties": {"type": "string", "format": "binary"},
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"As JSON, or as a form with a part `{PART}` (the same JSON) and a part for each file that the "
        "record names; the part's `filename` is the name in the record. Files are streamed.",
        "content": {
            "application/json": {"schema": _SHAPE, "examples": {"online": {"value": SENT}}},
            "multipart/form-data": {"schema": _FORM, "encoding": {PART: {"contentType": "application/json"}}},
        },
    }
}


@router.post(
    "/submissions",
    operation_id="create_submission",
    status_code=201,
    response_model=SubmissionReceipt,
    responses={
        200: {"description": "This very application came before", "model": SubmissionReceipt},
        **documented(400, 401, 403, 409, 413, 415, 422, 429, 500, 503, 507),
    },
    openapi_extra=_BODY,
)
async def create_submission(
    request: Request, runtime: RuntimeHere, settings: SettingsHere, client: ThisClient
) -> Response:
    """Takes one application. Once answered with 201 or 200 it is kept; sent again, it changes nothing."""
    async with open_sent(request, runtime, settings) as sent:
        receipt = await run_in_threadpool(receive, runtime, client, sent)
    url = _url(receipt)
    shape = SubmissionReceipt(
        receipt_number=receipt.receipt_number,
        sender_number=receipt.sender_number,
        procedure=receipt.procedure_id,
        received_at=receipt.received_at,
        status_url=url,
    )
    return JSONResponse(shape.model_dump(mode="json"), 201 if receipt.new else 200, {"location": url})


@router.get(
    "/submissions/{receipt}",
    operation_id="get_submission",
    response_model=SubmissionStatusPublic,
    responses=documented(401, 404, 422, 429, 500, 503, 507),
)
def get_submission(
    receipt: Annotated[str, Path(max_length=200, description="Our receipt number, or the sender's.")],
    runtime: RuntimeHere,
    client: ThisClient,
) -> SubmissionStatusPublic:
    """Where one's own application stands, in the words an applicant may read."""
    return _status(find_status(runtime, client, receipt))


def _url(receipt: Receipt) -> str:
    return f"/api/v1/submissions/{receipt.receipt_number}"


def _status(answer: StatusAnswer) -> SubmissionStatusPublic:
    words = {Outcome.GRANT: answer.pack.determination.granted, Outcome.REFUSE: answer.pack.determination.refused}
    correction = answer.correction
    return SubmissionStatusPublic(
        receipt_number=answer.receipt.receipt_number,
        sender_number=answer.receipt.sender_number,
        procedure=answer.receipt.procedure_id,
        received_at=answer.receipt.received_at,
        status=answer.standing.status,
        correction=correction
        and CorrectionPublic(due_on=correction.due_on, deficiencies=list(correction.deficiencies)),
        outcomes=[
            OutcomePublic(outcome=one, label_ja=words[one].ja, label_en=words[one].en)
            for one in answer.standing.outcomes
        ],
        ending=answer.standing.ending,
    )
