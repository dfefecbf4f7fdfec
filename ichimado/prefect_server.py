"""A local Prefect server as a child: on loopback, behind a password, quiet on a closed network."""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ichimado.settings import Settings

START_TIMEOUT_S = 120.0
_PR_SET_PDEATHSIG = 1

QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_LOGGING_SETTINGS_PATH": str(Path(__file__).with_name("prefect_logging.yaml")),
}
"""Nothing is sent anywhere, and nothing is said that may hold a value: see docs/operations.md."""


class ServerDidNotStart(Exception):
    """The Prefect server did not answer in time; its log says why."""


@dataclass(frozen=True)
class PrefectAccess:
    """Where the dashboard is and how to enter it."""

    url: str
    login: str
    password: str


def announce(settings: Settings) -> None:
    """Sets what flows must know wherever they run: how to put a runtime together, the watched folder, our address.

    Whoever named another runtime, or the address that staff reach us under, beforehand keeps it.
    """
    os.environ.setdefault("ICHIMADO_RUNTIME", "ichimado.compose:open_runtime_of_flows")
    os.environ.setdefault("ICHIMADO_WEB_URL", settings.web_url or f"http://{settings.host}:{settings.port}")
    os.environ.update(
        {
            "ICHIMADO_DATA_DIR": str(settings.data_dir.resolve()),
            "ICHIMADO_HOT_FOLDER": settings.hot_folder,
            "ICHIMADO_HOT_FOLDER_SETTLE_S": str(settings.hot_folder_settle_s),
            "ICHIMADO_READERS": str(settings.readers),
        }
    )


def prepare_environment(settings: Settings) -> PrefectAccess:
    """Sets what this process and its children must know to talk to the server; call before importing prefect.

    A port taken by another program is left to it: the next free one is used.
    """
    home = settings.data_dir.resolve() / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    password = _secret(home / "password")
    port = settings.prefect_port if _is_free(settings.prefect_port) else free_port()
    api = f"http://127.0.0.1:{port}/api"
    announce(settings)
    os.environ.update(QUIET)
    os.environ.update(
        {
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": api,
            "PREFECT_SERVER_UI_API_URL": api,
            "PREFECT_SERVER_API_AUTH_STRING": f"admin:{password}",
            "PREFECT_API_AUTH_STRING": f"admin:{password}",
        }
    )
    return PrefectAccess(api.removesuffix("/api"), "admin", password)


def start_server(settings: Settings, access: PrefectAccess) -> subprocess.Popen[bytes]:
    """The running server, once it answers. It ends with this process. Raises ServerDidNotStart."""
    log = settings.data_dir / "prefect" / "server.log"
    port = access.url.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port]
    with log.open("ab") as file:
        server = start_child(command, file)
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        if _answers(access):
            return server
        time.sleep(0.3)
    server.terminate()
    raise ServerDidNotStart(f"the Prefect server did not start; its log is {log}")


def start_child(
    command: Sequence[str], log: IO[bytes], environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """A child in a process group of its own, so that it and its own children can be ended together."""
    return subprocess.Popen(
        command, env=environment, stdout=log, stderr=log, process_group=0, preexec_fn=die_with_parent
    )


def die_with_parent() -> None:
    """For a child between fork and exec: the kernel ends it when its parent is gone, even by SIGKILL (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL("libc.so.6").prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _answers(access: PrefectAccess) -> bool:
    token = b64encode(f"{access.login}:{access.password}".encode()).decode()
    request = urllib.request.Request(f"{access.url}/api/health", headers={"Authorization": f"Basic {token}"})
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _secret(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(12))
    return path.read_text().strip()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
