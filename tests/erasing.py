"""Stores whose applications have all come to their end, and years that go by: for tests of erasure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String, update
from sqlmodel import SQLModel, col, select

from pipeline.channels.slip import BatchSlip
from pipeline.domain.drafts import DraftScope
from pipeline.domain.statuses import TaskKind
from pipeline.review.approvals import approve_draft
from pipeline.review.decisions import close, withdraw
from pipeline.review.drafts import clear_cases, make_draft_of_all
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance_batch
from pipeline.steps.erasure.cut import BLANKED, DELETED, _places
from pipeline.steps.erasure.run import ErasureReport, erase
from pipeline.steps.intake_paper import receive_files
from pipeline.store.engine import read, write
from pipeline.store.tables import Document, Page, Submission
from tests.databases import ENGINES
from tests.papers import application, blank, tiff
from tests.runtime import CHIEF, DEPARTMENT, MAILROOM, PROCEDURE, REVIEWER, advance_all, open_tasks
from tests.stores import Filled, online, roster

SLIP = BatchSlip(received_on=date(2026, 11, 18), source="mail")
KEPT = datetime(2032, 3, 31, 14, 59, tzinfo=UTC)
"""The last minute, in Japan, in which what ended in November 2026 is still kept (five years)."""
DUE = KEPT + timedelta(minutes=1)
AT_ONCE = timedelta(0)
"""The grace of a test in which nobody else puts anything."""


def take_batch(runtime: Runtime, *pages: Any, name: str = "a.tif", slip: BatchSlip = SLIP) -> list[str]:
    """A scan file of these pages, advanced; ids of its submissions."""
    received = receive_files(runtime, slip, [(name, tiff(*pages))], actor="test")
    assert received.batch_id is not None
    ids = advance_batch(runtime, received.batch_id)
    advance_all(runtime)
    return ids


def settle_all(runtime: Runtime) -> None:
    """Everything examined is granted by an approved draft; everything in doubt is withdrawn."""
    for task in open_tasks(runtime):
        viewer, act = (MAILROOM, close) if task.kind is TaskKind.MAILROOM else (REVIEWER, withdraw)
        act(runtime, viewer, task.id, "書類を確かめました", task.version)
    scope = DraftScope(PROCEDURE, DEPARTMENT)
    with read(runtime.engine) as session:
        clear = clear_cases(session, REVIEWER, scope)
    if clear:
        approve_draft(runtime, CHIEF, make_draft_of_all(runtime, REVIEWER, scope, len(clear)), 1)


def two_papers(runtime: Runtime) -> None:
    """Two applications and a blank page on one scan file."""
    take_batch(runtime, application(1), application(1, page=2), application(2), application(2, page=2), blank())


def ends(runtime: Runtime) -> None:
    """`settle_all`, as a fill of a store."""
    settle_all(runtime)


@pytest.fixture(params=ENGINES)
def ended(request: pytest.FixtureRequest, filled: Filled, tmp_path: Path) -> Iterator[Runtime]:
    """Online and paper applications, all at their end in November 2026."""
    with filled.copy(request.param, tmp_path, roster, online, two_papers, ends) as made:
        yield made


def wait_until(runtime: Runtime, moment: datetime) -> None:
    """Sets the clock of the runtime."""
    runtime.clock.now = moment  # type: ignore[attr-defined]


def erase_all(runtime: Runtime, moment: datetime = DUE) -> ErasureReport:
    """An erasure of the sample procedure at this moment, with nobody else at work."""
    wait_until(runtime, moment)
    return erase(runtime, PROCEDURE, actor="test", grace=AT_ONCE)


def plant(runtime: Runtime) -> set[str]:
    """Puts a mark of its own into every text that an application may leave in the store; gives the marks."""
    marks: set[str] = set()
    with write(runtime.engine) as session:
        ids = list(session.exec(select(Submission.id)).all())
        pages = list(session.exec(select(Page.id).join(Document)).all())
        for model in (*DELETED, *BLANKED):
            for name in _texts(model):
                mark = f"PLANT{len(marks):03d}x{model.__tablename__}x{name}"  # type: ignore[attr-defined]
                marked = session.execute(update(model).where(_places(model, ids, pages)).values({name: mark}))
                if marked.rowcount > 0:  # type: ignore[attr-defined]
                    marks.add(mark)
    return marks


def _texts(model: type[SQLModel]) -> list[str]:
    """Columns of a table that hold free text."""
    columns = model.__table__.columns  # type: ignore[attr-defined]
    wanted = BLANKED.get(model)
    unique = {column.name for constraint in model.__table__.constraints for column in constraint.columns}  # type: ignore[attr-defined]
    return [
        column.name
        for column in columns
        if type(column.type) is String or column.type.__class__.__name__ == "AutoString"
        if not column.foreign_keys and column.name not in {*unique, "blob", "view", "media_type"}
        if wanted is None or column.name in wanted
    ]


def rows_in(runtime: Runtime, model: Any) -> list[Any]:
    """All rows of a table, by id."""
    with read(runtime.engine) as session:
        return list(session.exec(select(model).order_by(col(model.id))).all())
