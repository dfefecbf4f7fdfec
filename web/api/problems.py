"""What goes wrong, as RFC 9457 says it: one shape for every refusal, stable codes, and never a value that was sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from pipeline.domain.errors import DomainError, NotVisible
from pipeline.steps.intake_api import Fault, ProcedureNotOpen, ReceiptChanged, SentUnfit
from pipeline.store.outages import Outage
from web.guard import BodyTooLarge

MEDIA_TYPE = "application/problem+json"


class FaultPublic(BaseModel):
    """One place that is wrong."""

    pointer: str = Field(description="JSON Pointer into the body.", examples=["#/record/applicant/name"])
    code: str = Field(examples=["missing_member"])
    title: str
    title_ja: str


class ProblemPublic(BaseModel):
    """RFC 9457."""

    type: str = Field(description="A URN that names the kind of problem.", examples=["urn:ichimado:problem:not_found"])
    title: str
    title_ja: str
    status: int
    code: str = Field(description="The last part of `type`; stable.", examples=["not_found"])
    errors: list[FaultPublic] = Field(default_factory=list)


class Problem(Exception):
    """A refusal. Its words are ours alone."""

    def __init__(
        self,
        status: int,
        code: str,
        ja: str,
        en: str,
        faults: Sequence[Fault] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        self.status, self.code, self.ja, self.en = status, code, ja, en
        self.faults, self.headers = tuple(faults), headers
        super().__init__(code)


def unauthorised() -> Problem:
    """Nobody we know: no key, a wrong one, or one of a sending system that was closed; all look alike."""
    said = ("APIキーが必要です。", "An API key is needed.")
    return Problem(401, "unauthorised", *said, headers={"www-authenticate": "Bearer"})


def too_many(wait_s: int) -> Problem:
    """More requests than a minute takes."""
    said = ("要求が多すぎます。少し待って送り直してください。", "Too many requests. Please wait a little.")
    return Problem(429, "too_many_requests", *said, headers={"retry-after": str(wait_s)})


def too_large(code: str, limit_mb: int) -> Problem:
    """A body, or a part of it, beyond its limit."""
    return Problem(
        413, code, f"上限は{limit_mb}MBです。何も受け付けていません。", f"At most {limit_mb} MB; nothing was received."
    )


def unsupported() -> Problem:
    """A body of another kind."""
    said = (
        "application/json か multipart/form-data で送ってください。",
        "Send application/json or multipart/form-data.",
    )
    return Problem(415, "unsupported_media_type", *said)


def malformed(code: str) -> Problem:
    """A body that cannot be read at all."""
    return Problem(400, code, "本文を読み取れません。", "The body cannot be read.")


def unfit(faults: Sequence[Fault]) -> Problem:
    """A body whose content cannot be taken."""
    return Problem(422, SentUnfit.code, SentUnfit.ja, SentUnfit.en, faults)


def answer_of(problem: Problem) -> Response:
    """The problem as an answer."""
    faults = [FaultPublic(pointer=one.pointer, code=one.code, title=one.en, title_ja=one.ja) for one in problem.faults]
    body = ProblemPublic(
        type=f"urn:ichimado:problem:{problem.code}",
        title=problem.en,
        title_ja=problem.ja,
        status=problem.status,
        code=problem.code,
        errors=faults,
    )
    return JSONResponse(body.model_dump(), problem.status, problem.headers, media_type=MEDIA_TYPE)


def from_problem(request: Request, error: Exception) -> Response:
    """A refusal of our own."""
    assert isinstance(error, Problem)
    return answer_of(error)


_STATUS = ((SentUnfit, 422), (ProcedureNotOpen, 403), (ReceiptChanged, 409), (NotVisible, 404))


def from_domain(request: Request, error: Exception) -> Response:
    """What stopped a use case."""
    assert isinstance(error, DomainError)
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 422)
    faults = error.faults if isinstance(error, SentUnfit) else ()
    return answer_of(Problem(status, error.code, error.ja, error.en, faults))


def from_large_body(request: Request, error: Exception) -> Response:
    """The limit of the whole request."""
    assert isinstance(error, BodyTooLarge)
    return answer_of(too_large("body_too_large", max(1, error.limit // 1024**2)))


def from_http(request: Request, error: Exception) -> Response:
    """What the framework refuses: no such address, no such method."""
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, f"http_{error.status_code}")
    words = ("このURLではこの操作はできません。", "There is nothing like this here.")
    return answer_of(Problem(error.status_code, code, *words, headers=dict(error.headers or {})))


def from_validation(request: Request, error: Exception) -> Response:
    """A path or query of the wrong form; the framework's own answer would echo it."""
    assert isinstance(error, RequestValidationError)
    return answer_of(
        Problem(422, "invalid", "要求の形式が正しくありません。", "The request does not have the right form.")
    )


def fault(request: Request, outage: Outage | None) -> Response:
    """Anything unforeseen; by name when something around us is full or away."""
    if outage is Outage.DISK_FULL:
        said = (
            "ディスクに空きがありません。空きができてから、同じ受付番号で送り直してください。",
            "The disk is full. Send it again under the same number once there is room.",
        )
        return answer_of(Problem(507, "storage_full", *said, headers={"retry-after": "600"}))
    if outage is not None:
        said = (
            "いまは処理できません。少し待って、同じ受付番号で送り直してください。",
            "Not available just now. Wait a little and send it again under the same number.",
        )
        return answer_of(Problem(503, "unavailable", *said, headers={"retry-after": "60"}))
    said = (
        "処理に失敗しました。同じ受付番号で送り直してください。",
        "Something went wrong. Send it again under the same number.",
    )
    return answer_of(Problem(500, "internal", *said))


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for its description."""
    said = {
        400: "The body cannot be read",
        401: "No key, or not a good one",
        403: "Not for this procedure",
        404: "None of one's own under this number",
        409: "The number came before with other content, which was kept for a person to look at",
        413: "Too large",
        415: "Neither JSON nor multipart",
        422: "The content cannot be taken; each place is named",
        429: "Too many requests",
        500: "Something went wrong; the request may be repeated",
        503: "Database or file store cannot be reached; the request may be repeated after `Retry-After`",
        507: "No room on the disk; the request may be repeated after `Retry-After`",
    }
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemPublic"}}}
    return {status: {"description": said[status], "content": content} for status in statuses}
