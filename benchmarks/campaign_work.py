"""One worker process of a campaign run: the same claims and the same steps as a worker of the flows, with a clock."""

from __future__ import annotations

import json
import resource
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TextIO

import psutil
from sqlmodel import Session, col, select

from benchmarks.stores import PACK, PROCEDURE, make_runtime
from pipeline.channels.slip import SLIP_NAME, read_slip
from pipeline.procedures.pack import Procedure
from pipeline.procedures.registry import load_pack
from pipeline.runtime import Runtime
from pipeline.steps.due import Lane, Piece, due_in
from pipeline.steps.intake_online import store_export
from pipeline.steps.intake_paper import receive_files
from pipeline.steps.keeper import Keeper
from pipeline.steps.packs import install_pack
from pipeline.steps.pieces import do_piece, work_on, work_round
from pipeline.steps.roster import import_roster
from pipeline.store.engine import read
from pipeline.store.tables import Submission

WAIT_S = 0.2
LOOK_S = 0.25


@dataclass
class Memory:
    """The most memory this process and each process below it was seen to hold, in MiB."""

    own_mb: int = 0
    largest_child_mb: int = 0
    _end: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Looks at the children four times a second; the process's own peak is the system's word."""
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()
            self.own_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

    def _watch(self) -> None:
        while not self._end.wait(LOOK_S):
            for child in psutil.Process().children(recursive=True):
                try:
                    seen = child.memory_info().rss // 2**20
                except psutil.Error:
                    continue
                self.largest_child_mb = max(self.largest_child_mb, seen)


@dataclass(frozen=True)
class Peak:
    """What one process held at most."""

    own_mb: int
    largest_child_mb: int


def hand_over(url: str, folder: Path, sample: Path) -> Peak:
    """Procedure, list and everything that arrives, as the command line would take it; again changes nothing."""
    runtime, memory = make_runtime(url, folder), Memory()
    with memory.watched():
        install_pack(runtime, load_pack(PACK))
        import_roster(runtime, PROCEDURE, (sample / "roster.csv").read_bytes())
        for batch in sorted((sample / "scans").iterdir()):
            files = [(p.name, p.read_bytes()) for p in sorted(batch.iterdir()) if p.name != SLIP_NAME]
            slip = read_slip((batch / SLIP_NAME).read_bytes())
            receive_files(runtime, slip, files, actor="benchmark", key=f"benchmark:{batch.name}")
        for path in sorted((sample / "online").glob("*/*.*")):
            if path.parent.name != "portal_bad":  # rows apart from the sample, without truth
                _store_export(runtime, path)
    runtime.engine.dispose()
    return Peak(memory.own_mb, memory.largest_child_mb)


def _store_export(runtime: Runtime, path: Path) -> None:
    pack: Procedure = load_pack(PACK).procedure
    channel = next(one.id for one in pack.channels if one.format == path.suffix[1:])
    beside = sorted(other for other in path.parent.rglob("*") if other.is_file() and other != path)
    files = ((other.relative_to(path.parent).as_posix(), other.read_bytes()) for other in beside)
    store_export(runtime, PROCEDURE, channel, path.name, path.read_bytes(), files)


def work(url: str, folder: Path, log: Path) -> Peak:
    """Works until nothing is due for anybody. log: a line of JSON for every piece done."""
    runtime, memory = make_runtime(url, folder), Memory()
    with memory.watched(), Keeper(runtime, log.stem) as keeper, log.open("a") as out:
        while True:
            if work_round(keeper, partial(_timed, out)):
                continue
            if not _anything_due(runtime):
                break
            time.sleep(WAIT_S)
    runtime.engine.dispose()
    return Peak(memory.own_mb, memory.largest_child_mb)


def _timed(out: TextIO, keeper: Keeper, _lane: Lane, pieces: Sequence[Piece]) -> None:
    for piece in pieces:
        work_on(keeper, piece, partial(_do, out))


def _do(out: TextIO, runtime: Runtime, piece: Piece) -> None:
    started, cpu = time.time(), cpu_s()
    do_piece(runtime, piece)
    line = {"about": piece.about.value, "id": piece.id, "start": started, "end": time.time(), "cpu_s": cpu_s() - cpu}
    out.write(json.dumps(line) + "\n")
    out.flush()


def cpu_s() -> float:
    """Processor seconds so far of this process and of all below it, those that ended included."""
    spent = time.process_time()
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent += ended.ru_utime + ended.ru_stime
    for child in psutil.Process().children(recursive=True):
        try:
            spent += sum(child.cpu_times()[:4])  # its own, and its children's that ended
        except psutil.Error:
            continue
    return spent


def _anything_due(runtime: Runtime) -> bool:
    with read(runtime.engine) as session:
        return _has_submissions(session) or next(iter(due_in(session, Lane.INTAKE, runtime.clock())), None) is not None


def _has_submissions(session: Session) -> bool:
    return session.exec(select(Submission.id).where(col(Submission.due).is_(True)).limit(1)).first() is not None
