"""Leases, on both databases: a task is in one pair of hands, and falls back when they leave."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pipeline.domain.errors import Conflict, Impossible, LeaseLost, NotAllowed, NotVisible
from pipeline.domain.statuses import ReasonCode, SubmissionStatus, TaskKind, TaskStatus
from pipeline.review.claim import LEASE, claim, claim_next, release, renew
from pipeline.review.decisions import close
from pipeline.review.fields import correct_field
from pipeline.runtime import Runtime
from pipeline.steps.tasks import Doubt, open_mailroom_task
from pipeline.store.engine import write
from pipeline.store.tables import ReviewTask, Submission
from tests.runtime import (
    DEPARTMENT,
    MAILROOM,
    NOW,
    REVIEWER,
    SECOND,
    by_source_number,
    event_kinds,
    rows_of,
    task_of,
)


def add_tasks(runtime: Runtime, count: int, kind: TaskKind = TaskKind.INTAKE) -> list[str]:
    with write(runtime.engine) as session:
        rows = [
            ReviewTask(
                id=f"task{number:02d}", kind=kind, open_key=f"{number}", department=DEPARTMENT,
                due_on=NOW.date() + timedelta(days=number), opened_at=NOW,
            )
            for number in range(count)
        ]  # fmt: skip
        session.add_all(rows)
    return [row.id for row in rows]


def test_no_task_is_given_twice(runtime: Runtime) -> None:
    tasks = add_tasks(runtime, 20)
    gate = threading.Barrier(4)

    def work(number: int) -> list[str]:
        viewer = replace(REVIEWER, user_id=f"u{number}")
        gate.wait()
        taken = []
        while (task_id := claim_next(runtime, viewer)) is not None:
            taken.append(task_id)
        return taken

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(work, range(4)))
    assert sorted(task for share in shares for task in share) == tasks
    owners = {row.id: row.lease_owner for row in rows_of(runtime, ReviewTask)}
    assert all(owners[task] == f"u{number}" for number, share in enumerate(shares) for task in share)
    assert all(event_kinds(runtime, task) == ["task_claimed"] for task in tasks)


def test_one_task_that_all_want_goes_to_one(runtime: Runtime) -> None:
    (task,) = add_tasks(runtime, 1)
    gate = threading.Barrier(4)

    def want(number: int) -> bool:
        gate.wait()
        try:
            claim(runtime, replace(REVIEWER, user_id=f"u{number}"), task)
        except LeaseLost:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(want, range(4))) == [False, False, False, True]


def test_the_most_urgent_comes_first(runtime: Runtime) -> None:
    tasks = add_tasks(runtime, 3)
    assert [claim_next(runtime, REVIEWER) for _ in range(4)] == [*tasks, None]


def test_only_of_those_listed(runtime: Runtime) -> None:
    tasks = add_tasks(runtime, 3)
    assert claim_next(runtime, REVIEWER, tasks[1:]) == tasks[1]
    assert claim_next(runtime, REVIEWER, []) is None


def test_a_lease_runs_out_and_the_task_falls_back(runtime: Runtime) -> None:
    (task,) = add_tasks(runtime, 1)
    clock: Any = runtime.clock
    assert claim_next(runtime, REVIEWER) == task
    clock.pass_(seconds=LEASE.total_seconds())
    assert claim_next(runtime, SECOND) is None, "the last moment is still theirs"
    with pytest.raises(LeaseLost):
        claim(runtime, SECOND, task)
    clock.pass_(seconds=1)
    assert claim_next(runtime, SECOND) == task
    with pytest.raises(LeaseLost):
        renew(runtime, REVIEWER, task)
    assert event_kinds(runtime, task) == ["task_claimed", "task_claimed"]


def test_renewing_keeps_it(runtime: Runtime) -> None:
    (task,) = add_tasks(runtime, 1)
    clock: Any = runtime.clock
    claim(runtime, REVIEWER, task)
    clock.pass_(minutes=10)
    renew(runtime, REVIEWER, task)
    clock.pass_(minutes=10)
    assert claim_next(runtime, SECOND) is None


def test_giving_it_back(runtime: Runtime) -> None:
    (task,) = add_tasks(runtime, 1)
    claim(runtime, REVIEWER, task)
    release(runtime, SECOND, task)
    assert claim_next(runtime, SECOND) is None, "nobody gives back what another holds"
    release(runtime, REVIEWER, task)
    assert claim_next(runtime, SECOND) == task
    assert event_kinds(runtime, task) == ["task_claimed", "task_released", "task_claimed"]


def test_claiming_again_is_the_same_claim(runtime: Runtime) -> None:
    (task,) = add_tasks(runtime, 1)
    claim(runtime, REVIEWER, task)
    claim(runtime, REVIEWER, task)
    assert event_kinds(runtime, task) == ["task_claimed"]


def test_each_role_gets_its_own_kind(runtime: Runtime) -> None:
    (sheet_matter,) = add_tasks(runtime, 1, TaskKind.MAILROOM)
    assert claim_next(runtime, REVIEWER) is None
    with pytest.raises(NotAllowed):
        claim(runtime, REVIEWER, sheet_matter)
    assert claim_next(runtime, MAILROOM) == sheet_matter
    with pytest.raises(NotVisible):
        claim(runtime, MAILROOM, "none")


def test_what_waits_for_the_applicant_is_not_handed_out(small: Runtime) -> None:
    waiting = by_source_number(small, "C26-004056")
    with write(small.engine) as session:
        row = session.get_one(Submission, waiting.id)
        row.status = SubmissionStatus.AWAITING_CORRECTION
        session.add(row)
    given = {claim_next(small, REVIEWER) for _ in range(3)}
    assert task_of(small, waiting.id).id not in given and len(given - {None}) == 2
    assert claim_next(small, REVIEWER, [task_of(small, waiting.id).id]), "but whoever asks for it gets it"


def test_two_reviewers_never_overwrite_each_other(small: Runtime) -> None:
    one = by_source_number(small, "C26-004063")
    task = task_of(small, one.id)
    gate = threading.Barrier(2)

    def mend(viewer: Any) -> str:
        gate.wait()
        try:
            correct_field(small, viewer, task.id, "phone", f"0277-72-{viewer.user_id[:1] == 'r':04d}", task.version)
        except Conflict:
            return "conflict"
        return "mended"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(mend, [REVIEWER, SECOND])) == ["conflict", "mended"]


def test_an_old_page_is_a_conflict_and_changes_nothing(small: Runtime) -> None:
    one = by_source_number(small, "C26-004063")
    task = task_of(small, one.id)
    correct_field(small, REVIEWER, task.id, "phone", "0277-72-1234", task.version)
    with pytest.raises(Conflict):
        correct_field(small, REVIEWER, task.id, "phone", "0277-72-9999", task.version)


def test_a_task_in_other_hands_is_a_conflict(small: Runtime) -> None:
    one = by_source_number(small, "C26-004063")
    task = task_of(small, one.id)
    claim(small, SECOND, task.id)
    with pytest.raises(Conflict):
        correct_field(small, REVIEWER, task.id, "phone", "0277-72-1234", task_of(small, one.id).version)
    clock: Any = small.clock
    clock.pass_(minutes=16)
    correct_field(small, REVIEWER, task.id, "phone", "0277-72-1234", task_of(small, one.id).version)


def test_a_mailroom_matter_is_closed_with_a_note(runtime: Runtime) -> None:
    with write(runtime.engine) as session:
        doubt = Doubt(ReasonCode.FILE_REFUSED, "a", "empty_file")
        task = open_mailroom_task(session, key="file:a", department=DEPARTMENT, doubts=[doubt], at=NOW)
    assert task.due_on is not None and task.due_on > NOW.date()
    close(runtime, MAILROOM, task.id, "原本から再スキャンした", task.version)
    (row,) = rows_of(runtime, ReviewTask)
    assert (row.status, row.open_key, row.lease_owner) == (TaskStatus.DONE, None, None)
    assert event_kinds(runtime, task.id) == ["task_opened", "decided_close", "task_closed"]
    with pytest.raises(Impossible):
        close(runtime, MAILROOM, task.id, "again", row.version)


def test_an_application_is_not_closed_like_a_sheet(small: Runtime) -> None:
    task = task_of(small, by_source_number(small, "C26-004056").id)
    with pytest.raises(Impossible):
        close(small, REVIEWER, task.id, "", task.version)
    assert task_of(small, by_source_number(small, "C26-004056").id).version == task.version
