"""Large files go through: memory stays flat however large they are, and what breaks off leaves nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tracemalloc
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from pipeline.runtime import Runtime
from pipeline.store.tables import Arrival, Attachment
from tests.runtime import install, make_runtime, rows_of
from tests.sender import PROCEDURE, ROOT, Sender, record
from web.app import create_app
from web.settings import WebSettings

PIECE = b"\xff\xd8\xff\xe0" + bytes(65532)
BOUNDARY = b"part"


async def form(sent: bytes, name: str, pieces: int, *, whole: bool = True) -> AsyncIterator[bytes]:
    """A form as it goes over the wire, piece by piece."""
    yield b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="submission"\r\n\r\n' + sent + b"\r\n--"
    yield BOUNDARY + f'\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    for _ in range(pieces):
        yield PIECE
    if whole:
        yield b"\r\n--" + BOUNDARY + b"--\r\n"


def body_of(receipt: str) -> bytes:
    sent = record(receipt) | {"attachments": {"identity": ["big.jpg"]}}
    return json.dumps({"procedure": PROCEDURE, "record": sent}).encode()


async def post(sender: Sender, content: AsyncIterator[bytes]) -> httpx.Response:
    app = create_app(sender.runtime, WebSettings())
    headers = {**sender.headers, "content-type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.post(f"{ROOT}/submissions", content=content, headers=headers)


def in_a_loop(asked: Coroutine[Any, Any, httpx.Response]) -> httpx.Response:
    """The answer, from a loop in a thread of its own: this one may be a browser's."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, asked).result()


def ready(url: str, folder: Path) -> tuple[Runtime, Sender]:
    runtime = make_runtime(url, folder)
    install(runtime)
    return runtime, Sender(runtime)


def test_a_file_of_150_mb_takes_no_more_memory_than_a_small_one(sqlite_database_url: str, tmp_path: Path) -> None:
    runtime, sender = ready(sqlite_database_url, tmp_path)
    peaks = []
    for receipt, pieces in (("warm", 1), ("small", 16), ("large", 2400)):
        tracemalloc.start()
        answer = in_a_loop(post(sender, form(body_of(receipt), "big.jpg", pieces)))
        peaks.append(tracemalloc.get_traced_memory()[1] / 1024**2)
        tracemalloc.stop()
        assert answer.status_code == 201, answer.text
    assert peaks[2] < peaks[1] + 5, peaks
    (row,) = [row for row in rows_of(runtime, Attachment) if runtime.blobs.size(row.blob) > 150 * 1024**2 - 1]
    digest = hashlib.sha256()
    for _ in range(2400):
        digest.update(PIECE)
    assert row.blob == digest.hexdigest()
    runtime.engine.dispose()


def test_a_sender_that_breaks_off_leaves_nothing(sqlite_database_url: str, tmp_path: Path) -> None:
    runtime, sender = ready(sqlite_database_url, tmp_path)
    answer = in_a_loop(post(sender, form(body_of("cut"), "big.jpg", 40, whole=False)))
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_form")
    assert rows_of(runtime, Arrival) == []
    assert [path for path in tmp_path.rglob("*.part")] == []
    assert not any(path.is_file() and path.stat().st_size > 1024**2 for path in (tmp_path / "blobs").rglob("*"))
    runtime.engine.dispose()


def test_a_file_beyond_200_mb_is_refused(sqlite_database_url: str, tmp_path: Path) -> None:
    runtime, sender = ready(sqlite_database_url, tmp_path)
    answer = in_a_loop(post(sender, form(body_of("huge"), "big.jpg", 3201)))
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert rows_of(runtime, Arrival) == []
    assert [path for path in tmp_path.rglob("*.part")] == []
    runtime.engine.dispose()
