"""Work in a process of its own, so that its memory and processor time are its own."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Spent(Generic[Answer]):
    """What a process gave and took. cpu_s: user and system, its own children too. peak_mb: its own memory at most,
    child_peak_mb: that of its largest child (0 without any)."""

    answer: Answer
    wall_s: float
    cpu_s: float
    peak_mb: int
    child_peak_mb: int


def in_child(work: Callable[..., Answer], *arguments: Any) -> Spent[Answer]:
    """Runs the work in a fresh process and waits for it; its exception is raised here."""
    return side_by_side(work, [arguments])[0]


def side_by_side(work: Callable[..., Answer], calls: list[tuple[Any, ...]]) -> list[Spent[Answer]]:
    """Runs the work once for each set of arguments, each in a fresh process, all at once."""
    context = multiprocessing.get_context("spawn")
    pools = [ProcessPoolExecutor(1, mp_context=context) for _ in calls]
    try:
        running = [pool.submit(measured, work, call) for pool, call in zip(pools, calls, strict=True)]
        return [one.result() for one in running]
    finally:
        for pool in pools:
            pool.shutdown()


def measured(work: Callable[..., Answer], arguments: tuple[Any, ...]) -> Spent[Answer]:
    """Runs the work here; processor time and memory are those of this whole process."""
    started = time.perf_counter()
    answer = work(*arguments)
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    return Spent(
        answer,
        round(time.perf_counter() - started, 2),
        round(cpu, 2),
        _peak_mb(),
        children.ru_maxrss // 1024,
    )


def _peak_mb() -> int:
    """MiB of this process at most. Linux hands the peak of `getrusage` on to a process that is spawned, which would
    make it that of its parent."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) // 1024
