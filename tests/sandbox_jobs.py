"""What a reader that a file has taken over might do; called through `run_limited` only, never here."""

from __future__ import annotations

import ctypes
import os
import resource
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.channels.errors import MissingColumn
from pipeline.channels.sandbox import Message

MB = 1024 * 1024


def echo(content: bytes, times: int = 1, pause_s: float = 0.0) -> Iterator[Message]:
    """The bytes back, with the child's process id."""
    for number in range(times):
        time.sleep(pause_s)
        yield {"number": number, "pid": os.getpid()}, content


def segfault(after: int = 0) -> Iterator[Message]:
    """A few messages, then a read of address 0."""
    for number in range(after):
        yield {"number": number}, b""
    ctypes.string_at(0)


def abort() -> Iterator[Message]:
    """What C libraries do when an assertion fails."""
    os.abort()
    yield {}, b""


def spin(after: int = 0) -> Iterator[Message]:
    """A loop that never ends and never lets go of the interpreter's C code."""
    for number in range(after):
        yield {"number": number}, b""
    sum(range(10**12))
    yield {}, b""


def doze() -> Iterator[Message]:
    """Costs no CPU, and never answers."""
    time.sleep(3600)
    yield {}, b""


def eat() -> Iterator[Message]:
    """All the address space there is. Nothing of it is touched, so it takes no time however busy the machine is."""
    eaten = []
    while True:
        eaten.append(bytearray(64 * MB))
    yield {"blocks": len(eaten)}, b""


def fail(message: str) -> Iterator[Message]:
    """An exception nobody foresaw, with words that must stay here."""
    raise KeyError(message)
    yield {}, b""


def refuse() -> Iterator[Message]:
    """A named refusal."""
    raise MissingColumn("氏名")
    yield {}, b""


def babble(kind: str) -> Iterator[Message]:
    """Bytes that are no message, written to the caller's socket past the protocol."""
    data = socket.socket(fileno=os.dup(0))
    data.sendall({"zeros": bytes(12), "huge": b"\xff" * 12, "words": b"\x00\x00\x00\x03" + bytes(8) + b"abc"}[kind])
    os._exit(0)
    yield {}, b""


def vanish() -> Iterator[Message]:
    """Ends well, as far as its exit code says, and has said nothing."""
    os._exit(0)
    yield {}, b""


def look_around(path: str) -> Iterator[Message]:
    """What a child may do: names of things that it could do though it must not."""
    could: list[str] = []
    try:
        Path(path).write_bytes(b"x" * 100)
        could.append("write")
    except OSError:
        pass
    try:
        if os.fork() == 0:
            os._exit(0)
        could.append("fork")
    except OSError:
        pass
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != 0:
        could.append("core")
    secrets = [name for name in os.environ if "SECRET" in name]
    fields = {"could": could, "secrets": secrets, "open": len(os.listdir("/proc/self/fd")), "main": sys.argv[0]}
    yield fields, b""


def break_on_some(data: bytes, start: int) -> Iterator[Message]:
    """Reads four pages as `inside.read_pages` would; `data` says what each does: . is a page, x a crash, o a hang."""
    yield {"pages": len(data)}, b""
    for mark in data[start:].decode():
        if mark == "x":
            ctypes.string_at(0)
        if mark == "o":
            sum(range(10**12))
        yield {"height": 30, "width": 20, "channels": 1, "dpi": None}, bytes(600)


def crash_at_once(data: bytes, start: int = 0) -> Iterator[Message]:
    """For a file that is fatal before its first page."""
    ctypes.string_at(0)
    yield {}, b""


def eat_at_once(data: bytes, start: int = 0) -> Iterator[Message]:
    """For a file that unpacks without end."""
    yield from eat()


def spin_at_once(data: bytes, start: int = 0) -> Iterator[Message]:
    """For a file that is never done."""
    yield from spin()


def lie(data: bytes, start: int) -> Iterator[Message]:
    """Pages that are no pages: more pixels than were sent, and a number of pages that came from nowhere."""
    yield {"pages": 3}, b""
    yield {"height": 10_000, "width": 8_000, "channels": 3, "dpi": None}, b"few"
