"""An erasure from beginning to end, for one procedure. It may be stopped anywhere and is taken up where it stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlmodel import Session, col, func, select

from pipeline.runtime import Runtime
from pipeline.steps.erasure.blobs import doom_strays, remove_doomed
from pipeline.steps.erasure.carriers import Carriers, look_through_exports
from pipeline.steps.erasure.certificate import certify
from pipeline.steps.erasure.cut import erase_file, tell
from pipeline.steps.erasure.due import Due, ended_before, find_due, retention_years
from pipeline.steps.erasure.losses import Cut
from pipeline.steps.erasure.strays import cut_strays, find_strays
from pipeline.steps.numbers import erasure_number
from pipeline.store.blob_removal import GRACE
from pipeline.store.bulk import parts
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import DoomedBlob, Erasure, PackVersion, Submission


@dataclass
class ErasureReport:
    """What a run came to. number: "" when nothing was due. waiting: files that may only be removed later, since
    somebody put the same bytes a moment ago; until then the erasure is unfinished and the next run goes on with it."""

    procedure_id: str
    number: str = ""
    submissions: int = 0
    files_removed: int = 0
    waiting: int = 0
    finished: bool = False
    blocked: Mapping[str, int] = field(default_factory=dict)


def look(runtime: Runtime, procedure_id: str) -> Due:
    """What is due for erasure in a procedure today, and what holds the rest up. Raises PackMissing."""
    with read(runtime.engine) as session:
        return find_due(session, procedure_id, runtime.today())


def begun(runtime: Runtime) -> list[str]:
    """Procedures with an erasure that somebody began and that is not finished, such as after a crash."""
    with read(runtime.engine) as session:
        found = session.exec(select(Erasure.procedure_id).where(col(Erasure.finished_at).is_(None)).distinct()).all()
    return sorted(found)


def erase(runtime: Runtime, procedure_id: str, *, actor: str = "system", grace: timedelta = GRACE) -> ErasureReport:
    """Erases everything of a procedure that is due, removes the bytes nothing names, and certifies it.

    Nothing due and nothing left undone: nothing happens. Raises PackMissing.
    """
    due = look(runtime, procedure_id)
    report = ErasureReport(procedure_id, blocked={blocker.value: count for blocker, count in due.blocked.items()})
    strays = find_strays(runtime, procedure_id)
    erasure = _start(runtime, procedure_id, actor, anything=bool(due.files or strays))
    if erasure is None:
        return report
    carriers = _carriers(runtime, procedure_id, due)
    for file in due.files:
        if erase_file(runtime, erasure, file, carriers, actor):
            report.submissions += len(file.submission_ids)
    cut_strays(runtime, erasure, strays, actor)
    _remove(runtime, erasure, actor, grace, report)
    report.number = erasure.number
    return report


def _start(runtime: Runtime, procedure_id: str, actor: str, *, anything: bool) -> Erasure | None:
    """The erasure to go on with, or a new one; None when there is nothing to do."""
    with write(runtime.engine) as session:
        # Two who start at once: the second finds what the first began.
        session.exec(select(PackVersion.id).where(PackVersion.procedure_id == procedure_id).with_for_update()).all()
        begun = session.exec(
            select(Erasure).where(Erasure.procedure_id == procedure_id, col(Erasure.finished_at).is_(None))
        ).first()
        if begun is not None or not anything:
            return begun
        erasure = Erasure(
            number=erasure_number(session, runtime.today()),
            procedure_id=procedure_id,
            ended_before=_newest_end(session, procedure_id, runtime.today()),
            made_by=actor,
            made_at=runtime.clock(),
        )
        session.add(erasure)
        session.flush()
        payload = {"procedure": procedure_id, "ended_before": erasure.ended_before.isoformat()}
        append_event(
            session, "erasure", erasure.id, "erasure_started", actor=actor, at=runtime.clock(), payload=payload
        )
        return erasure


def _newest_end(session: Session, procedure_id: str, today: date) -> date:
    return ended_before(today, min(retention_years(session, procedure_id).values()))


def _carriers(runtime: Runtime, procedure_id: str, due: Due) -> Carriers:
    ids = [one for file in due.files for one in file.submission_ids]
    with read(runtime.engine) as session:
        numbers = [
            number
            for part in parts(ids)
            for number in session.exec(select(Submission.source_number).where(col(Submission.id).in_(part))).all()
            if number
        ]
    return look_through_exports(runtime, procedure_id, numbers)


def _remove(runtime: Runtime, erasure: Erasure, actor: str, grace: timedelta, report: ErasureReport) -> None:
    strays = doom_strays(runtime, erasure, grace)
    report.files_removed = remove_doomed(runtime, erasure.id, grace)
    counts = Counter({"blob": report.files_removed, "stray_blob": strays})
    with write(runtime.engine) as session:
        if report.files_removed or strays:
            tell(session, erasure, Cut(counts=+counts), actor, runtime.clock())
        doomed = select(func.count()).select_from(DoomedBlob).where(DoomedBlob.erasure_id == erasure.id)
        report.waiting = session.exec(doomed).one()
    if not report.waiting:
        report.finished = certify(runtime, erasure.id, actor)
