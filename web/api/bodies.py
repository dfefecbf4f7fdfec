"""Reading one application off the wire: JSON alone, or a form whose files go to the store as they come in.

Nothing here holds a file in memory. What is refused is read on and dropped, so that the sender sees our answer.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from pipeline.runtime import Runtime
from pipeline.steps.intake_api import Fault, IncomingFile, Sent, SentAssertion
from web.api.problems import Problem, malformed, too_large, unfit, unsupported
from web.api.shapes import Figure, SubmissionCreate
from web.settings import WebSettings

PART = "submission"
MAX_JSON_MB = 1
MAX_NAME = 500
_ALLOWED_PARTS = f"`{PART}` and files"


@asynccontextmanager
async def open_sent(request: Request, runtime: Runtime, settings: WebSettings) -> AsyncIterator[Sent]:
    """What was sent, its files written beside the store; they are dropped unless somebody kept them.

    Raises Problem.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    files: dict[str, IncomingFile] = {}
    try:
        if kind == b"application/json":
            body = await _read_json(request)
        elif kind == b"multipart/form-data" and options.get(b"boundary"):
            form = _Form(runtime, files, settings)
            body = await _read_form(request, form, options[b"boundary"])
        else:
            raise unsupported()
        yield _as_sent(body, files)
    finally:
        for file in files.values():
            await run_in_threadpool(file.incoming.drop)


async def _read_json(request: Request) -> bytes:
    body, stream = bytearray(), request.stream()
    async for chunk in stream:
        body += chunk
        if len(body) > MAX_JSON_MB * 1024**2:
            await _drain(stream)
            raise too_large("record_too_large", MAX_JSON_MB)
    return bytes(body)


async def _read_form(request: Request, form: _Form, boundary: bytes) -> bytes:
    stream = request.stream()
    try:
        parser = MultipartParser(boundary, form.callbacks())
        async for chunk in stream:
            await run_in_threadpool(parser.write, chunk)
        parser.finalize()
    except Problem:
        await _drain(stream)
        raise
    except FormParserError:
        await _drain(stream)
        raise malformed("malformed_form") from None
    if not form.ended:
        raise malformed("malformed_form")
    if form.body is None:
        raise unfit([_fault("#", "submission_missing", f"「{PART}」の部分がありません。", f"No part `{PART}`.")])
    return bytes(form.body)


async def _drain(stream: AsyncIterator[bytes]) -> None:
    """Reads on to the end, so that the sender gets to see the answer; BodyLimit ends what is endless."""
    async for _ in stream:
        pass


class _Form:
    """The parts of a form as the parser meets them: one of JSON, all others files."""

    def __init__(self, runtime: Runtime, files: dict[str, IncomingFile], settings: WebSettings) -> None:
        self._blobs, self._files = runtime.blobs, files
        self._max_mb, self._max_files = settings.max_attachment_mb, settings.max_api_files
        self._header, self._value, self._disposition = b"", b"", b""
        self._file: IncomingFile | None = None
        self.body: bytearray | None = None
        self.ended = False

    def callbacks(self) -> Any:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header,
            "on_header_value": self._on_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._on_data,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._header, self._value, self._disposition, self._file = b"", b"", b"", None

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _open(self) -> None:
        _, options = parse_options_header(self._disposition)
        name, file_name = options.get(b"name", b""), options.get(b"filename")
        if name == PART.encode():
            if self.body is not None:
                raise unfit([_fault("#", "submission_twice", f"「{PART}」が2つあります。", f"Two parts `{PART}`.")])
            self.body = bytearray()
        elif file_name is not None:
            self._open_file(file_name)
        else:
            said = ("知らない部分があります。", f"An unknown part; expected are {_ALLOWED_PARTS}.")
            raise unfit([_fault("#", "unknown_part", *said)])

    def _open_file(self, raw: bytes) -> None:
        try:
            name = raw.decode().replace("\\", "/")
        except UnicodeDecodeError:
            raise malformed("malformed_form") from None
        if name in self._files:
            raise unfit(
                [_fault("#/record", "file_twice", "同じ名前のファイルが2つあります。", "Two files of one name.")]
            )
        if len(self._files) >= self._max_files or len(name) > MAX_NAME:
            said = ("ファイルが多すぎます。", f"At most {self._max_files} files.")
            raise unfit([_fault("#/record", "too_many_files", *said)])
        self._file = self._files[name] = IncomingFile(self._blobs.open_incoming())

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            if self._file.incoming.size + end - start > self._max_mb * 1024**2:
                raise too_large("file_too_large", self._max_mb)
            self._file.write(data[start:end])
            return
        assert self.body is not None
        if len(self.body) + end - start > MAX_JSON_MB * 1024**2:
            raise too_large("record_too_large", MAX_JSON_MB)
        self.body += data[start:end]

    def _end(self) -> None:
        self.ended = True


def _as_sent(body: bytes, files: dict[str, IncomingFile]) -> Sent:
    try:
        document = json.loads(body.decode(), parse_int=Figure, parse_float=Figure, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise malformed("malformed_json") from None
    try:
        shape = SubmissionCreate.model_validate(document)
    except ValidationError as error:
        raise unfit(_faults_of(error)) from None
    except RecursionError:
        raise malformed("malformed_json") from None
    identity = shape.identity
    assertion = identity and SentAssertion(
        identity.issuer, identity.method, identity.asserted_at, identity.level, identity.subject
    )
    return Sent(shape.procedure, shape.record, body, assertion, files)


def _no_constant(text: str) -> str:
    raise ValueError("not JSON")  # NaN and its kin are none (RFC 8259)


def _faults_of(error: ValidationError) -> list[Fault]:
    """Each place by the names that are ours; a name that was sent says nothing of where it stands."""
    known = {
        *SubmissionCreate.model_fields,
        *SubmissionCreate.model_fields["identity"].annotation.__args__[0].model_fields,
    }  # type: ignore[union-attr]
    found: dict[tuple[str, str], Fault] = {}
    for one in error.errors(include_input=False, include_context=False, include_url=False):
        path = [str(step) for step in one["loc"] if step in known]
        code = (
            "unknown_member"
            if one["type"] == "extra_forbidden"
            else "missing_member"
            if one["type"] == "missing"
            else "bad_value"
        )
        pointer = "/".join(["#", *path])
        found[pointer, code] = _fault(pointer, code, "値の形式が正しくありません。", "Not of the form described.")
    return list(found.values())


def _fault(pointer: str, code: str, ja: str, en: str) -> Fault:
    return Fault(pointer, code, ja, en)
