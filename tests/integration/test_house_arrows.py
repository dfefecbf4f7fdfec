"""The contracts bite: a house with one wrong import is refused, naming the contract."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.unit.test_house_imports import INNER, ROOMS, ROOT

WRONG = [
    ("japan/kana.py", "import ocr", "japan imports none of our rooms"),
    ("ocr/engine.py", "import matchers", "ocr and matchers do not know each other"),
    ("ocr/engine.py", "import sqlmodel", "ocr imports japan only"),
    ("matchers/levels.py", "from pipeline import store", "matchers imports japan only"),
    ("pipeline/domain/case.py", "import sqlalchemy", "pipeline.domain is pure"),
    ("pipeline/channels/paper.py", "import pipeline.store", "channels and outbound import domain"),
    ("pipeline/store/cases.py", "import prefect", "pipeline knows neither flows nor web"),
    ("flows/intake.py", "import ocr", "flows import pipeline only"),
    ("web/app.py", "import flows", "web and flows do not know each other"),
    ("web/app.py", "import prefect", "web imports pipeline only"),
    ("benchmarks/score.py", "import ichimado", "nobody imports ichimado"),
    ("pipeline/steps/read.py", "import fixtures", "product code never reads fixtures"),
]


def lint(house: Path, *changes: tuple[str, str]) -> subprocess.CompletedProcess[str]:
    for room in (*ROOMS, *INNER):
        folder = house / room.replace(".", "/")
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
    for name, line in changes:
        with (house / name).open("a") as file:
            file.write(f"{line}\n")
    command = "from importlinter.cli import lint_imports_command as run; run()"
    # PYTHONPATH puts the rooms of this house before the installed ones.
    return subprocess.run(
        [sys.executable, "-c", command, "--config", str(ROOT / ".importlinter"), "--no-logo", "--no-cache"],
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house), "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )


def test_empty_house_is_clean(tmp_path: Path) -> None:
    result = lint(tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr


def test_each_wrong_import_breaks_its_contract(tmp_path: Path) -> None:
    result = lint(tmp_path, *[(name, line) for name, line, _ in WRONG])
    assert result.returncode != 0
    broken = [line for line in result.stdout.splitlines() if line.endswith("BROKEN")]
    for name, line, contract in WRONG:
        assert any(contract in text for text in broken), f"{name}: {line}: {contract} is not broken"
        assert str(name.removesuffix(".py").replace("/", ".")) in result.stdout
