"""`ichimado serve` starts the screens, the flows and Prefect, and one signal ends them all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from rich.console import Console

from ichimado import serving, terminal
from ichimado.demo import STAFF, staff_lines
from ichimado.prefect_server import PrefectAccess, free_port
from ichimado.settings import Settings

PATIENCE_S = 400
END_S = 60


def answers(url: str) -> bool:
    """Whether the address is served at all; asking for a password counts."""
    try:
        with urllib.request.urlopen(url, timeout=30) as got:
            return bool(got.status == 200)
    except urllib.error.HTTPError as error:
        return error.code == 401
    except OSError:
        return False


def descendants(pid: int) -> set[int]:
    """Ids of the process's children, and of theirs."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        with suppress(OSError):
            for task in Path(f"/proc/{waiting.pop()}/task").iterdir():
                children = {int(child) for child in (task / "children").read_text().split()} - found
                found |= children
                waiting += children
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def scheduled_runs(prefect: str, data: Path) -> int:
    """How many runs of the scheduled flows Prefect knows; an import or a healthy server proves none."""
    token = b64encode(f"admin:{(data / 'prefect' / 'password').read_text().strip()}".encode()).decode()
    request = urllib.request.Request(
        f"{prefect}/api/flow_runs/filter",
        data=json.dumps({"deployments": {"name": {"any_": ["夜間"]}}}).encode(),
        headers={"Authorization": f"Basic {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return len(json.load(answer))


def until(holds: Callable[[], bool], what: str) -> None:
    """Waits for something to hold; fails with `what` after PATIENCE_S seconds."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.5)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, str]]:
    """The process, the address of the screens and that of the dashboard."""
    web, prefect = free_port(), free_port()
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("PREFECT_", "ICHIMADO_"))}
    environment = kept | {
        "ICHIMADO_DATA_DIR": str(tmp_path),
        "ICHIMADO_PORT": str(web),
        "ICHIMADO_PREFECT_PORT": str(prefect),
        "NO_COLOR": "1",
    }
    with (tmp_path / "out.log").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "ichimado.cli", "serve"], env=environment, cwd=tmp_path, stdout=out, stderr=out
        )
    yield process, f"http://127.0.0.1:{web}", f"http://127.0.0.1:{prefect}"
    if process.poll() is None:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_serve_starts_everything_and_one_signal_ends_it(
    served: tuple[subprocess.Popen[bytes], str, str], tmp_path: Path
) -> None:
    process, web, prefect = served
    said = ""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and "Ctrl+C" not in said:
        assert process.poll() is None, (tmp_path / "out.log").read_text()
        said = (tmp_path / "out.log").read_text()
        time.sleep(0.5)
    assert web in said
    assert prefect in said
    assert answers(f"{web}/healthz")
    assert answers(prefect)
    until(lambda: scheduled_runs(prefect, tmp_path) > 0, "Prefect's scheduler makes runs of the night")
    running = descendants(process.pid)
    assert len(running) >= 3
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=END_S) == 0
    assert [pid for pid in running if is_alive(pid)] == []


def test_entrances_are_one_aligned_block(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(record=True, width=100, file=open(os.devnull, "w"))  # noqa: SIM115
    monkeypatch.setattr(terminal, "console", console)
    passwords = {login: f"password-{number}" for number, (login, *_) in enumerate(STAFF)}
    access = PrefectAccess("http://127.0.0.1:4270", "admin", "secret-word")
    serving.show_entrances(Settings(), access, staff_lines(passwords))
    lines = console.export_text().splitlines()
    assert any("http://127.0.0.1:8470" in line for line in lines)
    assert any("admin:secret-word" in line for line in lines)
    starts = {line.index(word) for word in passwords.values() for line in lines if word in line}
    assert len(starts) == 1
    for login, _, _, _ in STAFF:
        assert any(login in line and passwords[login] in line for line in lines)


def test_given_prefect_server_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = "http://prefect.example:4270/api"
    monkeypatch.setenv("PREFECT_API_URL", given)
    for name in ("ICHIMADO_RUNTIME", "ICHIMADO_WEB_URL", "ICHIMADO_HOT_FOLDER", "ICHIMADO_DATA_DIR"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("ICHIMADO_HOT_FOLDER_SETTLE_S", "5")
    monkeypatch.delenv("ICHIMADO_RUNTIME")
    seen: list[object] = []
    monkeypatch.setattr(serving, "supervise", lambda settings, access, server: seen.append((access, server)))
    monkeypatch.setattr(serving, "start_server", lambda *_: pytest.fail("a second server"))
    serving.serve_all(Settings(data_dir=tmp_path))
    assert seen == [(None, None)]
    assert os.environ["PREFECT_API_URL"] == given
    assert os.environ["ICHIMADO_RUNTIME"] == "ichimado.compose:open_runtime_of_flows"
