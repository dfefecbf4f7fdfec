"""`ichimado doctor`: a sound installation is well, and each thing broken on purpose is the line that is said."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text
from typer.testing import CliRunner

from ichimado.cli import app
from ichimado.compose import make_runtime, open_runtime
from ichimado.doctor import ALONE, IN_STORE, OF_FLOWS, Level, examine, flows, machine, store
from ichimado.doctor.findings import Finding
from ichimado.settings import Settings
from pipeline.domain.statuses import ArrivalStatus, OutboundKind, OutboundStatus, StaffRole
from pipeline.procedures.fonts import FontError
from pipeline.review.staff import create_user
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.backup import back_up
from pipeline.store.engine import write
from pipeline.store.events import append_event
from pipeline.store.tables import Arrival, Outbound, Worker
from tests.runtime import install, receive_export, small_export

QUIET: dict[str, str] = {"DO_NOT_TRACK": "1", "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false"}


@dataclass
class House:
    """An installation under test. changed: settings that differ."""

    runtime: Runtime
    settings: Settings
    environment: dict[str, str] = field(default_factory=dict)

    def findings(self) -> dict[str, Finding]:
        return dict(examine(self.settings, self.environment))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of an installation in which all is well: staff, a procedure, applications, a seal, a backup."""
    folder = tmp_path_factory.mktemp("sound")
    runtime = open_runtime(Settings(data_dir=folder / "data"))
    install(runtime)
    create_user(
        runtime, "kanri", "correct-horse-7", display_name="管理", roles=[StaffRole.ADMINISTRATOR], department="kodomo"
    )
    data, files = small_export("portal_utf8/portal_20261106.csv")
    receive_export(runtime, "portal", data, files)
    assert audit(runtime).breaches == ()
    back_up(runtime, folder / "backups")
    runtime.engine.dispose()
    return folder / "data"


