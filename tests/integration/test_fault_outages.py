"""What is full, away or locked for a while: named, blamed on nobody, nothing lost, gone on with when it is over."""

from __future__ import annotations

import errno
import os
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from pipeline.channels.slip import BatchSlip
from pipeline.domain.statuses import ReasonCode, SubmissionStatus
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.due import Lane
from pipeline.steps.intake_online import store_export
from pipeline.steps.intake_paper import receive_files
from pipeline.steps.keeper import Keeper
from pipeline.steps.parked import find_parked
from pipeline.steps.pieces import work_lane
from pipeline.store.engine import open_engine
from pipeline.store.outages import Outage, find_outage
from pipeline.store.tables import Arrival, Batch, Page, Submission, WorkLease
from tests.leases import expire_leases
from tests.papers import application, tiff
from tests.recorded_runtime import ROOT
from tests.runtime import (
    PROCEDURE,
    Clock,
    import_small_roster,
    install,
    make_runtime,
    reasons_of,
    rows_of,
    small_export,
    task_of,
)
from tests.workers import work_until_done

ROUNDS = 200


def hand_over(runtime: Runtime) -> None:
    """A batch of one application of two pages, stored."""
    slip = BatchSlip(received_on=runtime.today(), source="mail")
    receive_files(runtime, slip, [("a.tif", tiff(application(1, 1), application(1, 2)))], actor="test")


def work_through(runtime: Runtime, end: Callable[[], bool] = lambda: True) -> list[Outage | None]:
    """Works as a listener does, a failure not ending it, until nothing is due; gives the outages met on the way."""
    met: list[Outage | None] = []
    for _ in range(ROUNDS):
        try:
            expire_given_back(runtime)
            with Keeper(runtime, "worker") as keeper:
                if not work_until_done(keeper) and end() and not waiting(runtime):
                    return met
        except Exception as error:
            met.append(find_outage(error))
    raise AssertionError("it never came to its end")


def expire_given_back(runtime: Runtime) -> None:
    expire_leases(runtime)
    assert isinstance(runtime.clock, Clock)
    runtime.clock.pass_(seconds=11)


def waiting(runtime: Runtime) -> bool:
    batches = [row for row in rows_of(runtime, Batch) if row.status == "received"]
    return bool(batches) or any(row.due for row in rows_of(runtime, Submission))


def assert_nobody_is_blamed(runtime: Runtime) -> None:
    assert find_parked(runtime) == ()
    assert {row.attempts for row in rows_of(runtime, Submission)} == {0}
    assert audit(runtime).breaches == ()


