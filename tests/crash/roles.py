"""What a process of the crash tests does: work as one of several workers, decide as a clerk, migrate."""

from __future__ import annotations

import random
import time
import uuid
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from sqlmodel import col, select

from ichimado.intake import find_export, receive_folder, store
from ichimado.reading import find_pack
from pipeline.domain.errors import Conflict, DomainError
from pipeline.domain.statuses import ArrivalStatus, BatchStatus, OutboundStatus, SubmissionStatus, TaskKind, TaskStatus
from pipeline.review import claim, decisions
from pipeline.runtime import Runtime
from pipeline.steps import deliver
from pipeline.steps.api_clients import add_client, allow_procedure, set_webhook
from pipeline.steps.due import Lane
from pipeline.steps.keeper import Keeper
from pipeline.steps.packs import install_pack
from pipeline.steps.pieces import work_lane
from pipeline.steps.roster import import_roster
from pipeline.store import columns
from pipeline.store.engine import read
from pipeline.store.tables import Arrival, Batch, Decision, Outbound, ReviewTask, Submission
from tests.recorded_runtime import SMALL, make_recorded_runtime
from tests.runtime import PROCEDURE, TRUSTED
from tests.workers import work_until_done

LEASE = timedelta(seconds=2)
BATCHES = ("b06_branch_bw200",)
EXPORTS = ("city_site", "portal_bad")
"""A batch, the export of the system that is told of every change, and one whose rows are bad."""
PAUSE_S = 0.05
PATIENCE_S = 90.0


def open_store(folder: Path, database_url: str) -> Runtime:
    """The runtime of one process: recorded readings, a short lease, deliveries tried again at once."""
    runtime = make_recorded_runtime(folder, database_url)
    runtime.lease = LEASE
    deliver.LEASE = LEASE
    return runtime


def receive_all(runtime: Runtime, hook: str) -> None:
    """Everything the stage of intake begins with: procedure, roster, a sending system, files stored and not taken."""
    install_pack(runtime, find_pack(PROCEDURE))
    # People under the same ids in every store, so that equal candidates rank alike.
    ids = random.Random("roster")
    with patch.object(columns, "uuid4", lambda: uuid.UUID(int=ids.getrandbits(128), version=4)):
        import_roster(runtime, PROCEDURE, (SMALL / "roster.csv").read_bytes())
    add_client(runtime, "city", actor="test")
    allow_procedure(runtime, "city", PROCEDURE, "city_site", actor="test")
    set_webhook(runtime, "city", hook, actor="test")
    for name in BATCHES:
        receive_folder(runtime, SMALL / "scans" / name, key=name)
    for name in EXPORTS:
        folder = SMALL / "online" / name
        for path in sorted([*folder.glob("*.csv"), *folder.glob("*.json")]):
            store(runtime, PROCEDURE, find_export(runtime, PROCEDURE, path, None))


def work_lanes(runtime: Runtime, *lanes: Lane) -> None:
    """These lanes alone, until they are empty."""
    with Keeper(runtime, "prepare") as keeper:
        while any(work_lane(keeper, lane) for lane in lanes):
            pass


def work_to_the_end(runtime: Runtime, name: str = "worker") -> None:
    """Works as one of any number of workers until nothing is left for any of them."""
    deadline = time.monotonic() + PATIENCE_S
    with Keeper(runtime, name) as keeper:
        while is_unfinished(runtime):
            if work_until_done(keeper):
                deadline = time.monotonic() + PATIENCE_S
            elif time.monotonic() > deadline:
                raise TimeoutError(f"work is left that nobody takes up: {left_over(runtime)}")
            else:
                time.sleep(PAUSE_S)


def is_unfinished(runtime: Runtime) -> bool:
    """True while anything waits for software, also when somebody holds it."""
    return bool(left_over(runtime))


def left_over(runtime: Runtime) -> list[str]:
    """One id of every kind of row that waits for software."""
    waiting = (
        select(Batch.id).where(Batch.status == BatchStatus.RECEIVED),
        select(Arrival.id).where(col(Arrival.source).startswith("export:"), Arrival.status == ArrivalStatus.STORED),
        select(Submission.id).where(col(Submission.due).is_(True)),
        select(Outbound.id).where(Outbound.status == OutboundStatus.DUE),
    )
    with read(runtime.engine) as session:
        return [row for query in waiting if (row := session.exec(query.limit(1)).first())]


def decide_all(runtime: Runtime) -> None:
    """A clerk goes through the open tasks in order of receipt; what was decided before is not decided again."""
    for submission_id, place in _submissions(runtime):
        for _ in range(5):
            try:
                _decide(runtime, submission_id, place)
                break
            except Conflict:
                continue  # a worker was at it: the clerk looks again


def _decide(runtime: Runtime, submission_id: str, place: int) -> None:
    with read(runtime.engine) as session:
        task = session.exec(
            select(ReviewTask).where(
                ReviewTask.submission_id == submission_id,
                ReviewTask.kind == TaskKind.INTAKE,
                ReviewTask.status == TaskStatus.OPEN,
            )
        ).first()
        if task is None or session.exec(select(Decision.id).where(Decision.task_id == task.id)).first():
            return
        waits = session.get_one(Submission, submission_id).status is not SubmissionStatus.IN_REVIEW
    if waits:
        return
    claim.claim(runtime, TRUSTED, task.id)
    match place % 4:
        case 0:
            wrong = decisions.DeficiencyDraft("missing", "birth_date", "生年月日を記入してください。")
            decisions.request_correction(runtime, TRUSTED, task.id, [wrong], task.version)
        case 1:
            decisions.withdraw(runtime, TRUSTED, task.id, "電話で取下げ", task.version)
        case _:
            _accept_or_refer(runtime, task)


def _accept_or_refer(runtime: Runtime, task: ReviewTask) -> None:
    try:
        decisions.accept(runtime, TRUSTED, task.id, task.version)
    except Conflict:
        raise
    except DomainError:
        decisions.refer(runtime, TRUSTED, task.id, "確認できません", task.version)


def _submissions(runtime: Runtime) -> list[tuple[str, int]]:
    with read(runtime.engine) as session:
        rows = session.exec(
            select(Submission.id).order_by(col(Submission.received_at), col(Submission.receipt_number))
        ).all()
    return [(row, place) for place, row in enumerate(rows)]
