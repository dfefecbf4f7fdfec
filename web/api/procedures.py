"""What may be sent, as JSON Schema."""

from __future__ import annotations

from fastapi import APIRouter

from pipeline.channels.record_schema import record_schema
from pipeline.steps.intake_api import open_procedures
from web.api.clients import ThisClient
from web.api.problems import documented
from web.api.shapes import ProcedurePublic, ProceduresPublic
from web.context import RuntimeHere

router = APIRouter(tags=["procedures"])


@router.get(
    "/procedures",
    operation_id="list_procedures",
    response_model=ProceduresPublic,
    responses=documented(401, 429, 500, 503, 507),
)
def list_procedures(runtime: RuntimeHere, client: ThisClient) -> ProceduresPublic:
    """The procedures one may send for, each with the shape of its record."""
    return ProceduresPublic(
        procedures=[
            ProcedurePublic(
                procedure=pack.id,
                version=pack.version,
                label_ja=pack.label.ja,
                label_en=pack.label.en,
                record_schema=record_schema(pack, channel),
                attachments=dict(channel.attachments),
            )
            for pack, channel in open_procedures(runtime, client)
        ]
    )
