"""`ichimado erase` as an operator types it: dry run, run, certificate, verify, holds."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ichimado import cli
from pipeline.domain.statuses import SubmissionStatus
from pipeline.steps.erasure import run as erasing
from tests.erasing import AT_ONCE, DUE
from tests.factories import NOW, Store, make_store, make_submission


@pytest.fixture
def store(sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    made = make_store(sqlite_database_url, tmp_path)
    for _ in range(3):
        make_submission(made, status=SubmissionStatus.ENDED, ended_at=NOW)
    made.now = DUE
    monkeypatch.setattr("ichimado.cli.erasure.open_runtime", lambda: made.runtime)
    monkeypatch.setattr(erasing.erase, "__kwdefaults__", {"actor": "system", "grace": AT_ONCE})
    return made


def typed(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and JSON lines of a command."""
    answer = CliRunner().invoke(cli.app, ["erase", *arguments])
    return answer.exit_code, [json.loads(line) for line in answer.stdout.splitlines() if line.startswith("{")]


def test_from_dry_run_to_a_verified_certificate(store: Store, tmp_path: Path) -> None:
    due = [{"procedure_id": "child_benefit", "due": 3, "files": 3, "blocked": {}}]
    assert typed("--dry-run", "--json") == (0, due)
    assert typed("--dry-run", "--json") == (0, due), "a dry run changes nothing"
    code, (report,) = typed("--json", "--procedure", "child_benefit")
    assert (code, report["submissions"], report["finished"]) == (0, 3, True)
    for name in ("a.json", "a.pdf"):
        assert typed("certificate", report["number"], "--out", str(tmp_path / name))[0] == 0
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    assert typed("verify", str(tmp_path / "a.json"), "--json") == (0, [{"number": report["number"], "problems": []}])
    (tmp_path / "a.json").write_text((tmp_path / "a.json").read_text().replace('"submissions"', '"others"'))
    assert typed("verify", str(tmp_path / "a.json"))[0] == 1
    assert typed("verify", str(tmp_path / "none.json"))[0] == 1
    assert typed("--json")[1][0]["number"] == ""
    assert typed("rewrite")[0] == 0


def test_a_hold_is_set_and_lifted(store: Store) -> None:
    number = "R8-000001"
    assert typed("hold", number, "--reason", "lawsuit")[0] == 0
    assert typed("--dry-run", "--json")[1][0]["blocked"] == {"held": 1}
    assert typed("hold", "R8-999999", "--reason", "lawsuit")[0] == 1
    assert typed("release", number)[0] == 0
    assert typed("--dry-run", "--json")[1][0]["blocked"] == {}


def test_an_unfinished_erasure_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = store.runtime.blobs.put(b"young")
    from sqlmodel import select

    from pipeline.store.engine import write
    from pipeline.store.tables import Attachment, Submission

    with write(store.runtime.engine) as session:
        first = session.exec(select(Submission.id)).first()
        session.add(Attachment(submission_id=first or "", position=1, blob=blob))
    monkeypatch.setattr(erasing.erase, "__kwdefaults__", {"actor": "system", "grace": timedelta(hours=1)})
    code, (report,) = typed("--json")
    assert (code, report["waiting"], report["finished"]) == (1, 1, False)