@contextmanager
def full_disk(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Every blob written meanwhile meets a full disk."""
    tried: list[int] = []

    def no_room(data: bytes) -> str:
        tried.append(len(data))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(runtime.blobs, "put", no_room)
        yield tried


def test_a_full_disk_stops_work_by_name_and_nothing_else(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_over(runtime)
    with full_disk(runtime, monkeypatch) as tried, Keeper(runtime, "worker") as keeper:
        for _ in range(5):
            with pytest.raises(OSError, match="No space") as told:
                work_until_done(keeper)
            assert find_outage(told.value) is Outage.DISK_FULL
            expire_leases(runtime)
    assert len(tried) == 5
    assert {row.takes for row in rows_of(runtime, WorkLease)} == {0}
    assert rows_of(runtime, Page) == []
    work_through(runtime)
    assert len(rows_of(runtime, Page)) == 2
    assert_nobody_is_blamed(runtime)


def test_what_arrives_at_a_full_disk_is_not_acknowledged(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    with full_disk(runtime, monkeypatch), pytest.raises(OSError, match="No space"):
        hand_over(runtime)
    assert rows_of(runtime, Batch) == rows_of(runtime, Arrival) == []
    hand_over(runtime)
    assert len(rows_of(runtime, Batch)) == 1


def test_half_a_blob_does_not_stay_on_a_full_disk(tmp_path: Path) -> None:
    """A real limit of the kernel, in a process of its own."""
    script = (
        "import sys; from pipeline.store.blobs import Blobs\n"
        "from pipeline.store.outages import find_outage\n"
        "try: Blobs(sys.argv[1]).put(bytes(1 << 20))\n"
        "except OSError as error: print(find_outage(error))"
    )

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    done = subprocess.run(
        [sys.executable, "-B", "-c", script, str(tmp_path)],
        cwd=ROOT, preexec_fn=limit, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.stdout.strip() == Outage.DISK_FULL.value, done.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_full_database_is_named_and_gone_on_with(sqlite_database_url: str, tmp_path: Path) -> None:
    runtime = make_runtime(sqlite_database_url, tmp_path)
    install(runtime)
    take_export(runtime)
    hand_over(runtime)
    runtime.engine.dispose()
    pages = sqlite3.connect(sqlite_database_url.removeprefix("sqlite:///")).execute("PRAGMA page_count").fetchone()[0]
    full = True

    def limit(connection: Any, _: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={pages if full else 1 << 30}")

    runtime.engine = open_engine(sqlite_database_url)
    event.listen(runtime.engine, "connect", limit)
    assert outages_while(lambda: work_once(runtime)) == {Outage.DISK_FULL}
    full = False
    runtime.engine.dispose()
    work_through(runtime)
    assert len(rows_of(runtime, Submission)) > 5
    assert_nobody_is_blamed(runtime)
    runtime.engine.dispose()


def take_export(runtime: Runtime) -> None:
    store_export(runtime, PROCEDURE, "portal", "export.csv", *small_export("portal_utf8/portal_20261106.csv"))


def work_once(runtime: Runtime) -> None:
    with Keeper(runtime, "worker") as keeper:
        work_until_done(keeper)


def outages_while(act: Callable[[], None]) -> set[Outage | None]:
    """What three tries meet."""
    met = set()
    for _ in range(3):
        try:
            act()
        except Exception as error:
            met.add(find_outage(error))
    return met


def test_connections_cut_again_and_again_lose_nothing(databases: Any, tmp_path: Path) -> None:
    with databases.migrated("postgresql") as url:
        runtime = make_runtime(url, tmp_path)
        install(runtime)
        import_small_roster(runtime)
        hand_over(runtime)
        take_export(runtime)
        with connections_cut(url, times=40) as over:
            met = work_through(runtime, over.is_set)
        assert Outage.DATABASE_AWAY in met and set(met) == {Outage.DATABASE_AWAY}
        assert len(rows_of(runtime, Submission)) > 5
        assert_nobody_is_blamed(runtime)
        runtime.engine.dispose()


@contextmanager
def connections_cut(url: str, times: int) -> Iterator[threading.Event]:
    """Meanwhile every connection to this database but one is ended by the server, every 50 ms."""
    over = threading.Event()

    def cut() -> None:
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            for _ in range(times):
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                over.wait(0.05)
        over.set()

    thread = threading.Thread(target=cut)
    thread.start()
    yield over
    thread.join()


def test_a_database_locked_for_long_is_waited_for(sqlite_database_url: str, tmp_path: Path) -> None:
    runtime = make_runtime(sqlite_database_url, tmp_path)
    install(runtime)
    hand_over(runtime)
    runtime.engine.dispose()
    runtime.engine = open_engine(sqlite_database_url)
    event.listen(runtime.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=20"))
    with Keeper(runtime, "worker") as keeper:
        other = sqlite3.connect(sqlite_database_url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Exception, match="locked") as told:
            work_lane(keeper, Lane.INTAKE)
        assert find_outage(told.value) is Outage.DATABASE_AWAY
        other.execute("ROLLBACK")
        assert work_until_done(keeper) >= 3
    assert_nobody_is_blamed(runtime)
    runtime.engine.dispose()


@pytest.mark.parametrize("altered", [False, True], ids=["deleted", "altered"])
def test_a_blob_changed_behind_our_back_parks_its_submission_alone(runtime: Runtime, altered: bool) -> None:
    hand_over(runtime)
    receive_second(runtime)
    with Keeper(runtime, "intake") as keeper:
        while work_lane(keeper, Lane.INTAKE):
            pass
    first, second = rows_of(runtime, Submission)
    page = next(row for row in rows_of(runtime, Page) if row.batch_id == first.batch_id)
    (path,) = (runtime.data_dir / "blobs").rglob(page.blob)
    if altered:
        path.write_bytes(path.read_bytes() + b"x")
    else:
        path.unlink()
    work_through(runtime)
    assert [item.piece.id for item in find_parked(runtime)] == [first.id]
    assert reasons_of(runtime, task_of(runtime, first.id).id) == {(ReasonCode.PROCESSING_FAILED, "read")}
    (other,) = (row for row in rows_of(runtime, Submission) if row.id == second.id)
    assert (other.attempts, other.status) == (0, SubmissionStatus.IN_REVIEW)
    assert {page.id, page.blob} & {breach.where for breach in audit(runtime).breaches}


def receive_second(runtime: Runtime) -> None:
    slip = BatchSlip(received_on=runtime.today(), source="mail")
    receive_files(runtime, slip, [("b.tif", tiff(application(2, 1), application(2, 2)))], actor="test")


def test_files_that_are_all_away_blame_nobody(runtime: Runtime) -> None:
    hand_over(runtime)
    blobs = runtime.data_dir / "blobs"
    blobs.rename(runtime.data_dir / "elsewhere")
    with Keeper(runtime, "worker") as keeper:
        for _ in range(5):
            with pytest.raises(OSError, match="not there") as told:
                work_until_done(keeper)
            assert find_outage(told.value) is Outage.FILES_AWAY
            expire_leases(runtime)
    (runtime.data_dir / "elsewhere").rename(blobs)
    work_through(runtime)
    assert_nobody_is_blamed(runtime)


def test_other_errors_are_no_outage() -> None:
    assert find_outage(ValueError("x")) is None
    assert find_outage(FileNotFoundError(errno.ENOENT, "x")) is None
