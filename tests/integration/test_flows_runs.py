"""The flows on a real Prefect server: what they leave in the store, and what an operator sees of them by name."""

from __future__ import annotations

import errno
import itertools
import json
import os
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from traceback import format_exception
from typing import Any
from urllib.request import Request, urlopen

import pytest
from prefect import Flow, Task
from prefect.client.orchestration import get_client
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)
from prefect.states import Running
from sqlalchemy import update
from sqlmodel import select

from flows import advance as advancing
from flows import context, folder, intake, lanes, nightly, send
from flows.advance import match_claimed, read_claimed
from flows.context import at_work
from flows.faults import RunFailed, without_values
from flows.folder import look_into_folder
from flows.intake import intake_online, intake_paper, take_file
from flows.lanes import catch_up, work_round
from flows.listen import worker_tag
from flows.nightly import BreachesFound, audit_and_seal, tidy_up
from flows.pool import POOL, close_abandoned, deploy
from pipeline.channels.slip import BatchSlip
from pipeline.domain.statuses import ArrivalStatus, BatchStatus, Channel, PageFate, SubmissionStatus
from pipeline.progress import tell_progress
from pipeline.runtime import Runtime
from pipeline.steps import keeper as keeping
from pipeline.steps.audit import audit
from pipeline.steps.due import About, Piece
from pipeline.steps.erasure.run import begun, erase
from pipeline.steps.intake_online import store_export
from pipeline.steps.intake_paper import Received, receive_files
from pipeline.store.engine import read, write
from pipeline.store.outages import Outage, find_outage
from pipeline.store.tables import Arrival, Batch, Page, Seal, Submission, Worker, WorkLease
from tests.databases import Databases
from tests.erasing import DUE, settle_all, wait_until
from tests.leases import expire_leases
from tests.papers import application, blank, tiff
from tests.prefect_servers import PrefectForTests
from tests.runtime import PROCEDURE, Clock, import_small_roster, install, make_runtime, rows_of, small_export

Ask = Callable[[str, dict[str, Any]], Any]
"""A path and a filter to the server's answer."""

IDENTIFIER = re.compile(r"[0-9a-f]{32}")
BATCH_NUMBER = re.compile(r"\d{4}-\d\d-\d\d-\d\d")
COINED = re.compile(r"[a-z]+-[a-z]+")
CODE = re.compile(r"[a-z_]{3,}")
WEB = "http://127.0.0.1:8470"


@pytest.fixture(scope="module", autouse=True)
def _on_the_server(prefect_server: PrefectForTests) -> Iterator[None]:
    environment = prefect_server.environment
    with temporary_settings(
        {
            # Log lines still under way when the server ends would be tried again for minutes.
            PREFECT_LOGGING_TO_API_ENABLED: False,
            # Heartbeats say nothing to us, and waiting for their thread adds up to a second to each flow.
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
            PREFECT_API_URL: environment["PREFECT_API_URL"],
            PREFECT_API_AUTH_STRING: environment["PREFECT_API_AUTH_STRING"],
        }
    ):
        yield


