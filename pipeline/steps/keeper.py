"""A worker's sign of life: it keeps the leases of what it holds, and says that it lives."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType

import structlog
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from pipeline.runtime import Runtime
from pipeline.steps.due import LANE_OF, Lane, Piece
from pipeline.steps.work import FORGET_AFTER, forget_old, give_back, renew
from pipeline.store.columns import new_id
from pipeline.store.engine import read, write
from pipeline.store.tables import Worker

log = structlog.get_logger(__name__)

BEATS_PER_LEASE = 4

PATIENCE_S = {Lane.INTAKE: 900.0, Lane.READ: 120.0, Lane.MATCH: 60.0, Lane.SEND: 120.0}
"""How long one piece may take before its worker counts as hung and neither beats nor renews: a file of hundreds
of pages is cut in minutes, anything else is done in seconds."""


class Keeper:
    """One worker process among the others. Used as a context: it is known to all from entering to leaving.

    A thread of its own beats, so a process that is stopped as a whole, or dies, falls silent, and so does one in
    which a piece takes longer than PATIENCE_S.
    """

    def __init__(self, runtime: Runtime, name: str) -> None:
        self.runtime, self.name, self.worker = runtime, name, new_id()
        self._held: set[str] = set()
        self._busy_until: dict[str, float] = {}
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat_until_end, name="keeper", daemon=True)

    def __enter__(self) -> Keeper:
        forget_old(self.runtime)
        with write(self.runtime.engine) as session:
            now = self.runtime.clock()
            session.execute(delete(Worker).where(col(Worker.beat_at) < now - FORGET_AFTER))
            session.add(Worker(id=self.worker, name=self.name, started_at=now, beat_at=now))
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end.set()
        self._thread.join()
        try:
            with write(self.runtime.engine) as session:
                session.execute(delete(Worker).where(col(Worker.id) == self.worker))
        except DBAPIError as away:
            # Then it looks as if it had died; what ended this worker must not be hidden behind it.
            log.warning("no_good_bye", error=type(away).__name__)

    @contextmanager
    def holding(self, pieces: Sequence[Piece]) -> Iterator[None]:
        """Renews the leases of these pieces meanwhile; what was not begun when it ends is given back."""
        subjects = {piece.subject for piece in pieces}
        with self._lock:
            self._held |= subjects
        try:
            yield
        finally:
            with self._lock:
                left = [piece for piece in pieces if piece.subject in self._held]
                self._held -= subjects
            if left:
                give_back(self.runtime, self.worker, left, counts=False)

    @contextmanager
    def busy(self, piece: Piece) -> Iterator[None]:
        """The piece is being worked on now, and its end is told afterwards by `finish` or `give_back`."""
        with self._lock:
            self._busy_until[piece.subject] = time.monotonic() + PATIENCE_S[LANE_OF[piece.about]]
        try:
            yield
        finally:
            with self._lock:
                self._busy_until.pop(piece.subject, None)
                self._held.discard(piece.subject)

    def beat(self) -> bool:
        """One sign of life; False, and none, when a piece takes too long."""
        with self._lock:
            held, hung = set(self._held), [s for s, end in self._busy_until.items() if end < time.monotonic()]
        if hung:
            log.error("hung", subjects=hung)
            return False
        if held:
            renew(self.runtime, self.worker, held)
        with write(self.runtime.engine) as session:
            session.execute(update(Worker).where(col(Worker.id) == self.worker).values(beat_at=self.runtime.clock()))
        return True

    def _beat_until_end(self) -> None:
        pause_s = self.runtime.lease.total_seconds() / BEATS_PER_LEASE
        while not self._end.wait(pause_s):
            try:
                self.beat()
            except Exception as error:
                # The database is away: what is lost meanwhile others take over, and it is tried again.
                log.warning("no_beat", error=type(error).__name__)


def workers(runtime: Runtime) -> list[Worker]:
    """Every worker that did not say good-bye, the first started first; `beat_at` says who lives."""
    with read(runtime.engine) as session:
        return list(session.exec(select(Worker).order_by(col(Worker.started_at))).all())
