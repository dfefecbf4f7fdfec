"""A clock that is set back by a day: nothing stands still, history stays in order, dates are those of the day."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import col, select

from pipeline.domain.statuses import TaskKind
from pipeline.review.claim import claim, claim_next
from pipeline.review.queue import QueueFilter, list_tasks
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.intake_online import store_export
from pipeline.steps.keeper import Keeper
from pipeline.store.engine import read
from pipeline.store.tables import Event, ReviewTask, Submission
from tests.runtime import PROCEDURE, REVIEWER, SECOND, Clock, open_tasks, rows_of, small_export
from tests.workers import work_until_done


def set_back(runtime: Runtime) -> None:
    assert isinstance(runtime.clock, Clock)
    runtime.clock.pass_(days=-1)


def take(runtime: Runtime, path: str) -> None:
    store_export(runtime, PROCEDURE, "portal", "export.csv", *small_export(path))
    with Keeper(runtime, "worker") as keeper:
        work_until_done(keeper)


def test_what_arrives_before_and_after_is_worked_on_and_in_order(rostered: Runtime) -> None:
    take(rostered, "portal_utf8/portal_20261106.csv")
    before = rostered.clock()
    set_back(rostered)
    take(rostered, "portal_cp932/portal_20261113.csv")
    assert not any(row.due for row in rows_of(rostered, Submission))
    report = audit(rostered)
    assert report.breaches == () and report.checked["chains_whole"] > 10
    with read(rostered.engine) as session:
        moments = [row.at for row in session.exec(select(Event).order_by(col(Event.id))).all()]
    assert max(moments) == before and min(moments) == before - timedelta(days=1), "the clock did go back"
    assert audit(rostered).breaches == (), "a seal made before the earlier ones holds too"


def test_a_task_that_a_clerk_held_is_not_frozen_for_a_day(small: Runtime) -> None:
    task = open_tasks(small, TaskKind.INTAKE)[0]
    claim(small, REVIEWER, task.id)
    assert claim_next(small, SECOND, [task.id]) is None
    set_back(small)
    assert list_tasks(small, REVIEWER, QueueFilter(mine=True)).rows == ()
    assert {row.owner for row in list_tasks(small, SECOND, QueueFilter()).rows} == {None}, "nobody seems to hold it"
    assert claim_next(small, SECOND, [task.id]) == task.id
    (row,) = rows_of(small, ReviewTask, id=task.id)
    assert row.lease_owner == SECOND.user_id


def test_due_dates_follow_the_day_of_receipt(rostered: Runtime) -> None:
    set_back(rostered)
    take(rostered, "portal_utf8/portal_20261106.csv")
    received = {row.id: row.received_on for row in rows_of(rostered, Submission)}
    tasks = [row for row in open_tasks(rostered, TaskKind.INTAKE) if row.submission_id]
    assert tasks
    for task in tasks:
        assert task.due_on is not None and task.due_on > received[task.submission_id]
