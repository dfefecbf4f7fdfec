"""The API for systems that send applications, apart from the pages of staff: its own errors, its own description."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException

from pipeline.domain.errors import DomainError
from pipeline.runtime import Runtime
from web.api import problems, procedures, submissions
from web.api.clients import Pace
from web.api.shapes import SubmissionCreate
from web.guard import BodyTooLarge, NoLeak
from web.settings import WebSettings

API_ROOT = "/api/v1"


def create_api(runtime: Runtime, settings: WebSettings) -> FastAPI:
    """The API over this runtime, to be mounted at API_ROOT. Its description is at openapi.json; no page that would load
    from another host shows it."""
    api = FastAPI(title="Ichimado API", version="1", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    api.state.runtime, api.state.settings = runtime, settings
    api.state.pace = Pace(settings.api_per_minute)
    for noun in (submissions, procedures):
        api.include_router(noun.router)
    api.add_exception_handler(problems.Problem, problems.from_problem)
    api.add_exception_handler(DomainError, problems.from_domain)
    api.add_exception_handler(BodyTooLarge, problems.from_large_body)
    api.add_exception_handler(RequestValidationError, problems.from_validation)
    api.add_exception_handler(HTTPException, problems.from_http)
    api.add_middleware(NoLeak, answer=problems.fault)
    described: dict[str, Any] = {}

    def describe() -> dict[str, Any]:
        if not described:
            described.update(_describe(api))
        return described

    api.openapi = describe  # type: ignore[method-assign]
    return api


def _describe(api: FastAPI) -> dict[str, Any]:
    """The generated description, with the shapes that no signature shows."""
    found = get_openapi(
        title=api.title,
        version=api.version,
        routes=api.routes,
        servers=[{"url": API_ROOT}],
        description="Applications from e-application systems into Ichimado, and their status back. See docs/api.md.",
    )
    shapes = found["components"]["schemas"]
    for model in (SubmissionCreate, problems.ProblemPublic):
        made = model.model_json_schema(ref_template="#/components/schemas/{model}")
        shapes |= made.pop("$defs", {})
        shapes[model.__name__] = made
    for name in ("HTTPValidationError", "ValidationError"):
        shapes.pop(name, None)
    return found
