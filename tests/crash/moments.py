"""Where a process is killed: at its nth write, counted over commits, blobs, statements of a migration, deliveries."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Engine, event

from pipeline.runtime import Runtime
from pipeline.steps import deliver

T = TypeVar("T")
NEVER = 0


class Moments:
    """Counts the writes of this process, and ends it at the chosen one: just before it, or just after.

    chosen: from 1; NEVER only counts.
    """

    def __init__(self, chosen: int = NEVER, *, after: bool = False) -> None:
        self.seen, self._chosen, self._after = 0, chosen, after
        self._dies_at_checkin = False

    def watch(self, runtime: Runtime) -> None:
        """Counts what this runtime writes: every commit, every blob, every message sent."""
        event.listen(runtime.engine, "commit", self._commit)
        event.listen(runtime.engine.pool, "checkin", self._checked_in)
        runtime.blobs.put = self._around(runtime.blobs.put)  # type: ignore[method-assign]
        deliver.post_event = self._around(deliver.post_event)  # type: ignore[attr-defined]

    def watch_statements(self, engine: Engine) -> None:
        """Counts every statement; for a migration, which is one transaction."""
        event.listen(engine, "before_cursor_execute", self._statement)

    def _next(self) -> bool:
        self.seen += 1
        return self.seen == self._chosen

    def _commit(self, connection: Any) -> None:
        if self._next():
            if not self._after:
                die()
            self._dies_at_checkin = True  # the pool gets its connection back right after the commit

    def _checked_in(self, *_: Any) -> None:
        if self._dies_at_checkin:
            die()

    def _statement(self, *_: Any) -> None:
        if self._next():
            die()

    def _around(self, act: Callable[..., T]) -> Callable[..., T]:
        def counted(*given: Any, **named: Any) -> T:
            chosen = self._next()
            if chosen and not self._after:
                die()
            done = act(*given, **named)
            if chosen:
                die()
            return done

        return counted


def die() -> None:
    """Ends this process as the kernel or an operator would: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)
