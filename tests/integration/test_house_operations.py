"""The commands in docs/operations.md run as they stand there, on a store of their own, and answer what is shown."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ichimado.cli import app
from ichimado.compose import open_runtime
from ichimado.doctor import names
from pipeline.steps.audit import RULES
from tests.runtime import import_small_roster, install, receive_export, small_export
from tests.unit.test_house_imports import ROOT

DOCS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", DOCS, re.DOTALL)


def steps() -> list[tuple[str, list[str]]]:
    """Each command with the lines that it is shown to answer."""
    found: list[tuple[str, list[str]]] = []
    for line in "".join(BLOCKS).splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def test_the_night_runs_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ICHIMADO_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("ICHIMADO_DISK_FLOOR_MB", "1")
    runtime = open_runtime()
    install(runtime)
    import_small_roster(runtime)
    data, files = small_export("portal_utf8/portal_20261106.csv")
    receive_export(runtime, "portal", data, files)
    runtime.engine.dispose()
    assert len(steps()) >= 6
    for command, shown in steps():
        program, *arguments = shlex.split(command)
        result = CliRunner().invoke(app, arguments)
        assert program == "ichimado" and result.exit_code == 0, (command, result.output)
        for line in shown:
            wanted = ".*".join(map(re.escape, line.split("…")))
            assert any(re.fullmatch(wanted, said) for said in result.stdout.splitlines()), (
                command,
                line,
                result.stdout,
            )


@pytest.mark.parametrize("name", ["arrivals_have_blobs", "pictures_have_blobs", "blobs_unaltered"])
def test_rules_named_in_the_docs_exist(name: str) -> None:
    assert name in RULES and f"`{name}`" in DOCS


def test_figures_named_in_the_docs_are_shown() -> None:
    shown = (ROOT / "web" / "metrics.py").read_text(encoding="utf-8")
    named = set(re.findall(r"`(ichimado_\w+)", DOCS))
    assert len(named) >= 7
    assert {name for name in named if f'"{name}"' not in shown} == set()
    assert names() >= {"disk", "key_file", "schema", "sealed", "backup"}
