"""`ichimado serve`: the screens, the flows and, unless one is given, a local Prefect server, as one command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from types import FrameType

import uvicorn

from ichimado.compose import open_runtime
from ichimado.prefect_server import PrefectAccess, die_with_parent, prepare_environment, start_server
from ichimado.settings import Settings
from ichimado.terminal import fail, say
from web.app import create_app
from web.settings import WebSettings

POLL_S = 0.5


class Stopped(Exception):
    """A signal asked us to end."""


def serve_web(settings: Settings, prefect_url: str | None = None) -> None:
    """The screens, in this process, until stopped. No access log: paths hold ids of people's applications."""
    app = create_app(
        open_runtime(settings),
        WebSettings(https=settings.secure_cookies, max_upload_mb=settings.max_upload_mb, prefect_url=prefect_url),
    )
    uvicorn.run(app, host=settings.host, port=settings.port, access_log=False, log_level="warning", server_header=False)


def serve_flows_here() -> None:
    """The flows, in this process, until stopped."""
    from flows.sweep import serve_flows

    serve_flows()


def serve_all(settings: Settings) -> None:
    """Everything, with a Prefect server of its own unless PREFECT_API_URL names one."""
    given = os.environ.get("PREFECT_API_URL")
    access = None if given else prepare_environment(settings)
    server = start_server(settings, access) if access else None
    supervise(settings, access, server)


def supervise(settings: Settings, access: PrefectAccess | None, server: subprocess.Popen[bytes] | None) -> None:
    """Runs the screens and the flows as children until one ends or a signal comes; then ends all of them."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    children = {
        "screens": _child(settings, "web", access),
        "flows": _child(settings, "flows", access),
    }
    if server is not None:
        children["prefect"] = server
    say(f"確認画面        http://{settings.host}:{settings.port}")
    if access is not None:
        say(f"Prefect (流れ)  {access.url}   {access.login} / {access.password}")
    say("終えるには Ctrl+C を押してください。")
    try:
        while all(child.poll() is None for child in children.values()):
            time.sleep(POLL_S)
        ended = [name for name, child in children.items() if child.poll() is not None]
        fail(f"止まりました: {', '.join(ended)}。記録は {settings.data_dir}/*.log にあります。")
    except Stopped:
        say("終わります。")
    finally:
        for child in children.values():
            child.terminate()
        for child in children.values():
            child.wait(timeout=30)


def _child(settings: Settings, only: str, access: PrefectAccess | None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ichimado.cli", "serve", "--only", only]
    environment = {
        **os.environ,
        "ICHIMADO_DATA_DIR": str(settings.data_dir.resolve()),
        "ICHIMADO_DATABASE_URL": settings.database_url,
        "ICHIMADO_HOST": settings.host,
        "ICHIMADO_PORT": str(settings.port),
        "ICHIMADO_DASHBOARD_URL": access.url if access else settings.dashboard_url,
    }
    with (settings.data_dir / f"{only}.log").open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log, preexec_fn=die_with_parent)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped
