"""The warm process behind `sandbox`: it has the readers loaded, and forks a child for every file.

It reads no file itself and holds no secrets: it is started with an empty environment. It knows of each child two
things: a pidfd, which tells that the child has ended, and the caller's link. Over the link goes the child's exit
status; when the caller closes it, the child is killed. When the caller's process ends, this one ends and its
children with it.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import pickle
import resource
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from PIL import Image

from pipeline.channels.errors import ArrivalError, BrokeReader, TooBigToRead
from pipeline.channels.sandbox import HEAD, STATUS, Limits

READERS = ("pipeline.channels.inside", "pipeline.channels.exports")
"""Loaded once, before any file is here."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_LIBC = ctypes.CDLL(None, use_errno=True)
_OPEN_FILES = 32
"""Enough for the fonts that a drawn page names."""


def serve(control: socket.socket) -> None:
    """Forks a child for every pair of sockets that comes in, until the other side is closed."""
    watched = selectors.DefaultSelector()
    watched.register(control, selectors.EVENT_READ)
    while True:
        for key, _ in watched.select():
            if key.fileobj is not control:
                act: Callable[[], None] = key.data
                act()
                continue
            ends = _next_ends(control)
            if ends is None:
                return
            _Started(watched, *ends)


def _next_ends(control: socket.socket) -> tuple[socket.socket, socket.socket] | None:
    try:
        asked, descriptors, _, _ = socket.recv_fds(control, 1, 2)
    except ConnectionResetError:
        return None
    if not asked:
        return None
    data, link = (socket.socket(fileno=descriptor) for descriptor in descriptors)
    return data, link


class _Started:
    """One running child. When none can be forked, both sockets are closed, which says so."""

    def __init__(self, watched: selectors.BaseSelector, data: socket.socket, link: socket.socket) -> None:
        self._watched, self._link, self._ended = watched, link, False
        with data:
            try:
                self._pid = os.fork()
            except OSError:
                link.close()
                return
            if not self._pid:
                _run_child(data)
        self._pidfd = os.pidfd_open(self._pid)
        watched.register(self._pidfd, selectors.EVENT_READ, self.reap)
        watched.register(link, selectors.EVENT_READ, self.give_up)

    def give_up(self) -> None:
        """The caller has closed its link."""
        if self._ended:  # both things were seen at one look
            return
        self._watched.unregister(self._link)
        signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def reap(self) -> None:
        """The child has ended: its status goes to the caller."""
        _, status = os.waitpid(self._pid, 0)
        self._ended = True
        self._watched.unregister(self._pidfd)
        os.close(self._pidfd)
        with suppress(KeyError):
            self._watched.unregister(self._link)
        with suppress(OSError), self._link:
            self._link.send(STATUS.pack(os.waitstatus_to_exitcode(status)))


def _run_child(data: socket.socket) -> NoReturn:
    """The whole life of a child. It leaves by `os._exit`: nothing of the server's is to be cleaned up here."""
    try:
        os.dup2(os.open(os.devnull, os.O_RDWR), 2)  # what libraries print about a file is nobody's to read
        os.dup2(data.fileno(), 0)
        os.closerange(3, 1 << 16)
        _serve_caller(socket.socket(fileno=0))
    except BaseException:
        os._exit(1)
    os._exit(0)


def _serve_caller(data: socket.socket) -> None:
    stream = data.makefile("rb")
    limits: Limits = pickle.load(stream)
    allowance = _Allowance(limits)
    _limit(limits)
    try:
        with allowance:
            function, arguments = pickle.load(stream)
            results = iter(function(*arguments))
        while True:
            with allowance:
                message = next(results, None)
            if message is None:
                break
            _send(data, *message)
        _send(data, {"end": True})
    except ArrivalError as error:
        _send(data, {"error": error.code, "detail": error.detail})
    except MemoryError:
        _send(data, {"error": TooBigToRead.code})
    except BrokenPipeError:
        raise  # the caller wants no more
    except Exception as error:
        # The name of the exception alone: its words may quote the file.
        _send(data, {"error": BrokeReader.code, "detail": type(error).__name__})


def _limit(limits: Limits) -> None:
    for what, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(what, (most, most))
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _LIBC.prctl(_PR_SET_DUMPABLE, 0)
    _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for number in (signal.SIGALRM, signal.SIGXCPU):
        # The kernel's own ending: a handler of Python's would wait until the library comes back.
        signal.signal(number, signal.SIG_DFL)


class _Allowance:
    """Time of computing, wall and CPU: it runs while the function computes and stands still while the caller
    takes a message, however long that is."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.seconds

    def __enter__(self) -> None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime + self._left) + 2
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        signal.setitimer(signal.ITIMER_REAL, self._left)

    def __exit__(self, *failure: object) -> None:
        left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
        self._left = min(self._limits.seconds, left + self._limits.seconds_more)


def _send(data: socket.socket, fields: dict[str, object], content: bytes | bytearray | memoryview = b"") -> None:
    told = json.dumps(fields, ensure_ascii=True).encode()
    data.sendall(HEAD.pack(len(told), memoryview(content).nbytes) + told)
    data.sendall(content)


def main(descriptor: int) -> None:
    """Loads the readers, then serves."""
    for name in READERS:
        importlib.import_module(name)
    Image.init()  # else Pillow would load its formats with each child's first picture
    gc.collect()
    gc.freeze()  # the children share these pages with us as long as nobody writes to them
    serve(socket.socket(fileno=descriptor))


if __name__ == "__main__":
    main(int(sys.argv[1]))
