"""Backups taken while another process takes in applications: each restores to a store that passes audit."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlmodel import func, select

from ichimado.compose import make_runtime, open_runtime
from ichimado.settings import Settings
from pipeline.steps.audit import audit
from pipeline.steps.backup import back_up
from pipeline.steps.restore import restore
from pipeline.store.engine import read
from pipeline.store.tables import Event
from tests.databases import Databases
from tests.recorded_runtime import ROOT

PAUSE_S = 0.3
OTHER = {"sqlite": "postgresql", "postgresql": "sqlite"}


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_backups_during_intake_restore_to_sound_stores(engine: str, databases: Databases, tmp_path: Path) -> None:
    with databases.migrated(engine) as url:
        settings = Settings(data_dir=tmp_path / "data", database_url=url)
        runtime = open_runtime(settings)
        environment = {**os.environ, "ICHIMADO_DATA_DIR": str(settings.data_dir), "ICHIMADO_DATABASE_URL": url}
        command = [sys.executable, "-m", "tests.intake_worker"]
        intake = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        ends = threading.Timer(400, intake.kill)
        ends.start()
        assert intake.stdout is not None and intake.stdout.readline() == "begins\n"
        made = []
        while intake.poll() is None:
            made.append(back_up(runtime, tmp_path / "backups"))
            time.sleep(PAUSE_S)
        ends.cancel()
        assert intake.stdout.read() == "ended\n" and intake.returncode == 0
        events = [backup.manifest.tables["event"].rows for backup in made]
        assert len(made) >= 3 and len(set(events)) >= 3, "the backups are of moments within the intake"
        assert audit(runtime).breaches == ()
        for backup in (made[0], made[len(made) // 2], made[-1]):
            assert (backup.manifest.missing, backup.manifest.altered) == ((), ())
            with databases.empty(OTHER[engine]) as target:
                (tmp_path / backup.folder.name).mkdir()
                key = tmp_path / backup.folder.name / "ichimado.key"
                key.write_bytes((settings.data_dir / "ichimado.key").read_bytes())
                restored = make_runtime(Settings(data_dir=tmp_path / backup.folder.name, database_url=target))
                restore(restored, backup.folder)
                assert audit(restored).breaches == ()
                with read(restored.engine) as session:
                    # One more: that it was restored.
                    assert session.exec(select(func.count()).select_from(Event)).one() == 1 + (
                        backup.manifest.tables["event"].rows
                    )
                restored.engine.dispose()
        runtime.engine.dispose()
