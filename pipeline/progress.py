"""Saying that work goes on: told from deep inside a step, heard by whoever watches over the piece of work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_told: ContextVar[Callable[[], None] | None] = ContextVar("told", default=None)


def tell_progress() -> None:
    """Says that a part was done just now: a page, a record, a file. Nothing happens where nobody watches."""
    if (hear := _told.get()) is not None:
        hear()


@contextmanager
def progress_heard(hear: Callable[[], None]) -> Iterator[None]:
    """Has `hear` called at every `tell_progress` of this thread meanwhile."""
    token = _told.set(hear)
    try:
        yield
    finally:
        _told.reset(token)
