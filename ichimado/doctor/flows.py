"""Checks of the Prefect server: there, ours, behind a password, quiet, and with a scheduler and a worker that live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any

import httpx

from ichimado.doctor.findings import Finding, Installation, bad, fine, warning
from ichimado.prefect_server import QUIET

POOL = "ichimado"
LATE_AFTER = timedelta(minutes=5)
POLLED_WITHIN = timedelta(minutes=2)
PATIENCE_S = 5.0


def prefect_server(place: Installation) -> Finding | None:
    """Whether the server answers us and nobody else."""
    api = _api_of(place)
    if api is None:
        return None
    try:
        with _client(place, api) as http:
            answer = http.get("/admin/version")
        stranger = httpx.post(f"{api}/flow_runs/count", json={}, timeout=PATIENCE_S, trust_env=False)
    except httpx.HTTPError:
        return bad(
            "Prefect に届きません。動いているか、PREFECT_API_URL を確かめてください。",
            "The Prefect server does not answer: is it running, and PREFECT_API_URL right?",
        )
    if answer.status_code == 401:
        return bad(
            "Prefect の合言葉が違います。PREFECT_API_AUTH_STRING を直してください。",
            "The Prefect server refuses our password: mend PREFECT_API_AUTH_STRING.",
        )
    if stranger.status_code != 401:
        return bad(
            "Prefect に合言葉なしで入れます。サーバーに PREFECT_SERVER_API_AUTH_STRING を設定してください。",
            "The Prefect server asks for no password: set PREFECT_SERVER_API_AUTH_STRING for it.",
        )
    there, here = answer.json(), version("prefect")
    if there != here:
        return warning(
            f"Prefect の版が違います(サーバー {there}、こちら {here})。揃えてください。",
            f"The Prefect server is {there}, this is {here}: run the same.",
        )
    return fine(f"Prefect {there} が答えます。", f"Prefect {there} answers.")


def prefect_scheduler(place: Installation) -> Finding | None:
    """Whether runs are made for the schedules, and begin."""
    if (api := _api_of(place)) is None:
        return None
    late = (datetime.now(UTC) - LATE_AFTER).isoformat()
    waiting = {"state": {"type": {"any_": ["SCHEDULED"]}}}
    with _client(place, api) as http:
        schedules = _ask(http, "/deployments/count", {"deployments": {"paused": {"eq_": False}}})
        ahead = _ask(http, "/flow_runs/count", {"flow_runs": waiting})
        overdue = _ask(http, "/flow_runs/count", {"flow_runs": {**waiting, "expected_start_time": {"before_": late}}})
    if not schedules:
        return warning(
            "Prefect に流れが登録されていません。ichimado deploy を実行してください。",
            "Prefect knows none of our flows: run `ichimado deploy`.",
        )
    if overdue:
        return warning(
            f"{overdue}件の予定が始まっていません。作業者が動いているか確かめてください。",
            f"{overdue} scheduled runs have not begun: is a worker running?",
        )
    if not ahead:
        return warning(
            "Prefect の予定が作られていません。サーバーを起動し直してください。",
            "Prefect's scheduler makes no runs: restart the server.",
        )
    return fine("Prefect の予定は動いています。", "Prefect's scheduler is alive.")


def prefect_worker(place: Installation) -> Finding | None:
    """Whether a worker asked the pool for work lately."""
    if (api := _api_of(place)) is None:
        return None
    with _client(place, api) as http:
        answer = http.post(f"/work_pools/{POOL}/workers/filter", json={})
    if answer.status_code == 404:
        return warning(
            "作業の場(ichimado)がありません。ichimado deploy を実行してください。",
            "There is no work pool `ichimado`: run `ichimado deploy`.",
        )
    beats = [datetime.fromisoformat(one["last_heartbeat_time"]) for one in answer.json()]
    if not any(datetime.now(UTC) - beat < POLLED_WITHIN for beat in beats):
        return warning(
            "Prefect の作業者がこの2分間何も言っていません。ichimado worker を起動してください。",
            "No worker polled Prefect within two minutes: start `ichimado worker`.",
        )
    return fine("Prefect の作業者が動いています。", "A worker polls Prefect.")


def quiet(place: Installation) -> Finding | None:
    """Whether nothing is told to anybody outside."""
    if not place.environment.get("PREFECT_API_URL"):
        return None  # `ichimado serve` sets them itself
    wanted = {name: value for name, value in QUIET.items() if name in TELLING}
    missing = sorted(name for name, value in wanted.items() if place.environment.get(name, "").lower() != value)
    if missing:
        return warning(
            f"外へ知らせない設定が足りません: {', '.join(missing)}", f"Not set to stay quiet: {', '.join(missing)}"
        )
    return fine("外へは何も知らせない設定です。", "Nothing is told to anybody outside.")


TELLING = frozenset({"DO_NOT_TRACK", "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY"})


def _api_of(place: Installation) -> str | None:
    """Where the server's API is: as told, or that of our own server where it was ever started."""
    told = place.environment.get("PREFECT_API_URL")
    if told:
        return told.rstrip("/")
    if _own_password(place) is not None:
        return f"http://127.0.0.1:{place.settings.prefect_port}/api"
    return None


def _own_password(place: Installation) -> str | None:
    path = place.settings.data_dir / "prefect" / "password"
    return path.read_text().strip() if path.is_file() else None


def _client(place: Installation, api: str) -> httpx.Client:
    told = place.environment.get("PREFECT_API_AUTH_STRING") or f"admin:{_own_password(place) or ''}"
    login, _, password = told.partition(":")
    # A proxy of the environment would lead out of the closed network.
    return httpx.Client(base_url=api, auth=(login, password), timeout=PATIENCE_S, trust_env=False)


def _ask(http: httpx.Client, path: str, body: dict[str, Any]) -> int:
    return int(http.post(path, json=body).raise_for_status().json())
