"""Stores at the beginning of each stage, made once and copied for every run; and what a store holds at its end."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from pipeline.domain.statuses import OutboundKind
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.due import Lane
from pipeline.store.engine import open_engine
from pipeline.store.tables import Outbound, WorkLease
from tests.crash import roles
from tests.previous_release import fill_as_released
from tests.runtime import rows_of
from tests.store_summary import summarise

MIGRATION = "migration"
STAGES = ("intake", "advance", "decision", "delivery", MIGRATION)


@dataclass(frozen=True)
class Place:
    """A store: its folder, and the name of its PostgreSQL database, "" for SQLite in that folder."""

    folder: Path
    server: str = ""
    database: str = ""

    @property
    def url(self) -> str:
        """The URL of its database."""
        if not self.database:
            return f"sqlite:///{self.folder / 'ichimado.db'}"
        return self.server.replace("/postgres?", f"/{self.database}?").replace("postgresql:", "postgresql+psycopg:")

    @property
    def kind(self) -> str:
        """sqlite or postgresql."""
        return "postgresql" if self.database else "sqlite"

    def copy(self, folder: Path) -> Place:
        """The same store again, on its own. Blobs are never changed in place, so they are shared."""
        shutil.copytree(self.folder / "blobs", folder / "blobs", copy_function=os.link)
        for file in self.folder.glob("ichimado.*"):
            shutil.copyfile(file, folder / file.name)
        copied = Place(folder, self.server, f"c_{folder.name}" if self.database else "")
        if self.database:
            execute(self.server, f"CREATE DATABASE {copied.database} TEMPLATE {self.database}")
        return copied

    def make(self) -> None:
        """Its folder, and its database, empty."""
        self.folder.mkdir(parents=True)
        if self.database:
            execute(self.server, f"CREATE DATABASE {self.database}")

    def remove(self) -> None:
        """All of it."""
        if self.database:
            execute(self.server, f"DROP DATABASE {self.database} WITH (FORCE)")
        shutil.rmtree(self.folder)


def execute(server: str, statement: str) -> None:
    """One statement outside any transaction."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.encode())


def fill(place: Place, stage: str, hook: str) -> None:
    """Brings the store of the stage before to the beginning of this one; the first begins with nothing.

    In a process of its own: the one that starts all others opens no database.
    """
    if stage == MIGRATION:
        fill_as_released(place.url, place.folder)
        return
    runtime = roles.open_store(place.folder, place.url)
    match stage:
        case "intake":
            roles.receive_all(runtime, hook)
        case "advance":
            roles.work_lanes(runtime, Lane.INTAKE)
        case "delivery":
            roles.work_lanes(runtime, Lane.READ, Lane.MATCH)
        case "decision":
            roles.work_to_the_end(runtime)
    runtime.engine.dispose()


def look_at(place: Place) -> dict[str, Any]:
    """What the store holds, what audit found, what was to be delivered, and which leases are left."""
    runtime: Runtime = roles.open_store(place.folder, place.url)
    engine = open_engine(place.url)
    report = audit(runtime, seal=False)
    found = {
        "summary": summarise(engine),
        "breaches": [f"{breach.rule} {breach.where}" for breach in report.breaches],
        "checked": sum(report.checked.values()),
        "events": sorted(row.idempotency_key for row in rows_of(runtime, Outbound, kind=OutboundKind.STATUS_EVENT)),
        "leases": [row.subject for row in rows_of(runtime, WorkLease)],
    }
    engine.dispose()
    runtime.engine.dispose()
    return found
