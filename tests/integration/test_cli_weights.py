"""`ichimado weights` as an operator types it: list, file out and in, compare, adopt, back, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from ichimado import cli
from matchers.weights import load_weights
from pipeline.domain.errors import DomainError
from pipeline.runtime import Runtime
from pipeline.steps.retraining import FEWEST
from tests.factories import make_store

SHIPPED = load_weights().version


@pytest.fixture(autouse=True)
def store(sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    made = make_store(sqlite_database_url, tmp_path)
    monkeypatch.setattr("ichimado.cli.weights.open_runtime", lambda: made.runtime)
    return made.runtime


def typed(*arguments: str) -> tuple[int | str, list[dict[str, Any]]]:
    """Exit code, or the code of the named error, and JSON lines of a command."""
    answer = CliRunner().invoke(cli.app, ["weights", *arguments])
    lines = [json.loads(line) for line in answer.stdout.splitlines() if line.startswith("{")]
    refused = isinstance(answer.exception, DomainError)
    return answer.exception.code if refused else answer.exit_code, lines


def in_force() -> str:
    _, (answer,) = typed("list", "--json")
    return next(row["version"] for row in answer["versions"] if row["in_force"])


def test_a_version_goes_out_comes_in_is_adopted_and_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "weights.yaml"
    assert typed("export", SHIPPED, "--out", str(file))[0] == 0
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    data["thresholds"]["link_score"] += 1
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    assert typed("import", str(file))[0] == 0
    assert in_force() == SHIPPED
    code, (found,) = typed("compare", "local-1", "--json")
    assert (code, found["old"], found["new"], found["judgements"]) == (0, SHIPPED, "local-1", 0)
    assert typed("compare", "local-1")[0] == 0
    assert typed("adopt", "local-1")[0] == 0
    assert in_force() == "local-1"
    assert typed("list")[0] == typed("show", "local-1")[0] == 0
    assert typed("back")[0] == 0
    assert in_force() == SHIPPED


def test_refusals_have_a_name(tmp_path: Path) -> None:
    _, (answer,) = typed("list", "--json")
    assert (answer["judgements"], answer["needed"]) == (0, FEWEST)
    assert typed("retrain")[0] == "too_few_judgements"
    assert typed("adopt", "local-9")[0] == typed("compare", "x")[0] == typed("show", "x")[0] == "unknown_weights"
    (tmp_path / "bad.yaml").write_bytes(b"\xff\xfe no weights")
    assert typed("import", str(tmp_path / "bad.yaml"))[0] == "unusable_weights"
