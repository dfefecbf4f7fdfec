"""What is in the repository says nothing of the machine it was written on, and holds no secret."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ichimado.prefect_server import QUIET
from tests.unit.test_house_imports import ROOT

MACHINE_PATHS = re.compile(r"(?<![\w.~-])/(?:work/(?:main|shared)|root|tmp|home/\w+|Users/\w+)(?:/|\b)")
INDEX_HOSTS = re.compile(
    r"https?://[^/\s\"')]*(?:pypi|pythonhosted|npmjs|registry|artifact|nexus|mirror)[^/\s]*"
    r"|--(?:extra-)?index-url[= ]|file:///\w",
    re.IGNORECASE,
)
SECRETS = re.compile(r"BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{36}\b")
THIS_FILE = Path(__file__).relative_to(ROOT).as_posix()


def kept_files() -> list[Path]:
    """Files that git tracks, and those it would with the next add."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def lines_of_text() -> Iterator[tuple[str, str]]:
    """Place and text of each line kept, but for this file, which names what it looks for."""
    for path in kept_files():
        if path == ROOT / THIS_FILE:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            yield f"{path.relative_to(ROOT)}:{number}", line


@pytest.mark.parametrize(
    ("pattern", "caught"),
    [
        (MACHINE_PATHS, "open('/" + "root/x')"),
        (MACHINE_PATHS, "see /home/alice/notes"),
        (INDEX_HOSTS, "https://pypi.example.org/simple"),
        (INDEX_HOSTS, "--index-url https://example.org"),
        (SECRETS, "-----BEGIN RSA PRIVATE KEY-----"),
    ],
)
def test_scan_catches(pattern: re.Pattern[str], caught: str) -> None:
    assert pattern.search(caught)


@pytest.mark.parametrize("pattern", [MACHINE_PATHS, INDEX_HOSTS, SECRETS])
def test_no_file_names_the_machine_or_a_secret(pattern: re.Pattern[str]) -> None:
    assert [place for place, line in lines_of_text() if pattern.search(line)] == []


# What large files may be kept, by folder: synthetic samples, pictures for the docs, tables of names.
LARGE = ("fixtures/", "docs/images/", "japan/data/", "ocr/models/", "requirements/", "tests/")


def test_no_stray_large_files() -> None:
    large = [path.relative_to(ROOT).as_posix() for path in kept_files() if path.stat().st_size > 300_000]
    assert [name for name in large if not name.startswith(LARGE)] == []


class TestCompose:
    @pytest.fixture
    def services(self) -> dict[str, dict[str, object]]:
        content = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
        services: dict[str, dict[str, object]] = content["services"]
        return services

    def test_all_parts_are_there_and_watched(self, services: dict[str, dict[str, object]]) -> None:
        assert set(services) == {"postgres", "prefect", "migrate", "deploy", "web", "worker"}
        for name in ("postgres", "prefect", "web", "worker"):
            assert "healthcheck" in services[name], name
            assert services[name]["deploy"]["resources"]["limits"]["memory"], name  # type: ignore[index]
            assert services[name]["restart"] == "unless-stopped", name
        assert services["worker"]["deploy"]["replicas"] == 2  # type: ignore[index]

    def test_only_the_inner_network_joins_the_parts_and_nothing_leads_out(self, services: dict[str, Any]) -> None:
        content = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
        assert content["networks"]["inside"] == {"internal": True}
        masquerade = "com.docker.network.bridge.enable_ip_masquerade"
        assert content["networks"]["front"]["driver_opts"][masquerade] == "false"
        on_front = {name for name, service in services.items() if "front" in service["networks"]}
        assert on_front == {name for name, service in services.items() if "ports" in service} == {"web", "prefect"}

    def test_prefect_stays_quiet_and_locked(self, services: dict[str, Any]) -> None:
        told = services["prefect"]["environment"]
        assert told["PREFECT_SERVER_API_AUTH_STRING"].startswith("${PREFECT_PASSWORD:?")
        for name in ("prefect", "worker", "web", "deploy", "migrate"):
            environment = services[name]["environment"]
            for key, value in QUIET.items():
                if key not in ("PREFECT_CLI_PROMPT", "PREFECT_LOGGING_SETTINGS_PATH"):
                    assert environment[key] == value, (name, key)
            path = environment["PREFECT_LOGGING_SETTINGS_PATH"].removeprefix("/srv/ichimado/")
            assert (ROOT / path).is_file()

    def test_published_ports_are_on_loopback(self, services: dict[str, dict[str, object]]) -> None:
        ports = [port for service in services.values() for port in service.get("ports", [])]  # type: ignore[attr-defined]
        assert ports != []
        assert [port for port in ports if not str(port).startswith("127.0.0.1:")] == []

    def test_secrets_have_no_default(self, services: dict[str, dict[str, object]]) -> None:
        for name, service in services.items():
            environment: dict[str, str] = service.get("environment", {})  # type: ignore[assignment]
            for key, value in environment.items():
                if re.search(r"PASSWORD|SECRET|KEY|TOKEN", key):
                    assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", str(value)), f"{name}: {key}"
                assert not re.search(r"://[^:@/$]+:[^@$]+@", str(value)), f"{name}: {key} holds a password"

    def test_nothing_runs_as_root_or_grows_new_rights(self, services: dict[str, dict[str, object]]) -> None:
        for name in ("migrate", "deploy", "web", "worker", "prefect"):
            assert services[name]["security_opt"] == ["no-new-privileges:true"], name
            assert services[name]["read_only"] and services[name]["cap_drop"] == ["ALL"], name
            assert services[name]["user"] == "10001:10001" and "10001" in (ROOT / "Dockerfile").read_text("utf-8")
        assert re.search(r"^USER (?!root)\w+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)

    def test_the_client_takes_it(self) -> None:
        if shutil.which("docker") is None:
            pytest.skip("no docker client here")
        command = ["docker", "compose", "--file", str(ROOT / "docker-compose.yml"), "config", "--quiet"]
        version = subprocess.run(["docker", "compose", "version"], capture_output=True, text=True)
        if version.returncode != 0:
            pytest.skip("the docker client has no compose")
        secrets = {"POSTGRES_PASSWORD": "x", "PREFECT_PASSWORD": "a:b", "METRICS_TOKEN": "t"}
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **secrets})
        assert done.returncode == 0, done.stderr
        for missing in secrets:
            environment = {**os.environ, **secrets}
            del environment[missing]
            without = subprocess.run(command, capture_output=True, text=True, env=environment)
            assert without.returncode != 0 and missing in without.stderr
