"""Alive, ready, and figures: on both databases, and with each thing broken that work stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from ichimado.settings import Settings
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.backup import back_up
from pipeline.store.engine import open_engine, write
from pipeline.store.tables import Submission, Worker
from tests.factories import Store, make_store
from tests.runtime import rows_of
from web.app import create_app
from web.metrics import UNMATCHED
from web.routes import health
from web.settings import WebSettings

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LOOK_EVERY_S", -1.0)


@pytest.fixture
def store(sqlite_database_url: str, tmp_path: Path) -> Iterator[Store]:
    made = make_store(sqlite_database_url, tmp_path)
    yield made
    made.runtime.engine.dispose()


def client_of(runtime: Runtime, host: str = "127.0.0.1", **settings: object) -> TestClient:
    app = create_app(runtime, WebSettings(**settings))  # type: ignore[arg-type]
    return TestClient(app, client=(host, 50000), raise_server_exceptions=False, follow_redirects=False)


def samples_of(page: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_a_sound_house_is_ready(runtime: Runtime) -> None:
    answer = client_of(runtime).get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "checks": dict.fromkeys(("database", "schema", "files", "disk"), True),
    }
    assert not list((runtime.data_dir / "blobs").rglob("*.part"))
    assert [path for path in (runtime.data_dir / "blobs").rglob("*") if path.is_file()] == [], (
        "the probe leaves nothing"
    )


def test_each_thing_that_is_broken_is_named(store: Store, tmp_path: Path) -> None:
    runtime, client = store.runtime, client_of(store.runtime)
    with write(runtime.engine) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert client.get("/readyz").json()["checks"] == {"database": True, "schema": False, "files": True, "disk": True}
    with write(runtime.engine) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert client.get("/readyz").status_code == 503, "a store of a newer release is not ours to work on"
    blobs = tmp_path / "blobs"
    for path in blobs.glob("*"):
        path.rename(tmp_path / f"moved-{path.name}")
    blobs.rmdir() if blobs.exists() else None
    blobs.write_text("a file where the folder should be")
    checks = client.get("/readyz").json()["checks"]
    assert checks["files"] is False and checks["database"] is True
    assert client_of(runtime, disk_floor_mb=1 << 40).get("/readyz").json()["checks"]["disk"] is False


def test_without_a_database_it_is_alive_and_not_ready(store: Store, tmp_path: Path) -> None:
    store.runtime.engine = open_engine(f"sqlite:///{tmp_path}/no/such/folder/x.db")
    client = client_of(store.runtime)
    assert client.get("/healthz").json() == {"ok": True}
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": False, "schema": False, "files": True, "disk": True}


def test_readiness_is_not_worked_out_for_every_asker(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LOOK_EVERY_S", 60.0)
    looks = []
    whole = dict.fromkeys(("database", "schema", "files", "disk"), True)
    monkeypatch.setattr(health, "look_whether_ready", lambda *_: looks.append(1) or whole)
    client = client_of(store.runtime)
    assert [client.get("/readyz").status_code for _ in range(5)] == [200] * 5
    assert len(looks) == 1


def test_figures_are_those_of_the_store(both: Runtime, tmp_path: Path) -> None:
    audit(both)
    back_up(both, tmp_path / "backups")
    with write(both.engine) as session:
        session.add(Worker(name="w1", started_at=both.clock(), beat_at=both.clock()))
    both.clock.pass_(seconds=90)  # type: ignore[attr-defined]
    client = client_of(both)
    client.get("/sign-in")
    client.get("/tasks/0123456789abcdef0123456789abcdef")
    client.get("/nowhere/0123456789abcdef")
    answer = client.get("/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
    got = samples_of(answer.text)

    def one(name: str, **labels: str) -> float:
        return got[name, tuple(sorted(labels.items()))]

    settled = rows_of(both, Submission, status="settled")
    assert sum(
        v for (n, labels), v in got.items() if n == "ichimado_submissions" and ("status", "settled") in labels
    ) == (len(settled))
    assert one("ichimado_up") == 1
    assert one("ichimado_tasks", kind="intake", status="open") >= 1
    assert one("ichimado_arrivals", status="taken") > 0
    assert one("ichimado_due_submissions") == 0 and one("ichimado_oldest_due_seconds") == 0
    assert one("ichimado_events_total") > 10
    assert one("ichimado_sealed_age_seconds") == one("ichimado_backup_age_seconds") == 90
    assert one("ichimado_worker_silence_seconds", worker="w1") == 90
    assert one("ichimado_web_process_resident_memory_bytes") > 1 << 20
    assert one("ichimado_http_request_seconds_count", method="GET", route="/sign-in", status="2xx") == 1
    routes = {dict(labels).get("route") for name, labels in got if name == "ichimado_http_request_seconds_count"}
    assert UNMATCHED in routes and "/tasks/{task_id}" in routes
    assert not re.search(r"[0-9a-f]{24}", answer.text), "no ids"


def test_figures_say_when_the_store_does_not_answer(store: Store) -> None:
    client = client_of(store.runtime)
    with write(store.runtime.engine) as session:
        session.execute(text("ALTER TABLE submission RENAME TO gone"))
    got = samples_of(client.get("/metrics").text)
    assert got["ichimado_up", ()] == 0
    assert not any(name == "ichimado_submissions" for name, _ in got)


@pytest.mark.parametrize(
    ("host", "headers", "token", "status"),
    [
        ("127.0.0.1", {}, "", 200),
        ("::1", {}, "", 200),
        ("10.0.0.7", {}, "", 404),
        ("testclient", {}, "", 404),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.7"}, "", 404),
        ("127.0.0.1", {"Via": "1.1 proxy"}, "", 404),
        ("127.0.0.1", {}, "s3cret-token", 404),
        ("10.0.0.7", {"Authorization": "Bearer s3cret-token"}, "s3cret-token", 200),
        ("10.0.0.7", {"Authorization": "Bearer other"}, "s3cret-token", 404),
        ("10.0.0.7", {"Authorization": "Basic s3cret-token"}, "s3cret-token", 404),
    ],
)
def test_who_may_see_the_figures(store: Store, host: str, headers: dict[str, str], token: str, status: int) -> None:
    answer = client_of(store.runtime, host, metrics_token=token).get("/metrics", headers=headers)
    assert answer.status_code == status
    assert ("ichimado_up" in answer.text) == (status == 200)


def test_the_token_shows_in_no_representation() -> None:
    assert "s3cret" not in repr(WebSettings(metrics_token="s3cret")) + repr(Settings(metrics_token="s3cret"))