@pytest.fixture
def house(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A copy of it, with a worker that spoke just now."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(sound, tmp_path / "data")
    settings = Settings(data_dir=tmp_path / "data", disk_floor_mb=1)
    runtime = make_runtime(settings)
    with write(runtime.engine) as session:
        session.execute(
            text("UPDATE submission SET received_at = :now"), {"now": datetime.now(UTC).replace(tzinfo=None)}
        )
        session.add(Worker(id="w1", name="w1"))
    yield House(runtime, settings)
    runtime.engine.dispose()


def test_a_sound_installation_is_well(house: House) -> None:
    found = house.findings()
    assert {name: one.ja for name, one in found.items() if one.level is not Level.FINE} == {}
    assert len(found) >= 18


def test_looking_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = dict(examine(Settings(data_dir=tmp_path / "none"), {}))
    assert {name for name, one in found.items() if one.level is Level.BAD} >= {"data_folder", "key_file", "database"}
    assert "schema" not in found, "what builds on it is not asked"
    assert list(tmp_path.iterdir()) == []


Break = Callable[[House, pytest.MonkeyPatch], None]


def rows(statement: str, **values: Any) -> Break:
    def act(house: House, patch: pytest.MonkeyPatch) -> None:
        with write(house.runtime.engine) as session:
            session.execute(text(statement), values)

    return act


def add(make: Callable[[], Any]) -> Break:
    def act(house: House, patch: pytest.MonkeyPatch) -> None:
        with write(house.runtime.engine) as session:
            session.add(make())

    return act


def setting(**changed: Any) -> Break:
    def act(house: House, patch: pytest.MonkeyPatch) -> None:
        house.settings = house.settings.model_copy(update=changed)

    return act


def no_data_folder(house: House, patch: pytest.MonkeyPatch) -> None:
    house.settings = house.settings.model_copy(update={"data_dir": house.settings.data_dir / "none"})


def read_only_folder(house: House, patch: pytest.MonkeyPatch) -> None:
    # Root may write anywhere, so the question itself is answered.
    patch.setattr(machine.os, "access", lambda *_: False)


def key_gone(house: House, patch: pytest.MonkeyPatch) -> None:
    (house.settings.data_dir / "ichimado.key").unlink()


def key_open(house: House, patch: pytest.MonkeyPatch) -> None:
    (house.settings.data_dir / "ichimado.key").chmod(0o644)


def key_broken(house: House, patch: pytest.MonkeyPatch) -> None:
    (house.settings.data_dir / "ichimado.key").write_bytes(b"not a key")


def other_key(house: House, patch: pytest.MonkeyPatch) -> None:
    (house.settings.data_dir / "ichimado.key").write_bytes(Fernet.generate_key())


def old_python(house: House, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(machine, "OLDEST_PYTHON", (99, 0))


def no_models(house: House, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(machine, "WEIGHTS", ("nothing-of-this-name.onnx",))


def no_fonts(house: House, patch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise FontError("font_missing", "none")

    patch.setattr(machine, "find_japanese_font", missing)


def open_settings_file(house: House, patch: pytest.MonkeyPatch) -> None:
    Path("ichimado.env").write_text("ICHIMADO_PORT=8470\n")
    Path("ichimado.env").chmod(0o644)


def little_room(house: House, patch: pytest.MonkeyPatch) -> None:
    free = machine.shutil.disk_usage(house.settings.data_dir).free >> 20
    house.settings = house.settings.model_copy(update={"disk_floor_mb": int(free * 0.5)})


def blobs_away(house: House, patch: pytest.MonkeyPatch) -> None:
    path = house.settings.data_dir / "nowhere"
    path.write_text("a file where the folder should be")
    house.settings = house.settings.model_copy(update={"blobs_url": str(path)})


def event_of_tomorrow(house: House, patch: pytest.MonkeyPatch) -> None:
    with write(house.runtime.engine) as session:
        append_event(session, "store", "x", "seen", actor="test", at=datetime.now(UTC) + timedelta(hours=1))


def no_pack(house: House, patch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(house.settings.data_dir / "ichimado.db") as connection:  # which minds no references
        connection.execute("DELETE FROM pack_version")


def demo_left(house: House, patch: pytest.MonkeyPatch) -> None:
    (house.settings.data_dir / store.DEMO_PASSWORDS).write_text("{}")
    create_user(
        house.runtime, "reviewer", "correct-horse-7", display_name="見本", roles=[StaffRole.REVIEWER], department="k"
    )


def lost_database(house: House, patch: pytest.MonkeyPatch) -> None:
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2"
    house.settings = house.settings.model_copy(update={"database_url": url})


def failing(house: House, patch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("龗田 燚子")

    patch.setattr(store, "probe_blobs", broken)
    patch.setattr(machine, "find_bundled_model", broken)


LONG_AGO = datetime(2020, 1, 1)
BROKEN: dict[str, tuple[str, Level, Break]] = {
    "an old interpreter": ("python", Level.BAD, old_python),
    "no data folder": ("data_folder", Level.BAD, no_data_folder),
    "a data folder that may not be written": ("data_folder", Level.BAD, read_only_folder),
    "a full disk": ("disk", Level.BAD, setting(disk_floor_mb=1 << 40)),
    "a disk that fills": ("disk", Level.WARNING, little_room),
    "no key": ("key_file", Level.BAD, key_gone),
    "a key that others read": ("key_file", Level.BAD, key_open),
    "a broken key": ("key_file", Level.BAD, key_broken),
    "another store's key": ("key_fits", Level.BAD, other_key),
    "no models": ("models", Level.BAD, no_models),
    "no fonts": ("fonts", Level.BAD, no_fonts),
    "open to all without TLS": ("listening", Level.BAD, setting(host="0.0.0.0")),
    "settings that others read": ("settings_file", Level.WARNING, open_settings_file),
    "a watched folder that is not there": ("hot_folder", Level.BAD, setting(hot_folder="nowhere")),
    "a database that does not answer": ("database", Level.BAD, lost_database),
    "an older schema": ("schema", Level.BAD, rows("UPDATE alembic_version SET version_num = '0001'")),
    "a newer store": ("schema", Level.BAD, rows("UPDATE alembic_version SET version_num = '9999'")),
    "files that cannot be kept": ("files", Level.BAD, blobs_away),
    "a clock set back": ("clock", Level.BAD, event_of_tomorrow),
    "two workers on SQLite": ("one_writer", Level.BAD, add(lambda: Worker(id="w2", name="w2"))),
    "no procedure": ("pack", Level.WARNING, no_pack),
    "no administrator": ("administrator", Level.WARNING, rows("DELETE FROM staff_grant")),
    "an administrator who left": ("administrator", Level.WARNING, rows("UPDATE staff_user SET active = false")),
    "staff of the demo": ("demo_accounts", Level.WARNING, demo_left),
    "silent workers": ("workers", Level.WARNING, rows("UPDATE worker SET beat_at = :at", at=LONG_AGO)),
    "work that stands": (
        "work_moves",
        Level.WARNING,
        rows("UPDATE submission SET received_at = :at, due = true", at=LONG_AGO),
    ),
    "work that fails": ("work_moves", Level.WARNING, rows("UPDATE submission SET attempts = 2")),
    "work that was given up": (
        "parked",
        Level.WARNING,
        add(lambda: Arrival(source="x", identity="x", content_hash="x", blob="", status=ArrivalStatus.PARKED)),
    ),
    "a message that did not leave": (
        "outbox",
        Level.WARNING,
        add(
            lambda: Outbound(
                kind=OutboundKind.STATUS_EVENT, idempotency_key="k", department="k", status=OutboundStatus.FAILED
            )
        ),
    ),
    "a history that nobody sealed": ("sealed", Level.WARNING, rows("UPDATE seal SET sealed_at = :at", at=LONG_AGO)),
    "an old backup": ("backup", Level.WARNING, setting(backup_within_h=1e-9)),
    "no backup": ("backup", Level.WARNING, rows("DELETE FROM event WHERE kind = 'backed_up'")),
    "a check that fails itself": ("models", Level.BAD, failing),
}


def test_every_check_is_broken_here() -> None:
    here = {name for name, _, _ in BROKEN.values()} | {"clock_of_database"}
    assert here == {check.__name__ for check in (*ALONE, *IN_STORE)} | {"database", "schema"}
    assert {check.__name__ for check in OF_FLOWS} == {"prefect_scheduler", "prefect_worker"}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_said_with_what_to_do(house: House, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, level, act = BROKEN[case]
    act(house, monkeypatch)
    found = house.findings()
    assert found[name].level is level, found[name]
    assert found[name].ja.endswith("。") and found[name].en
    assert "龗" not in "".join(one.ja + one.en for one in found.values())


def test_the_databases_clock_is_compared(databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with databases.migrated("postgresql") as url:
        settings = Settings(data_dir=tmp_path / "data", database_url=url, disk_floor_mb=1)
        open_runtime(settings).engine.dispose()
        assert dict(examine(settings, {}))["clock_of_database"].level is Level.FINE
        monkeypatch.setattr(store, "CLOCK_SLACK", timedelta(seconds=-1))
        assert dict(examine(settings, {}))["clock_of_database"].level is Level.WARNING


Answers = Mapping[str, Any]
NOW = datetime.now(UTC)
WELL: dict[str, Any] = {
    "/admin/version": version("prefect"),
    "/deployments/count": 5,
    "/flow_runs/count": [3, 0],
    "/work_pools/ichimado/workers/filter": [{"last_heartbeat_time": (NOW + timedelta(hours=1)).isoformat()}],
}


@contextmanager
def prefect_that_answers(answers: Answers, *, locked: bool = True) -> Iterator[str]:
    """Stands for a Prefect server, whose own answers tests/integration/test_flows_pool.py shows to be of this shape."""
    counts = {name: iter(value) for name, value in answers.items() if name == "/flow_runs/count"}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if locked and self.headers.get("Authorization") != "Basic YWRtaW46cHc=":
                self._say(401, None)
                return
            name = self.path.removeprefix("/api")
            found = next(counts[name], 0) if name in counts else answers.get(name)
            self._say(200 if found is not None else 404, found)

        do_POST = do_GET

        def _say(self, status: int, value: Any) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api"
    server.shutdown()
    server.server_close()


FLOWS: dict[str, tuple[Answers, dict[str, str], str, Level]] = {
    "all is well": ({}, {}, "prefect_scheduler", Level.FINE),
    "a worker polls": ({}, {}, "prefect_worker", Level.FINE),
    "another version": ({"/admin/version": "2.0.0"}, {}, "prefect_server", Level.WARNING),
    "another password": ({}, {"PREFECT_API_AUTH_STRING": "admin:no"}, "prefect_server", Level.BAD),
    "nothing deployed": ({"/deployments/count": 0}, {}, "prefect_scheduler", Level.WARNING),
    "runs that do not begin": ({"/flow_runs/count": [3, 2]}, {}, "prefect_scheduler", Level.WARNING),
    "no runs ahead": ({"/flow_runs/count": [0, 0]}, {}, "prefect_scheduler", Level.WARNING),
    "no pool": ({"/work_pools/ichimado/workers/filter": None}, {}, "prefect_worker", Level.WARNING),
    "a worker long silent": (
        {"/work_pools/ichimado/workers/filter": [{"last_heartbeat_time": (NOW - timedelta(hours=1)).isoformat()}]},
        {},
        "prefect_worker",
        Level.WARNING,
    ),
    "telling others": ({}, {"DO_NOT_TRACK": "0"}, "quiet", Level.WARNING),
    "quiet": ({}, {}, "quiet", Level.FINE),
}


@pytest.mark.parametrize("case", FLOWS)
def test_prefect_is_looked_at(house: House, case: str) -> None:
    changed, environment, name, level = FLOWS[case]
    with prefect_that_answers({**WELL, **changed}) as api:
        house.environment = {
            **QUIET,
            "PREFECT_API_URL": api,
            "PREFECT_API_AUTH_STRING": "admin:pw",
            **environment,
        }
        assert house.findings()[name].level is level


def test_a_prefect_server_that_lets_anybody_in_is_bad(house: House) -> None:
    with prefect_that_answers({**WELL, "/flow_runs/count": [3, 3, 0]}, locked=False) as api:
        house.environment = {**QUIET, "PREFECT_API_URL": api, "PREFECT_API_AUTH_STRING": "admin:pw"}
        found = house.findings()
    assert found["prefect_server"].level is Level.BAD and "PREFECT_SERVER_API_AUTH_STRING" in found["prefect_server"].en
    assert "prefect_worker" not in found


def test_a_prefect_server_that_is_away_is_bad(house: House) -> None:
    house.environment = {**QUIET, "PREFECT_API_URL": "http://127.0.0.1:1/api"}
    assert house.findings()["prefect_server"].level is Level.BAD
    assert flows.PATIENCE_S < 10


def test_the_command_ends_by_how_bad_it_is(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("data_dir", "disk_floor_mb"):
        monkeypatch.setenv(f"ICHIMADO_{name.upper()}", str(getattr(house.settings, name)))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)

    def run(*arguments: str) -> tuple[int, list[dict[str, str]]]:
        result = CliRunner().invoke(app, ["doctor", "--json", *arguments])
        return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]

    status, lines = run("--strict")
    assert status == 0 and len(lines) >= 18 and set(lines[0]) == {"check", "level", "ja", "en"}
    with write(house.runtime.engine) as session:
        session.execute(text("DELETE FROM staff_grant"))
    assert run()[0] == 0 and run("--strict")[0] == 1
    (house.settings.data_dir / "ichimado.key").chmod(0o640)
    assert run()[0] == 1
    said = CliRunner().invoke(app, ["doctor"])
    assert "× 鍵 ichimado.key" in said.stderr and "△ 権限を管理する職員" in said.stderr


def test_a_sqlite_file_is_not_made_by_looking(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'none.db'}"
    found = dict(examine(Settings(data_dir=tmp_path, database_url=url), {}))
    assert found["database"].level is Level.BAD and not (tmp_path / "none.db").exists()


def test_one_check_may_be_asked_alone(house: House) -> None:
    assert [name for name, _ in examine(house.settings, {}, {"workers"})] == ["workers"]
    missing = house.settings.model_copy(update={"data_dir": house.settings.data_dir / "none"})
    assert [name for name, _ in examine(missing, {}, {"workers"})] == ["database"], "what it builds on is amiss"
    assert CliRunner().invoke(app, ["doctor", "--only", "nothing"]).exit_code == 2
