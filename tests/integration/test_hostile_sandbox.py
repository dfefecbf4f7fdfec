"""The sandbox: whatever a file does to its reader, the caller goes on and has a name for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from pipeline.channels import sandbox
from pipeline.channels.errors import ArrivalError, MissingColumn
from pipeline.channels.sandbox import Limits, Message, SandboxStopped, run_limited
from tests import sandbox_jobs as jobs

MB = jobs.MB
SMALL = Limits(memory=400 * MB, seconds=1.0, seconds_more=0.5)
PATIENT = replace(SMALL, seconds=30.0)
"""Where it is not the time that ends it: a busy machine may take a second to start a child."""


def ending(stream: Iterator[Message]) -> tuple[int, str]:
    """How many messages came, and the code of the refusal after them."""
    count = 0
    with pytest.raises(ArrivalError) as caught:
        for _ in stream:
            count += 1
    return count, caught.value.code


@pytest.mark.parametrize("size", [0, 1, 65_537, 40 * MB])
def test_messages_come_back_as_they_were_sent(size: int) -> None:
    content = os.urandom(size)
    found = list(run_limited(jobs.echo, content, 3))
    assert [fields["number"] for fields, _ in found] == [0, 1, 2]
    assert all(bytes(back) == content for _, back in found)
    assert found[0][0]["pid"] != os.getpid()


@pytest.mark.parametrize(
    ("job", "arguments", "code", "messages"),
    [
        (jobs.segfault, (), "broke_reader", 0),
        (jobs.segfault, (2,), "broke_reader", 2),
        (jobs.abort, (), "broke_reader", 0),
        (jobs.spin, (), "too_slow_to_read", 0),
        (jobs.spin, (2,), "too_slow_to_read", 2),
        (jobs.doze, (), "too_slow_to_read", 0),
        (jobs.eat, (), "too_big_to_read", 0),
        (jobs.fail, ("山田",), "broke_reader", 0),
        (jobs.vanish, (), "broke_reader", 0),
        (jobs.babble, ("zeros",), "broke_reader", 0),
        (jobs.babble, ("huge",), "broke_reader", 0),
        (jobs.babble, ("words",), "broke_reader", 0),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_child_that_goes_wrong_is_a_named_refusal(
    job: Callable[..., Iterator[Message]], arguments: tuple[object, ...], code: str, messages: int
) -> None:
    began = time.monotonic()
    limits = SMALL if code == "too_slow_to_read" else PATIENT
    assert ending(run_limited(job, *arguments, limits=limits)) == (messages, code)
    assert time.monotonic() - began < 20
    assert next(run_limited(jobs.echo, b"next"))[1] == b"next"


def test_the_refusal_of_a_reader_arrives_with_its_detail() -> None:
    with pytest.raises(MissingColumn) as caught:
        list(run_limited(jobs.refuse))
    assert caught.value.detail == "氏名"


def test_words_of_an_unforeseen_exception_stay_in_the_child() -> None:
    with pytest.raises(ArrivalError) as caught:
        list(run_limited(jobs.fail, "山田太郎"))
    assert caught.value.detail == "KeyError" and "山田" not in repr(caught.value)


def test_a_caller_that_takes_its_time_is_no_fault_of_the_file() -> None:
    """The clock of a child stands still while a message waits to be taken, and each message earns time."""
    limits = Limits(seconds=0.6, seconds_more=0.6)
    seen = 0
    for _ in run_limited(jobs.echo, b"x" * MB, 6, 0.2, limits=limits):
        time.sleep(0.4)
        seen += 1
    assert seen == 6
    assert ending(run_limited(jobs.echo, b"", 6, 0.2, limits=Limits(seconds=0.7, seconds_more=0.0)))[0] < 6


def test_a_child_has_no_secrets_and_may_do_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.stop_server()
    monkeypatch.setenv("SECRET_OF_THE_HOUSE", "x")
    ((fields, _),) = run_limited(jobs.look_around, str(tmp_path / "out"))
    written = tmp_path / "out"
    assert not written.exists() or written.stat().st_size == 0
    could = set(fields["could"]) - ({"fork"} if os.geteuid() == 0 else set())  # root may always fork
    assert (could, fields["secrets"]) == (set(), [])
    assert fields["open"] <= 5, "sockets of other children are not its own"


def test_closing_the_messages_ends_the_child() -> None:
    stream = run_limited(jobs.echo, b"x" * MB, 1000)
    child = psutil.Process(next(stream)[0]["pid"])
    assert child.is_running()
    stream.close()  # type: ignore[attr-defined]
    child.wait(60)


def test_many_threads_share_one_server() -> None:
    def one(number: int) -> str:
        if number % 4 == 0:
            return ending(run_limited(jobs.segfault))[1]
        return bytes(next(run_limited(jobs.echo, str(number).encode()))[1]).decode()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(40)))
    assert found == ["broke_reader" if number % 4 == 0 else str(number) for number in range(40)]
    assert sandbox._server is not None
    deadline = time.monotonic() + 60
    while psutil.Process(sandbox._server.process.pid).children() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert psutil.Process(sandbox._server.process.pid).children() == [], "no child is left, running or dead"


def test_a_server_that_died_is_replaced() -> None:
    list(run_limited(jobs.echo, b""))
    assert sandbox._server is not None
    first = sandbox._server.process
    first.kill()
    first.wait()
    assert next(run_limited(jobs.echo, b"again"))[1] == b"again"
    assert sandbox._server.process.pid != first.pid


def test_a_child_that_was_killed_from_outside_is_not_the_files_fault() -> None:
    stream = run_limited(jobs.echo, b"x" * MB, 1000)
    pid = next(stream)[0]["pid"]
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(SandboxStopped):
        list(stream)


def test_server_and_children_die_with_the_process_that_asked() -> None:
    program = (
        "from pipeline.channels import sandbox; from tests import sandbox_jobs as jobs\n"
        "stream = sandbox.run_limited(jobs.echo, b'x' * 1000000, 1000)\n"
        "print(next(stream)[0]['pid'], sandbox._server.process.pid, flush=True); input()"
    )
    asked = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert asked.stdout is not None and asked.stdin is not None
    running = [psutil.Process(int(pid)) for pid in asked.stdout.readline().split()]
    assert len(running) == 2
    asked.kill()
    asked.wait()
    asked.stdin.close()
    asked.stdout.close()
    _, alive = psutil.wait_procs(running, timeout=60)
    assert alive == []
