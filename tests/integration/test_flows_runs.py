"""The flows on a real Prefect server: what they leave in the store, and what an operator sees of them by name."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)
from sqlmodel import select

from flows import context
from flows.advance import advance_due
from flows.intake import intake_online, intake_paper
from flows.sweep import sweep, watch_hot_folder
from pipeline.channels.slip import BatchSlip
from pipeline.domain.statuses import ArrivalStatus, BatchStatus, Channel, SubmissionStatus
from pipeline.runtime import Runtime
from pipeline.steps.intake_online import store_export
from pipeline.steps.intake_paper import Received, receive_files
from pipeline.store.engine import read
from pipeline.store.tables import Arrival, Batch, Submission
from tests.databases import Databases
from tests.papers import application, blank, tiff
from tests.prefect_servers import PrefectForTests
from tests.runtime import PROCEDURE, Clock, import_small_roster, install, make_runtime, small_export

Ask = Callable[[str, dict[str, Any]], Any]
"""A path and a filter to the server's answer."""

IDENTIFIER = re.compile(r"[0-9a-f]{32}")
BATCH_NUMBER = re.compile(r"\d{4}-\d\d-\d\d-\d\d")
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
    intake_online(store_export(store, PROCEDURE, "portal", "export.csv", data, files))
    counts = advance_due()
    assert sum(counts.values()) == len(submissions(store))
    assert set(counts) <= {SubmissionStatus.SETTLED.value, SubmissionStatus.IN_REVIEW.value}
    assert rows(ask, "advance-due") == counts
    progress = newest(ask, "/artifacts/filter", sort="CREATED_DESC", artifacts={"type": {"any_": ["progress"]}})
    assert progress["data"] == 100.0


@pytest.mark.slow
def test_sweep_takes_up_what_a_crash_left(store: Runtime, ask: Ask) -> None:
    received = hand_over(store)
    data, files = small_export("portal_cp932/portal_20261113.csv")
    arrival_id = store_export(store, PROCEDURE, "portal", "export.csv", data, files)
    assert sweep(stalled_after_s=60.0) == {"束": 0, "申請データ": 0, "申請": 0, "手紙": 0}
    assert isinstance(store.clock, Clock)
    store.clock.pass_(seconds=61)
    counts = sweep(stalled_after_s=60.0)
    assert (counts["束"], counts["申請データ"]) == (1, 1)
    assert counts["申請"] == len(submissions(store)) > 1
    assert rows(ask, "sweep") == counts
    with read(store.engine) as session:
        assert session.get_one(Batch, received.batch_id).status is BatchStatus.SPLIT
        assert session.get_one(Arrival, arrival_id).status is ArrivalStatus.TAKEN
    assert not any(submission.due for submission in submissions(store))
    assert sweep(stalled_after_s=60.0)["申請"] == 0


@pytest.mark.slow
def test_watched_folder_is_taken_in(store: Runtime, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "hot"
    (folder / "wrong").mkdir(parents=True)
    (folder / "scan.tif").write_bytes(tiff(application()))
    (folder / "wrong" / "scan.tif").write_bytes(tiff(application(2)))
    (folder / "wrong" / "batch.yaml").write_text("no slip")
    monkeypatch.setenv("ICHIMADO_HOT_FOLDER", str(folder))
    assert watch_hot_folder() == 0
    assert isinstance(store.clock, Clock)
    store.clock.pass_(seconds=timedelta(minutes=1).total_seconds())
    assert watch_hot_folder() == 1
    (submission,) = submissions(store)
    assert submission.channel is Channel.MAIL
    assert not submission.due
    (problem,) = json.loads(artifact(ask, "hot-folder-problems")["data"])
    assert (problem["問題"], problem["フォルダー数"]) == ("malformed_slip", 1)


@pytest.mark.slow
def test_no_watched_folder_is_no_work(store: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ICHIMADO_HOT_FOLDER", raising=False)
    assert watch_hot_folder() == 0


@pytest.mark.slow
def test_server_holds_identifiers_only(store: Runtime, ask: Ask) -> None:
    """Parameters, names, artifacts: nothing of a form and no file name is in what the server keeps."""
    received = hand_over(store)
    data, files = small_export("portal_utf8/portal_20261106.csv")
    arrival_id = store_export(store, PROCEDURE, "portal", "山田花子.csv", data, files)
    assert received.batch_id is not None
    intake_paper(received.batch_id, received.batch_number)
    intake_online(arrival_id)
    advance_due()
    runs = ask("/flow_runs/filter", {"limit": 200})
    parameters = [value for run in runs for value in run["parameters"].values()]
    assert {received.batch_id, received.batch_number, arrival_id} <= set(map(str, parameters))
    for value in parameters:
        said = str(value)
        assert isinstance(value, int | float) or IDENTIFIER.fullmatch(said) or BATCH_NUMBER.fullmatch(said)
    task_runs = ask("/task_runs/filter", {"limit": 200})
    kept = json.dumps([runs, task_runs, ask("/artifacts/filter", {"limit": 200})], ensure_ascii=False)
    assert "山田花子" not in kept
    assert not [value for value in typed_values(store) if value in kept]


def typed_values(runtime: Runtime) -> set[str]:
    """What applicants typed that is long enough not to stand anywhere by chance."""
    from pipeline.store.tables import FieldValue

    with read(runtime.engine) as session:
        found = {row.raw for row in session.exec(select(FieldValue)).all() if len(row.raw) >= 6}
    assert len(found) > 20
    return found
