"""A store filled by the previous release comes to the newest schema, whatever happens on the way."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select

from pipeline.domain.next_step import next_step
from pipeline.review.staff import sign_in
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance, due_submissions
from pipeline.steps.audit import audit
from pipeline.store.engine import open_engine, read, write
from pipeline.store.migrate import StoreTooNew, is_current, newest_revision, revision_of, upgrade
from pipeline.store.tables import Outbound, ReviewTask, StaffGrant, Submission, User
from tests.databases import Databases
from tests.previous_release import PASSWORD, STAFF, fill_as_released
from tests.recorded_runtime import ROOT
from tests.runtime import import_small_online, make_runtime, rows_of

STRIDE = 6


def run_worker(*arguments: str) -> list[Any]:
    command = [sys.executable, "-m", "tests.migration_worker", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def released(empty_database_url: str, tmp_path: Path) -> str:
    fill_as_released(empty_database_url, tmp_path)
    return empty_database_url


@pytest.fixture
def migrated(released: str, tmp_path: Path) -> Iterator[Runtime]:
    runtime = make_runtime(released, tmp_path)
    assert revision_of(runtime.engine) == "0001"
    upgrade(runtime.engine)
    yield runtime
    runtime.engine.dispose()


def test_a_filled_store_passes_audit_and_works_on(migrated: Runtime) -> None:
    assert revision_of(migrated.engine) == newest_revision() != "0001"
    report = audit(migrated)
    assert report.breaches == ()
    assert report.checked["chains_whole"] > 40 and report.checked["seals_hold"] == 1
    before = len(rows_of(migrated, Submission))
    taken = [one for received in import_small_online(migrated) for one in received.taken]
    assert taken == [], "what the previous release took is known"
    assert len(rows_of(migrated, Submission)) == before
    for submission_id in due_submissions(migrated):
        advance(migrated, submission_id)
    assert audit(migrated).breaches == ()


def test_staff_sign_in_with_the_roles_they_had(migrated: Runtime) -> None:
    with read(migrated.engine) as session:
        users = {user.login: user for user in session.exec(select(User)).all()}
        for login, roles in STAFF.items():
            grants = session.exec(select(StaffGrant).where(StaffGrant.user_id == users[login].id)).all()
            assert {grant.role.value for grant in grants} == roles
            assert {(grant.department, grant.procedure_id) for grant in grants} == {("kodomo", "")}
    assert users["shunin"].sees_protected and not users["kakunin"].sees_protected
    for login in STAFF:
        assert sign_in(migrated, login, PASSWORD) is not None
    assert sign_in(migrated, "kakunin", "not-the-password") is None


def test_rows_know_their_procedure_and_their_end(migrated: Runtime) -> None:
    assert {row.procedure_id for row in rows_of(migrated, ReviewTask) if row.submission_id} == {"child_benefit"}
    assert {row.procedure_id for row in rows_of(migrated, Outbound)} == {"child_benefit"}
    for row in rows_of(migrated, Submission):
        assert (row.ended_at is not None) == (row.status == "ended"), row.status
        assert row.due == (next_step(row.status) is not None)


def test_processes_that_start_at_once_migrate_once(released: str) -> None:
    assert run_worker(released, "--together", "4") == [[False] * 4]
    engine = open_engine(released)
    assert is_current(engine)
    engine.dispose()


@pytest.mark.slow
def test_a_migration_killed_at_any_statement_is_done_by_the_next_one(databases: Databases, tmp_path: Path) -> None:
    with databases.empty("sqlite") as sqlite, databases.empty("postgresql") as postgresql:
        for url in (sqlite, postgresql):
            fill_as_released(url, tmp_path / url.split(":")[0])
        children = run_worker(sqlite, postgresql, "--stride", str(STRIDE))
        for url in (sqlite, postgresql):
            *killed, last = [child for child in children if child["database"] == url]
            assert len(killed) > 5
            assert {child["revision"] for child in killed} == {"0001"}, "half a migration never shows"
            assert len({child["tables"] for child in killed}) == 1
            assert last["revision"] == newest_revision() and last["tables"] > killed[0]["tables"]
            runtime = make_runtime(url, tmp_path / url.split(":")[0])
            assert audit(runtime).breaches == ()
            runtime.engine.dispose()


def test_a_store_of_a_newer_release_is_left_alone(runtime: Runtime) -> None:
    with write(runtime.engine) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreTooNew):
        upgrade(runtime.engine)
    assert revision_of(runtime.engine) == "9999"
