"""A worker's sign of life: it keeps the leases of what it holds, and says that it lives."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType

import structlog
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from pipeline.progress import progress_heard
from pipeline.runtime import Runtime
from pipeline.steps.due import Piece
from pipeline.steps.work import FORGET_AFTER, forget_old, give_back, renew
from pipeline.store.columns import new_id
from pipeline.store.engine import read, write
from pipeline.store.tables import Worker

log = structlog.get_logger(__name__)

BEATS_PER_LEASE = 4

PATIENCE_S = 75.0
"""How long a piece may go on without telling of progress (`pipeline.progress`) before it counts as hung. The longest
that something sound stays silent is a page of a hostile file: the sandbox gives it up after 60 s."""


class Keeper:
    """One worker process among the others. Used as a context: it is known to all from entering to leaving.

    A thread of its own beats, so a process that is stopped as a whole, or dies, falls silent. When a piece hangs, the
    keeper gives back everything that this worker holds, calls `on_hang`, and is silent as long as it hangs.

    on_hang: called from the thread that beats; may end the process, since no other thread can be freed.
    """

    def __init__(self, runtime: Runtime, name: str, on_hang: Callable[[], None] = lambda: None) -> None:
        self.runtime, self.name, self.worker = runtime, name, new_id()
        self._on_hang = on_hang
        self._held: dict[str, Piece] = {}
        self._busy: dict[str, Piece] = {}
        self._silent_from: dict[str, float] = {}
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
        with self._lock:
            self._held |= {piece.subject: piece for piece in pieces}
        try:
            yield
        finally:
            with self._lock:
                left = [piece for piece in pieces if self._held.pop(piece.subject, None)]
            if left:
                give_back(self.runtime, self.worker, left)

    @contextmanager
    def busy(self, piece: Piece) -> Iterator[None]:
        """The piece is being worked on now, and its end is told afterwards by `finish` or `give_back`."""
        with self._lock:
            self._busy[piece.subject] = piece
        try:
            yield
        finally:
            with self._lock:
                self._busy.pop(piece.subject, None)
                self._held.pop(piece.subject, None)

    @contextmanager
    def watching(self, subject: str) -> Iterator[None]:
        """What is done meanwhile counts as hung once it is silent for PATIENCE_S.

        subject: of the piece, or of the batch or export that it is part of.
        """

        def move_on() -> None:
            with self._lock:
                self._silent_from[subject] = time.monotonic() + PATIENCE_S

        move_on()
        try:
            with progress_heard(move_on):
                yield
        finally:
            with self._lock:
                self._silent_from.pop(subject, None)

    def beat(self) -> bool:
        """One sign of life; False, and none, while something hangs."""
        with self._lock:
            held = set(self._held)
            hung = {subject for subject, moment in self._silent_from.items() if moment < time.monotonic()}
        if hung:
            self._let_go(hung)
            return False
        if held:
            renew(self.runtime, self.worker, held)
        with write(self.runtime.engine) as session:
            session.execute(update(Worker).where(col(Worker.id) == self.worker).values(beat_at=self.runtime.clock()))
        return True

    def _let_go(self, hung: set[str]) -> None:
        """Others may take everything up at once; only what hung has used up one of its tries."""
        log.error("hung", subjects=sorted(hung))
        with self._lock:
            held, busy = dict(self._held), dict(self._busy)
        innocent = [piece for subject, piece in busy.items() if subject not in hung]
        others = [piece for subject, piece in {**held, **busy}.items() if subject in hung or subject not in busy]
        give_back(self.runtime, self.worker, innocent, counts=False)
        give_back(self.runtime, self.worker, others)
        with self._lock:
            self._held.clear()
        self._on_hang()

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
