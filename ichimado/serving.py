"""`ichimado serve`: the screens, the flows and, unless one is given, a local Prefect server, as one command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import FrameType

import uvicorn

from ichimado.compose import open_runtime
from ichimado.prefect_server import PrefectAccess, announce, prepare_environment, start_child, start_server
from ichimado.settings import Settings
from ichimado.terminal import fail, say, show_columns
from web.app import create_app
from web.settings import WebSettings

POLL_S = 0.5
START_PATIENCE_S = 60.0
END_PATIENCE_S = 12.0
WORKER_AGAIN_S = 5.0

COMMANDS = {"web": ("serve", "--only", "web"), "worker": ("worker",)}
"""The parts that run beside Prefect, by the command each is started with."""


StaffLine = tuple[str, str, str]
"""Login, password, roles."""


class Stopped(Exception):
    """A signal asked us to end."""


def serve_web(settings: Settings, prefect_url: str | None = None) -> None:
    """The screens, in this process, until stopped. No access log: paths hold ids of people's applications."""
    app = create_app(open_runtime(settings), web_settings(settings, prefect_url))
    uvicorn.run(app, host=settings.host, port=settings.port, access_log=False, log_config=None, server_header=False)


def web_settings(settings: Settings, prefect_url: str | None = None) -> WebSettings:
    """What the window has to know of the installation's settings."""
    return WebSettings(
        https=settings.secure_cookies,
        max_upload_mb=settings.max_upload_mb,
        max_api_request_mb=settings.api_max_request_mb,
        max_attachment_mb=settings.api_max_file_mb,
        max_api_files=settings.api_max_files,
        api_per_minute=settings.api_per_minute,
        prefect_url=prefect_url,
        metrics_token=settings.metrics_token,
        disk_floor_mb=settings.disk_floor_mb,
    )


def serve_all(settings: Settings) -> None:
    """Everything, with a Prefect server of its own unless PREFECT_API_URL names one."""
    if os.environ.get("PREFECT_API_URL"):
        announce(settings)
        supervise(settings, None, None)
        return
    access = prepare_environment(settings)
    say(f"Prefect を起動しています({access.url})…")
    supervise(settings, access, start_server(settings, access))


def supervise(
    settings: Settings,
    access: PrefectAccess | None,
    server: subprocess.Popen[bytes] | None,
    staff: Sequence[StaffLine] = (),
) -> None:
    """Runs the screens and a worker as children until a signal comes, or the screens or Prefect end; then ends all
    of them. A worker that ends is started again.

    staff: login, password and roles of sample staff, shown once everything answers.
    """
    children: dict[str, subprocess.Popen[bytes]] = {} if server is None else {"prefect": server}
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _stop)
        for part in COMMANDS:
            children[part] = _child(settings, part, access)
        _wait_for_screens(settings, children)
        show_entrances(settings, access, staff)
        while not (ended := _ended(children)):
            time.sleep(POLL_S)
            if children["worker"].poll() is not None:
                time.sleep(WORKER_AGAIN_S)
                children["worker"] = _child(settings, "worker", access)
        fail(f"止まりました: {', '.join(ended)}。記録は {settings.data_dir} の中の *.log にあります。")
        raise SystemExit(1)
    except Stopped:
        say("終わります。")
    finally:
        _end(children)


def show_entrances(settings: Settings, access: PrefectAccess | None, staff: Sequence[StaffLine]) -> None:
    """The addresses and who may sign in, as one calm block."""
    addresses = [("確認画面", f"http://{settings.host}:{settings.port}")]
    if access is not None:
        addresses.append(("流れ (Prefect)", access.url))
        # Prefect's own page asks for both in one field.
        addresses.append(("  入るときの合言葉", f"{access.login}:{access.password}"))
    say("")
    show_columns(addresses)
    if staff:
        say("")
        show_columns([("ログイン", "パスワード", "役割"), *staff], header=True)
    say("")
    say("終えるには Ctrl+C を押してください。")


def _wait_for_screens(settings: Settings, children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < deadline and not _ended(children):
        with suppress(OSError):
            urllib.request.urlopen(f"http://{settings.host}:{settings.port}/healthz", timeout=2).close()
            return
        time.sleep(POLL_S)


def _ended(children: Mapping[str, subprocess.Popen[bytes]]) -> list[str]:
    return [name for name, child in children.items() if name != "worker" and child.poll() is not None]


def _end(children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Asks every child to end, waits a little, and ends by force what is left of it and its own children."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    for child in children.values():
        child.terminate()
    deadline = time.monotonic() + END_PATIENCE_S
    for child in children.values():
        with suppress(subprocess.TimeoutExpired):
            child.wait(timeout=max(0.1, deadline - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _child(settings: Settings, part: str, access: PrefectAccess | None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ichimado.cli", *COMMANDS[part]]
    environment = {
        **os.environ,
        "ICHIMADO_DATA_DIR": str(settings.data_dir.resolve()),
        "ICHIMADO_DATABASE_URL": settings.database_url,
        "ICHIMADO_HOST": settings.host,
        "ICHIMADO_PORT": str(settings.port),
        "ICHIMADO_DASHBOARD_URL": access.url if access else settings.dashboard_url,
    }
    with (settings.data_dir / f"{part}.log").open("ab") as log:
        return start_child(command, log, environment)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped
