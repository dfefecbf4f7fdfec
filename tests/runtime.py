"""A whole runtime for tests of the pipeline: any database, blobs in a folder, a fixed key, a clock that tests set.

Nothing here reads handwriting: forms are read by a recogniser that sees only marks, unknown pages by a fake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from ocr.engine import Image, NullRecogniser
from ocr.readings import TextLine
from pipeline.domain.statuses import StaffRole, TaskKind, TaskStatus
from pipeline.procedures.registry import LoadedPack
from pipeline.runtime import Runtime, Secrets
from pipeline.steps.advance import advance, due_submissions
from pipeline.steps.intake_online import ExportReceived, store_export, take_records
from pipeline.steps.packs import install_pack
from pipeline.steps.roster import import_roster
from pipeline.store.access import Viewer, grants
from pipeline.store.blobs import Blobs
from pipeline.store.engine import read
from pipeline.store.tables import Event, ReviewReason, ReviewTask, Submission
from tests.engines import open_test_engine
from tests.packs import loaded_pack

FIXTURES = Path(__file__).parents[1] / "fixtures"
PACK = FIXTURES / "procedures" / "child_benefit"
SMALL = FIXTURES / "small"
PROCEDURE = "child_benefit"
DEPARTMENT = "kodomo"
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
# A Fernet key for tests alone, so that stores can be copied between them.
KEY = b"dGVzdHMtb25seS1rZXktdGVzdHMtb25seS1rZXkhISE="

REVIEWER = Viewer("reviewer", "山口 花子", DEPARTMENT, grants(DEPARTMENT, StaffRole.REVIEWER))
SECOND = Viewer("second", "森 一郎", DEPARTMENT, grants(DEPARTMENT, StaffRole.REVIEWER))
TRUSTED = Viewer("trusted", "岡田 恵", DEPARTMENT, grants(DEPARTMENT, StaffRole.REVIEWER), sees_protected=True)
MAILROOM = Viewer("mailroom", "林 健", DEPARTMENT, grants(DEPARTMENT, StaffRole.MAILROOM))
CHIEF = Viewer("chief", "中村 誠", DEPARTMENT, grants(DEPARTMENT, StaffRole.APPROVER))
DIRECTOR = Viewer("director", "井上 薫", DEPARTMENT, grants(DEPARTMENT, StaffRole.APPROVER))
ELSEWHERE = Viewer(
    "elsewhere", "原 誠", "zeimu", grants("zeimu", StaffRole.REVIEWER, StaffRole.MAILROOM), sees_protected=True
)


@dataclass
class Clock:
    """The present moment of a test; `pass_` moves it on."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> None:
        """Lets time go by."""
        self.now += timedelta(**span)


@dataclass
class FakeFullPage:
    """Stands for the reader of unknown pages: always the same two lines, and counts its pages."""

    pages: int = 0
    lines: tuple[TextLine, ...] = field(
        default=(
            TextLine("固定資産税 口座振替依頼書", 0.98, (10, 10, 300, 40)),
            TextLine("みどり市長 様", 0.95, (10, 60, 200, 90)),
        )
    )

    def read_text(self, image: Image) -> tuple[TextLine, ...]:
        """The two lines."""
        self.pages += 1
        return self.lines


def make_runtime(url: str, folder: Path, *, key: bytes = KEY, clock: Clock | None = None) -> Runtime:
    """A runtime over a migrated database. Its clock stands still until the test moves `runtime.clock`."""
    full_page: Any = FakeFullPage()
    return Runtime(
        engine=open_test_engine(url),
        blobs=Blobs(str(folder / "blobs")),
        secrets=Secrets(key),
        data_dir=folder,
        make_recogniser=NullRecogniser,
        make_full_page_reader=lambda: full_page,
        clock=clock or Clock(),
    )


def install(runtime: Runtime) -> str:
    """Installs the sample procedure; gives the id of the pack version."""
    return install_pack(runtime, sample_pack())


def sample_pack() -> LoadedPack:
    """The sample procedure."""
    return loaded_pack(PACK)


def import_small_roster(runtime: Runtime) -> None:
    """The eligible list of the small sample."""
    import_roster(runtime, PROCEDURE, (SMALL / "roster.csv").read_bytes())


def receive_export(
    runtime: Runtime,
    channel: str,
    data: bytes,
    files: Sequence[tuple[str, bytes]] = (),
    name: str = "export.csv",
) -> ExportReceived:
    """Stores an export and takes its records."""
    return take_records(runtime, store_export(runtime, PROCEDURE, channel, name, data, files))


SMALL_EXPORTS = (
    ("portal", "portal_utf8/portal_20261106.csv"),
    ("portal", "portal_cp932/portal_20261113.csv"),
    ("city_site", "city_site/applications_20261113.json"),
)


def small_export(path: str) -> tuple[bytes, list[tuple[str, bytes]]]:
    """An export of the small sample and the files beside it."""
    export = SMALL / "online" / path
    files = [
        (other.relative_to(export.parent).as_posix(), other.read_bytes())
        for other in sorted((export.parent / "attachments").glob("*"))
    ]
    return export.read_bytes(), files


def import_small_online(runtime: Runtime) -> list[ExportReceived]:
    """All exports of the small sample but the bad one."""
    return [receive_export(runtime, channel, *small_export(path)) for channel, path in SMALL_EXPORTS]


def advance_all(runtime: Runtime) -> None:
    """Every due submission as far as software takes it, in the order received."""
    for submission_id in due_submissions(runtime):
        advance(runtime, submission_id)


def open_tasks(runtime: Runtime, kind: TaskKind | None = None) -> list[ReviewTask]:
    """Open tasks, the first opened first."""
    with read(runtime.engine) as session:
        query = select(ReviewTask).where(ReviewTask.status == TaskStatus.OPEN)
        query = query.where(ReviewTask.kind == kind) if kind else query
        return list(session.exec(query.order_by(col(ReviewTask.opened_at), col(ReviewTask.id))).all())


def task_of(runtime: Runtime, submission_id: str) -> ReviewTask:
    """The one open intake task of a submission."""
    with read(runtime.engine) as session:
        return session.exec(
            select(ReviewTask).where(ReviewTask.submission_id == submission_id, ReviewTask.status == TaskStatus.OPEN)
        ).one()


def reasons_of(runtime: Runtime, task_id: str) -> set[tuple[str, str]]:
    """The reasons of a task as (code, about)."""
    with read(runtime.engine) as session:
        rows = session.exec(select(ReviewReason).where(ReviewReason.task_id == task_id)).all()
        return {(row.code.value, row.about) for row in rows}


def submission(runtime: Runtime, submission_id: str) -> Submission:
    """The submission as it stands."""
    with read(runtime.engine) as session:
        return session.get_one(Submission, submission_id)


def by_source_number(runtime: Runtime, number: str) -> Submission:
    """The submission that a sending system gave this number."""
    with read(runtime.engine) as session:
        return session.exec(select(Submission).where(Submission.source_number == number)).one()


def event_kinds(runtime: Runtime, aggregate_id: str) -> list[str]:
    """What happened to one aggregate, oldest first."""
    with read(runtime.engine) as session:
        rows = session.exec(select(Event).where(Event.aggregate_id == aggregate_id).order_by(col(Event.seq)))
        return [row.kind for row in rows.all()]


def rows_of(runtime: Runtime, model: type[Any], **where: Any) -> list[Any]:
    """All rows of a table whose columns have these values."""
    with read(runtime.engine) as session:
        query = select(model)
        for name, value in where.items():
            query = query.where(getattr(model, name) == value)
        return list(session.exec(query).all())
