"""`ichimado worker`: one worker of the pool.

Two parts, so that neither waits for the other: a listener, a process that does what is due as it comes, and Prefect's
own worker for what runs by the clock or on request. This process runs the second, and looks after the first: when it
dies, or gives no sign of life, it is ended and started anew.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime
from threading import Event

import structlog
from sqlmodel import col, select

from ichimado.prefect_server import announce, start_child
from ichimado.settings import Settings
from pipeline.runtime import Runtime
from pipeline.store.engine import read
from pipeline.store.tables import Worker

LOOK_EVERY_S = 1.0
START_PATIENCE_S = 60.0
LONGEST_PAUSE_S = 30.0
END_PATIENCE_S = 8.0
RUNS_AT_ONCE = 2

log = structlog.get_logger(__name__)


def listen_here(settings: Settings) -> None:
    """The listener, in this process, until SIGTERM or SIGINT."""
    announce(settings)
    from flows.listen import listen

    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    listen(stop)


def run_worker(settings: Settings, runtime: Runtime, name: str | None = None) -> None:
    """One worker, until SIGTERM or SIGINT."""
    announce(settings)
    os.environ["ICHIMADO_WORKER_NAME"] = name or f"{socket.gethostname()}:{os.getpid()}"
    asyncio.run(_run(Listener(settings, runtime, os.environ["ICHIMADO_WORKER_NAME"])))


class Listener:
    """The listener's process, as its keeper sees it: alive while its beat in the store moves on."""

    def __init__(self, settings: Settings, runtime: Runtime, name: str) -> None:
        self.name = name
        self._settings, self._runtime = settings, runtime
        self._silence_s = 1.5 * runtime.lease.total_seconds()
        self._process: subprocess.Popen[bytes] | None = None
        self._beat: datetime | None = None
        self._heard_at = self._again_at = time.monotonic()
        self._pause_s = LOOK_EVERY_S

    def look_after(self) -> bool:
        """Starts the listener when it is not there, ends it when it is silent; True when one has just ended."""
        if self._process is None:
            if time.monotonic() >= self._again_at:
                self._start()
            return False
        if self._process.poll() is None and not self._is_silent():
            return False
        ended = self._process.poll()
        log.error("listener_ended", worker=self.name, status=ended, silent=ended is None)
        self.end(patience_s=0)
        self._again_at = time.monotonic() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        return True

    def end(self, patience_s: float = END_PATIENCE_S) -> None:
        """Ends the process, by force when it takes longer than this."""
        if self._process is None:
            return
        if patience_s:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=patience_s)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def _start(self) -> None:
        with (self._settings.data_dir / "listener.log").open("ab") as out:
            self._process = start_child([sys.executable, "-m", "ichimado.cli", "worker", "--only", "listener"], out)
        self._beat, self._heard_at = None, time.monotonic() + START_PATIENCE_S

    def _is_silent(self) -> bool:
        try:
            beat = self._read_beat()
        except Exception as error:
            log.warning("store_away", error=type(error).__name__)
            self._heard_at = max(self._heard_at, time.monotonic())  # then it cannot be heard, which is not its fault
            return False
        if beat is not None and beat != self._beat:
            if self._beat is not None:
                self._pause_s = LOOK_EVERY_S
            self._beat, self._heard_at = beat, time.monotonic()
        return time.monotonic() - self._heard_at > self._silence_s

    def _read_beat(self) -> datetime | None:
        with read(self._runtime.engine) as session:
            newest = select(Worker.beat_at).where(Worker.name == self.name).order_by(col(Worker.started_at).desc())
            return session.exec(newest.limit(1)).first()


async def _run(listener: Listener) -> None:
    from prefect.workers.process import ProcessWorker

    from flows.pool import POOL, close_abandoned, deploy

    await asyncio.to_thread(deploy)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    worker = ProcessWorker(work_pool_name=POOL, name=listener.name, limit=RUNS_AT_ONCE, create_pool_if_not_found=False)
    pool = asyncio.create_task(worker.start())
    try:
        while not stop.is_set() and not pool.done():
            if await asyncio.to_thread(listener.look_after):
                with suppress(Exception):  # the dashboard is only told; it may be away
                    await asyncio.to_thread(close_abandoned, living_names(listener._runtime) - {listener.name})
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
    finally:
        await asyncio.to_thread(listener.end)
        pool.cancel()
        with suppress(asyncio.CancelledError):
            await pool


def living_names(runtime: Runtime) -> set[str]:
    """Names of the workers that have beaten within the last three leases."""
    since = runtime.clock() - 3 * runtime.lease
    with read(runtime.engine) as session:
        return set(session.exec(select(Worker.name).where(col(Worker.beat_at) >= since)).all())
