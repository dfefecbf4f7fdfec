"""What a flow works with: the runtime of its process, and the worker it works for.

Prefect starts flow runs in processes of their own, so the parts are put together by name: ICHIMADO_RUNTIME holds
`module:function`, which the command line sets for all its children. Parameters stay identifiers.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import cast

from pipeline.runtime import Runtime
from pipeline.steps.keeper import Keeper

HUNG = 70
"""How the process ends when a piece of work hangs in it."""

_VARIABLE = "ICHIMADO_RUNTIME"
_at_work: list[Keeper] = []


@cache
def runtime() -> Runtime:
    """This process's runtime, made on first use. Raises KeyError when nobody said how."""
    module, _, name = os.environ[_VARIABLE].partition(":")
    return cast(Runtime, getattr(import_module(module), name)())


def worker_name() -> str:
    """The name of this process among the workers: its machine and number, or what ICHIMADO_WORKER_NAME says."""
    return os.environ.get("ICHIMADO_WORKER_NAME") or f"{socket.gethostname()}:{os.getpid()}"


@contextmanager
def at_work() -> Iterator[Keeper]:
    """This process as one worker, known to the others meanwhile; within another `at_work` the same one.

    When a piece of work hangs the process ends, as if killed: no thread can be freed of it.
    """
    if _at_work:
        yield _at_work[-1]
        return
    with Keeper(runtime(), worker_name(), on_hang=_end_here) as keeper:
        _at_work.append(keeper)
        try:
            yield keeper
        finally:
            _at_work.pop()


def _end_here() -> None:
    os._exit(HUNG)


def web_link(path: str) -> str:
    """The address of a page of ours, for artifacts."""
    return os.environ.get("ICHIMADO_WEB_URL", "").rstrip("/") + path
