"""What fails or kills its worker again and again is parked, and what becomes of it there."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from pipeline.domain.errors import Impossible, NotAllowed
from pipeline.domain.statuses import (
    ArrivalStatus,
    BatchStatus,
    OutboundKind,
    OutboundStatus,
    ReasonCode,
    StaffRole,
    SubmissionStatus,
    TaskKind,
)
from pipeline.review.deliveries import deliver_again
from pipeline.review.parked import give_up_parked, list_parked, retry_parked
from pipeline.runtime import Runtime
from pipeline.steps import advance as advancing
from pipeline.steps.audit import audit
from pipeline.steps.due import About, Lane, Piece
from pipeline.steps.keeper import Keeper
from pipeline.steps.parked import find_parked
from pipeline.steps.pieces import do_piece, work_on
from pipeline.steps.work import MAX_TAKES, begin, claim_due, finish
from pipeline.store.access import Viewer, grants
from pipeline.store.engine import write
from pipeline.store.tables import Arrival, Batch, Outbound, Submission, WorkLease
from tests.leases import expire_leases
from tests.runtime import DEPARTMENT, REVIEWER, event_kinds, open_tasks, reasons_of, rows_of, submission, task_of
from tests.workers import die_of, hand_over, work_until_done

OPERATOR = Viewer("operator", "森 健", DEPARTMENT, grants(DEPARTMENT, StaffRole.OPERATOR))


def test_what_kills_its_workers_is_parked_and_takes_nobody_with_it(online: Runtime) -> None:
    everything = claim_due(online, "w0", Lane.READ, 100)
    deadly = everything[3]
    for death in range(1, 20):
        expire_leases(online)
        pieces = claim_due(online, f"w{death}", Lane.READ, 100)
        if not pieces:
            break
        for piece in pieces:
            assert begin(online, f"w{death}", piece)
            if piece == deadly:
                break  # and with it the worker
            do_piece(online, piece)
            finish(online, f"w{death}", piece)
    assert [item.piece.id for item in find_parked(online)] == [deadly.id]
    assert reasons_of(online, task_of(online, deadly.id).id) == {(ReasonCode.PROCESSING_FAILED, "read")}
    assert death <= 1 + MAX_TAKES + len(everything)
    others = [row for row in rows_of(online, Submission) if row.id != deadly.id]
    assert {row.status for row in others} == {SubmissionStatus.READ}
    assert audit(online).breaches == ()


def test_a_parked_submission_tried_again_goes_its_way(online: Runtime) -> None:
    (piece,) = claim_due(online, "one", Lane.READ, 1)
    with write(online.engine) as session:
        session.execute(update(WorkLease).values(takes=MAX_TAKES))
    expire_leases(online)
    claim_due(online, "two", Lane.READ, 1)
    (row,) = list_parked(online, OPERATOR)
    assert (row.about, row.id, row.step, row.may_refuse) == (About.SUBMISSION, piece.id, "read", False)
    assert row.number == submission(online, piece.id).receipt_number
    with pytest.raises(NotAllowed):
        retry_parked(online, REVIEWER, row.about, row.id)
    with pytest.raises(Impossible):
        give_up_parked(online, OPERATOR, row.about, row.id)
    retry_parked(online, OPERATOR, row.about, row.id)
    with pytest.raises(Impossible):
        retry_parked(online, OPERATOR, row.about, row.id)
    assert list_parked(online, OPERATOR) == () and "submission_retried" in event_kinds(online, piece.id)
    expire_leases(online)
    with Keeper(online, "three") as keeper:
        work_until_done(keeper)
    assert not submission(online, piece.id).due
    assert audit(online).breaches == ()


def test_a_file_that_kills_its_workers_parks_its_batch_alone(runtime: Runtime) -> None:
    deadly, other = hand_over(runtime, 1), hand_over(runtime, 2)
    for death in range(MAX_TAKES):
        assert claim_due(runtime, f"w{death}", Lane.INTAKE, 1) == [Piece(About.BATCH, deadly)]
        assert begin(runtime, f"w{death}", Piece(About.BATCH, deadly))
        assert claim_due(runtime, "beside", Lane.INTAKE, 1) == [], "intake goes on one by one"
        expire_leases(runtime)
    assert claim_due(runtime, "w9", Lane.INTAKE, 1) == [Piece(About.BATCH, other)]
    (arrival,) = rows_of(runtime, Arrival, batch_id=deadly)
    assert arrival.status is ArrivalStatus.PARKED
    (task,) = open_tasks(runtime, TaskKind.MAILROOM)
    assert reasons_of(runtime, task.id) == {(ReasonCode.PROCESSING_FAILED, arrival.id)}
    assert [(row.about, row.id) for row in list_parked(runtime, OPERATOR)] == [(About.BATCH, deadly)]
    retry_parked(runtime, OPERATOR, About.BATCH, deadly)
    assert open_tasks(runtime) == []
    expire_leases(runtime)
    with Keeper(runtime, "well") as keeper:
        work_until_done(keeper)
    assert {row.status for row in rows_of(runtime, Batch)} == {BatchStatus.SPLIT}
    assert len(rows_of(runtime, Submission)) == 2
    assert audit(runtime).breaches == ()


def test_a_parked_file_given_up_lets_its_batch_go_on(runtime: Runtime) -> None:
    batch_id = hand_over(runtime)
    for death in range(MAX_TAKES):
        die_of(runtime, f"w{death}", Lane.INTAKE)
    claim_due(runtime, "last", Lane.INTAKE, 1)
    give_up_parked(runtime, OPERATOR, About.BATCH, batch_id)
    with Keeper(runtime, "well") as keeper:
        work_until_done(keeper)
    (arrival,) = rows_of(runtime, Arrival)
    assert (arrival.status, arrival.problem_code) == (ArrivalStatus.REFUSED, "processing_failed")
    assert rows_of(runtime, Batch)[0].status is BatchStatus.SPLIT
    assert len(open_tasks(runtime, TaskKind.MAILROOM)) >= 1
    assert audit(runtime).breaches == ()


def test_a_failing_batch_waits_and_the_next_one_goes_on(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = hand_over(runtime, 1), hand_over(runtime, 2)

    def fail_on_the_first(here: Runtime, piece: Piece) -> None:
        if piece.id == bad:
            raise ValueError("no such luck")
        do_piece(here, piece)

    with Keeper(runtime, "one") as keeper:
        for _ in range(2):
            (piece,) = claim_due(runtime, keeper.worker, Lane.INTAKE, 1)
            with keeper.holding([piece]):
                work_on(keeper, piece, fail_on_the_first)
    assert {row.id: row.status for row in rows_of(runtime, Batch)} == {
        bad: BatchStatus.RECEIVED,
        good: BatchStatus.SPLIT,
    }
    (lease,) = rows_of(runtime, WorkLease)
    assert (lease.subject, lease.owner, lease.takes) == (f"batch:{bad}", "", 1)


def test_a_letter_that_kills_its_workers_has_failed(runtime: Runtime) -> None:
    with write(runtime.engine) as session:
        row = Outbound(
            kind=OutboundKind.CORRECTION_LETTER, idempotency_key="correction:x", department=DEPARTMENT
        )  # fmt: skip
        session.add(row)
    for death in range(MAX_TAKES + 1):
        die_of(runtime, f"w{death}", Lane.SEND)
    (failed,) = rows_of(runtime, Outbound)
    assert (failed.status, failed.problem_code) == (OutboundStatus.FAILED, "processing_failed")
    with pytest.raises(Impossible):
        retry_parked(runtime, OPERATOR, About.OUTBOUND, failed.id)
    deliver_again(runtime, OPERATOR, failed.id)
    (again,) = rows_of(runtime, Outbound)
    assert (again.status, again.problem_code) == (OutboundStatus.DUE, None)
    assert "delivery_again" in event_kinds(runtime, again.id)
    assert claim_due(runtime, "well", Lane.SEND, 1) == [Piece(About.OUTBOUND, again.id)]


def test_a_failing_step_parks_after_three_attempts(online: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    (piece,) = claim_due(online, "one", Lane.READ, 1)

    def fail(*_: object) -> None:
        raise ValueError("no such luck")

    monkeypatch.setitem(advancing.STEPS, advancing.Step.READ, fail)
    for _ in range(advancing.MAX_ATTEMPTS - 1):
        with pytest.raises(ValueError, match="luck"):
            do_piece(online, piece)
    do_piece(online, piece)
    assert [item.piece.id for item in find_parked(online)] == [piece.id]
