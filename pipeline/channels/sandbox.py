"""Files from outside are opened in a child process with limits, never in the process that serves or works.

`run_limited` asks a warm server process (`sandbox_server`), which has the readers loaded and forks one child for
every file: tens of milliseconds a file. What comes back are plain messages, a small JSON object and bytes; nothing
that a child sends is ever unpickled, so that a reader which a file has taken over still cannot run code here.

Limits of one file: memory (address space), time of computing before the first message and a little more with each,
no core dump, no file written, few open files, no further process. Why not a pool of `multiprocessing`: see
docs/decisions/0017.
"""

from __future__ import annotations

import atexit
import json
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pipeline.channels.errors import BrokeReader, TooSlowToRead, find_error_class
from pipeline.progress import tell_progress

Message = tuple[dict[str, Any], bytes | bytearray | memoryview]
"""What a child gives: fields that JSON can hold, and bytes."""

HEAD = struct.Struct(">IQ")
"""Before each message: how many bytes of JSON, how many bytes after it."""
STATUS = struct.Struct(">i")
"""Last word of the server on a child: its exit code, or minus the signal that ended it."""
MAX_FIELDS = 4 * 1024 * 1024
MAX_BYTES = 1024 * 1024 * 1024
_GRACE_S = 30.0
_BY_LIMIT = {signal.SIGALRM, signal.SIGXCPU}
_FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


@dataclass(frozen=True)
class Limits:
    """What one file may cost.

    memory: address space of the child in bytes, its libraries included.
    seconds: of computing in one go; seconds_more: what each message earns back, up to `seconds`.
    """

    memory: int = 2 * 1024**3 - 64 * 1024**2
    seconds: float = 30.0
    seconds_more: float = 2.0


LIMITS = Limits()
"""Of every file, unless a caller says otherwise."""


class SandboxStopped(OSError):
    """The child was ended from outside, or none could be started: no fault of the file. Worth another try."""


def run_limited(
    function: Callable[..., Iterable[Message]], *arguments: Any, limits: Limits | None = None
) -> Iterator[Message]:
    """The messages that `function` yields in a child, one at a time: the child waits until each is taken.

    function: a function of a module, found again by its name. Closing the iterator ends the child.
    Raises the ArrivalError that the function raises; BrokeReader, TooSlowToRead or TooBigToRead when the child
    goes wrong or over its limits; SandboxStopped when the machine, not the file, is to blame.
    """
    limits = limits or LIMITS
    data, link = _ask_for_child()
    with data, link:
        child = _Child(data, link, limits.seconds + _GRACE_S)
        child.send(limits, (function, arguments))
        while (message := child.receive()) is not None:
            tell_progress()
            yield message


class _Child:
    """One child seen from here. data: requests and messages. link: its end; closing it kills the child."""

    def __init__(self, data: socket.socket, link: socket.socket, patience_s: float) -> None:
        self._data, self._link, self._patience_s = data, link, patience_s

    def send(self, *values: Any) -> None:
        """Only this way is anything pickled."""
        self._data.settimeout(self._patience_s)
        # A child that ended early says why where its messages are read.
        with suppress(BrokenPipeError, ConnectionResetError), self._data.makefile("wb") as stream:
            for value in values:
                pickle.dump(value, stream)
            stream.flush()

    def receive(self) -> Message | None:
        """The next message, or None after the last. Raises what the child ended with."""
        deadline = time.monotonic() + self._patience_s
        head = self._exactly(HEAD.size, deadline)
        if head is None:
            raise self._ending(deadline)
        fields_size, bytes_size = HEAD.unpack(head)
        if fields_size > MAX_FIELDS or bytes_size > MAX_BYTES:
            raise BrokeReader("message")
        fields = self._exactly(fields_size, deadline)
        content = self._exactly(bytes_size, deadline)
        if fields is None or content is None:
            raise self._ending(deadline)
        return _opened(fields, content)

    def _exactly(self, size: int, deadline: float) -> bytearray | None:
        """As many bytes, or None when the child ended before."""
        found = bytearray(size)
        view = memoryview(found)
        while view:
            self._data.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                count = self._data.recv_into(view)
            except TimeoutError:
                raise TooSlowToRead from None
            except ConnectionResetError:
                return None
            if not count:
                return None
            view = view[count:]
        return found

    def _ending(self, deadline: float) -> Exception:
        self._link.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            status = self._link.recv(STATUS.size)
        except OSError:
            status = b""
        if len(status) != STATUS.size:
            return SandboxStopped("the reading process could not be started")
        code = STATUS.unpack(status)[0]
        if -code in _BY_LIMIT:
            return TooSlowToRead()
        if -code in _FROM_OUTSIDE:
            return SandboxStopped(f"the reading process was ended from outside ({code})")
        return BrokeReader(signal.Signals(-code).name if code < 0 else "")


def _opened(fields: bytearray, content: bytearray) -> Message | None:
    try:
        found = json.loads(fields)
    except (ValueError, RecursionError):
        raise BrokeReader("message") from None
    if not isinstance(found, dict):
        raise BrokeReader("message")
    if "error" in found:
        kind = find_error_class(str(found["error"])) or BrokeReader
        # Headers of a file may stand in a detail, and half a character would stop whatever prints it.
        raise kind(str(found.get("detail", ""))[:500].encode(errors="replace").decode())
    return None if "end" in found else (found, content)


class _Server:
    """The warm process of this process; it ends when its control socket is closed, also by our death."""

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "pipeline.channels.sandbox_server", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us, who then close the socket
            )

    def hand_over(self, *ends: socket.socket) -> None:
        """Gives the server the other ends of a child's sockets. Raises OSError when it is gone."""
        socket.send_fds(self.control, [b"."], [end.fileno() for end in ends])

    def stop(self) -> None:
        self.control.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _environment() -> dict[str, str]:
    """Nothing of ours but where modules are: a reader has no use for passwords of databases."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    return kept | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PATH": os.defpath,
        "LC_ALL": "C.UTF-8",
        # Threads of their own would not survive the fork, and each reserves address space.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
    }


_lock = threading.Lock()
_server: _Server | None = None


def _ask_for_child() -> tuple[socket.socket, socket.socket]:
    """Our ends of a new child's sockets: data and link."""
    global _server
    (data, child_data), (link, child_link) = socket.socketpair(), socket.socketpair()
    with child_data, child_link, _lock:
        for _ in range(2):  # a server that died is replaced once
            if _server is None:
                _server = _Server()
            try:
                _server.hand_over(child_data, child_link)
                return data, link
            except OSError:
                _server.stop()
                _server = None
    data.close()
    link.close()
    raise SandboxStopped("the reading process could not be started")


def stop_server() -> None:
    """Ends the warm process, as at exit; the next file starts another."""
    global _server
    with _lock:
        if _server is not None:
            _server.stop()
            _server = None


def _forget() -> None:
    """After a fork: the server is the other process's, and so are its locks."""
    global _server, _lock
    if _server is not None:
        _server.control.close()
    _server, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
atexit.register(stop_server)