@pytest.fixture
def store(databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """The runtime that flows find when they ask for theirs."""
    monkeypatch.setenv("ICHIMADO_RUNTIME", f"{__name__}:opened")
    monkeypatch.setenv("ICHIMADO_WEB_URL", WEB)
    with databases.migrated("sqlite") as url:
        _opened[:] = [make_runtime(url, tmp_path)]
        install(_opened[0])
        context.runtime.cache_clear()
        yield _opened[0]
        context.runtime.cache_clear()
        _opened[0].engine.dispose()


_opened: list[Runtime] = []


def opened() -> Runtime:
    """What ICHIMADO_RUNTIME names in these tests."""
    return _opened[0]


@pytest.fixture
def ask(prefect_server: PrefectForTests) -> Ask:
    access = prefect_server.access
    token = b64encode(f"{access.login}:{access.password}".encode()).decode()

    def answer(path: str, given: dict[str, Any]) -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {token}"}
        request = Request(f"{access.url}/api{path}", data=json.dumps(given).encode(), headers=headers)
        with urlopen(request, timeout=30) as got:
            return json.load(got)

    return answer


def hand_over(runtime: Runtime) -> Received:
    """A batch of one application of two pages and a blank sheet; three were counted."""
    slip = BatchSlip(received_on=runtime.today(), source="mail", counted_sheets=3)
    pages = tiff(application(1, 1), application(1, 2), blank())
    return receive_files(runtime, slip, [("山田花子.tif", pages)], actor="test")


def newest(ask: Ask, path: str, **given: Any) -> dict[str, Any]:
    found = ask(path, {**given, "limit": 1})
    assert found, f"nothing at {path}"
    return dict(found[0])


def artifact(ask: Ask, key: str) -> dict[str, Any]:
    return newest(ask, "/artifacts/filter", sort="CREATED_DESC", artifacts={"key": {"any_": [key]}})


def flow_run(ask: Ask, name: str) -> dict[str, Any]:
    return newest(ask, "/flow_runs/filter", sort="START_TIME_DESC", flow_runs={"name": {"any_": [name]}})


def rows(ask: Ask, key: str) -> dict[str, Any]:
    """A table artifact of two columns: first column -> second."""
    table = json.loads(artifact(ask, key)["data"])
    return {first: second for first, second in (row.values() for row in table)}


def submissions(runtime: Runtime) -> list[Submission]:
    with read(runtime.engine) as session:
        return list(session.exec(select(Submission)).all())


@pytest.mark.slow
def test_paper_batch_leaves_its_totals_and_a_link(store: Runtime, ask: Ask) -> None:
    received = hand_over(store)
    assert received.batch_id is not None
    assert intake_paper(received.batch_id, received.batch_number) == 1
    assert rows(ask, f"batch-{received.batch_id}") == {
        "手で数えた枚数": 3,
        "受け取った頁": 3,
        "書類に入った頁": 2,
        "例外の頁": 1,
        "開けなかったファイル": 0,
        "申請": 1,
    }
    assert f"{WEB}/batches/{received.batch_id}" in artifact(ask, f"batch-page-{received.batch_id}")["data"]
    run = flow_run(ask, f"紙受付 バッチ {received.batch_number}")
    assert run["state_type"] == "COMPLETED"


@pytest.mark.slow
def test_export_leaves_what_its_records_came_to(store: Runtime, ask: Ask) -> None:
    data, files = small_export("portal_utf8/portal_20261106.csv")
    arrival_id = store_export(store, PROCEDURE, "portal", "山田花子.csv", data, files)
    counts = intake_online(arrival_id)
    assert counts["新しい申請"] == len(submissions(store)) > 0
    assert rows(ask, f"export-{arrival_id}") == counts
    assert flow_run(ask, f"電子受付 {arrival_id}")["state_type"] == "COMPLETED"


@pytest.mark.slow
def test_advancing_shows_progress_and_where_submissions_stand(store: Runtime, ask: Ask) -> None:
    import_small_roster(store)
    data, files = small_export("portal_utf8/portal_20261106.csv")
    store_export(store, PROCEDURE, "portal", "export.csv", data, files)
    done = catch_up()
    taken = submissions(store)
    assert done == 1 + 2 * len(taken), "the export, and each application read and matched"
    assert not any(submission.due for submission in taken)
    assert set(rows(ask, "matched")) <= {SubmissionStatus.SETTLED.value, SubmissionStatus.IN_REVIEW.value}
    progress = newest(ask, "/artifacts/filter", sort="CREATED_DESC", artifacts={"type": {"any_": ["progress"]}})
    assert progress["data"] == 100.0
    assert rows_of(store, WorkLease) == rows_of(store, Worker) == []


@pytest.mark.slow
def test_catching_up_takes_both_channels_to_their_end(store: Runtime) -> None:
    received = hand_over(store)
    data, files = small_export("portal_cp932/portal_20261113.csv")
    arrival_id = store_export(store, PROCEDURE, "portal", "export.csv", data, files)
    assert catch_up() > 2
    with read(store.engine) as session:
        assert session.get_one(Batch, received.batch_id).status is BatchStatus.SPLIT
        assert session.get_one(Arrival, arrival_id).status is ArrivalStatus.TAKEN
    assert not any(submission.due for submission in submissions(store))
    assert catch_up() == 0


@pytest.mark.slow
def test_a_batch_whose_flow_fails_is_due_again_and_then_parked(
    store: Runtime, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = hand_over(store)
    monkeypatch.setattr("flows.intake.assemble.fn", broken, raising=True)
    monkeypatch.setattr("flows.intake.assemble.retries", 0)
    with at_work() as keeper:
        for _ in range(3):
            assert work_round(keeper) == 1
            expire_leases(store)
        assert work_round(keeper) == 0
    (arrival,) = rows_of(store, Arrival, batch_id=received.batch_id)
    assert arrival.status is ArrivalStatus.PARKED
    assert flow_run(ask, f"紙受付 バッチ {received.batch_number}")["state_type"] == "FAILED"


@pytest.mark.slow
def test_a_file_that_is_no_longer_cut_hangs_and_its_batch_is_free(
    store: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[bool] = []

    def hangs(*_: object) -> int:
        monkeypatch.setattr(keeping, "PATIENCE_S", -1.0)
        tell_progress()
        with at_work() as keeper:
            ended.append(keeper.beat())
        return 0

    received = hand_over(store)
    monkeypatch.setattr(context, "_end_here", lambda: ended.append(True))
    monkeypatch.setattr("flows.intake.take_pages", hangs)
    monkeypatch.setattr("flows.intake.assemble.retries", 0)
    with at_work() as keeper:
        assert work_round(keeper) == 1
    assert ended == [True, False], "the process would have ended here"
    (lease,) = rows_of(store, WorkLease)
    assert (lease.subject, lease.owner, lease.takes) == (f"batch:{received.batch_id}", "", 1)


def broken(batch_id: str) -> int:
    raise ValueError("no such luck")


@pytest.mark.slow
def test_watched_folder_is_taken_in(store: Runtime, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "hot"
    (folder / "wrong").mkdir(parents=True)
    (folder / "scan.tif").write_bytes(tiff(application()))
    (folder / "wrong" / "scan.tif").write_bytes(tiff(application(2)))
    (folder / "wrong" / "batch.yaml").write_text("no slip")
    monkeypatch.setenv("ICHIMADO_HOT_FOLDER", str(folder))
    assert isinstance(store.clock, Clock)
    with at_work() as keeper:
        assert look_into_folder(keeper) == 0
        store.clock.pass_(seconds=3)
        assert look_into_folder(keeper) == 0, "one look has just been"
        store.clock.pass_(seconds=60)
        assert look_into_folder(keeper) == 1
    catch_up()
    (submission,) = submissions(store)
    assert submission.channel is Channel.MAIL
    assert not submission.due
    said = {row["結果"]: row["数"] for row in json.loads(artifact(ask, "hot-folder")["data"])}
    assert said == {"受け付けた束": 1, "malformed_slip": 1}


@pytest.mark.slow
def test_no_watched_folder_is_no_work(store: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ICHIMADO_HOT_FOLDER", raising=False)
    with at_work() as keeper:
        assert look_into_folder(keeper) == 0


@pytest.mark.slow
def test_deploying_twice_is_deploying_once(ask: Ask) -> None:
    names = deploy()
    assert deploy() == names
    found = ask("/deployments/filter", {"work_pools": {"name": {"any_": [POOL]}}})
    assert len(found) == len(names)
    for one in found:
        assert one["path"] is None and ":" not in one["entrypoint"], "found in the installed code, nothing is fetched"
    crons = sorted(one["schedules"][0]["schedule"]["cron"] for one in found if one["schedules"])
    assert crons == ["30 2 * * *", "30 3 * * *"]
    (pool,) = ask("/work_pools/filter", {"work_pools": {"name": {"any_": [POOL]}}})
    assert pool["type"] == "process"


@pytest.mark.slow
def test_runs_of_a_worker_that_is_gone_are_closed(ask: Ask, prefect_server: PrefectForTests) -> None:
    with get_client(sync_client=True) as client:
        kept, left = (
            client.create_flow_run(catch_up, state=Running(), tags=[worker_tag(name)]) for name in ("here", "gone")
        )
    assert close_abandoned({"here"}) == 1
    states = {run["id"]: run["state_type"] for run in ask("/flow_runs/filter", {"limit": 200})}
    assert (states[str(kept.id)], states[str(left.id)]) == ("RUNNING", "CRASHED")
    assert close_abandoned(set()) == 1


@pytest.mark.slow
def test_the_night_proves_and_seals(store: Runtime, ask: Ask) -> None:
    received = hand_over(store)
    catch_up()
    assert audit_and_seal() > 0
    assert len(rows_of(store, Seal)) == 1
    with write(store.engine) as session:
        session.execute(update(Page).values(fate=PageFate.PENDING))
    with pytest.raises(BreachesFound):
        audit_and_seal.with_options(retries=0)()
    assert "pages_accounted" in artifact(ask, "breaches")["data"]
    assert received.batch_id is not None


def test_the_night_begins_no_erasure_and_ends_what_was_begun(store: Runtime, ask: Ask, tmp_path: Path) -> None:
    import_small_roster(store)
    data, files = small_export("portal_utf8/portal_20261106.csv")
    intake_online(store_export(store, PROCEDURE, "portal", "a.csv", data, files))
    catch_up()
    settle_all(store)
    wait_until(store, DUE)
    count = len(submissions(store))
    tidy = tidy_up.with_options(retries=0)
    assert tidy() == 0
    shown = json.loads(artifact(ask, "tidied")["data"])
    assert shown == [{"手続": PROCEDURE, "消去した申請": 0, "消去待ちの申請": count}]
    assert not any(one.erased_at for one in submissions(store))
    assert erase(store, PROCEDURE, actor="test").waiting > 0, "files put a moment ago may not go yet"
    assert begun(store) == [PROCEDURE]
    for path in (tmp_path / "blobs").rglob("*"):
        os.utime(path, (0, 0))
    tidy()
    assert begun(store) == []
    assert audit(store).breaches == ()


@pytest.mark.slow
def test_server_holds_identifiers_only(store: Runtime, ask: Ask) -> None:
    """Parameters, names, artifacts: nothing of a form and no file name is in what the server keeps."""
    received = hand_over(store)
    data, files = small_export("portal_utf8/portal_20261106.csv")
    arrival_id = store_export(store, PROCEDURE, "portal", "山田花子.csv", data, files)
    assert received.batch_id is not None
    intake_paper(received.batch_id, received.batch_number)
    intake_online(arrival_id)
    catch_up()
    runs = ask("/flow_runs/filter", {"limit": 200})
    parameters = [value for run in runs for value in run["parameters"].values()]
    assert {received.batch_id, received.batch_number, arrival_id} <= {str(one) for one in parameters}
    for value in itertools.chain.from_iterable(one if isinstance(one, list) else [one] for one in parameters):
        said = str(value).rpartition(":")[2]
        assert (
            isinstance(value, int | float)
            or IDENTIFIER.fullmatch(said)
            or BATCH_NUMBER.fullmatch(said)
            or CODE.fullmatch(said)
        )
    task_runs = ask("/task_runs/filter", {"limit": 200})
    for run in runs:
        if COINED.fullmatch(run["name"]):  # an adjective and an animal; "ordinary" is a kind of account as well
            run["name"] = ""
    kept = json.dumps([runs, task_runs, ask("/artifacts/filter", {"limit": 200})], ensure_ascii=False)
    assert "山田花子" not in kept
    assert not [value for value in typed_values(store) if value in kept]


@pytest.mark.slow
def test_what_a_failed_run_says_holds_no_value(
    store: Runtime,
    ask: Ask,
    prefect_server: PrefectForTests,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """An error of a library quotes what it was given; Prefect keeps the words of an error in its own database."""
    quoted = "7731551-marker"
    received = hand_over(store)
    assert received.batch_id is not None

    def quotes(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, f"cannot write {quoted!r}") from ValueError(f"invalid literal: {quoted!r}")

    for place in (
        "flows.intake.take_pages",
        "flows.intake.arrivals_of",
        "flows.advance.work_on",
        "flows.nightly.audit",
    ):
        monkeypatch.setattr(place, quotes)
    monkeypatch.setattr("flows.intake.take_file.retries", 0)
    piece = Piece(About.SUBMISSION, received.batch_id).subject
    for run in (
        lambda: intake_paper(received.batch_id or "", received.batch_number),
        lambda: take_file(received.batch_id or "", received.arrival_ids[0]),
        lambda: read_claimed([piece]),
        lambda: match_claimed([piece]),
        lambda: audit_and_seal.with_options(retries=0)(),
    ):
        with pytest.raises(RunFailed) as told:
            run()
        assert find_outage(told.value) is Outage.DISK_FULL, "what it was is known here all the same"
        assert quoted not in "".join(format_exception(told.value))
    run_kept = flow_run(ask, f"紙受付 バッチ {received.batch_number}")
    assert re.search(r"RunFailed: OSError at test_flows_runs\.py:\d+$", run_kept["state"]["message"])
    kept = [path for path in Path(prefect_server.environment["PREFECT_HOME"]).rglob("*") if path.is_file()]
    assert any(b"OSError at test_flows_runs.py" in path.read_bytes() for path in kept), "this is where it would be"
    assert [path.name for path in kept if quoted.encode() in path.read_bytes()] == []
    assert quoted not in caplog.text + "".join(capfd.readouterr())


def test_every_flow_and_task_fails_without_values() -> None:
    seen = set()
    for module in (advancing, folder, intake, lanes, nightly, send):
        for one in vars(module).values():
            if isinstance(one, Flow | Task):
                seen.add(one.name)
                assert one.fn.__code__ is without_values(lambda: None).__code__, one.name
    assert len(seen) >= 10


def typed_values(runtime: Runtime) -> set[str]:
    """What applicants typed that is long enough not to stand anywhere by chance."""
    from pipeline.store.tables import FieldValue

    with read(runtime.engine) as session:
        found = {row.raw for row in session.exec(select(FieldValue)).all() if len(row.raw) >= 6}
    assert len(found) > 20
    return found
