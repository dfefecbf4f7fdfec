"""Leases on both databases: one owner each, taken over when silent, parked when deadly, in order where it matters."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from pipeline.channels.slip import BatchSlip
from pipeline.domain.errors import Conflict, Impossible, NotAllowed
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
from pipeline.progress import progress_heard, tell_progress
from pipeline.review.deliveries import deliver_again
from pipeline.review.parked import give_up_parked, list_parked, retry_parked
from pipeline.runtime import Runtime
from pipeline.steps import advance as advancing
from pipeline.steps import keeper as keeping
from pipeline.steps.audit import audit
from pipeline.steps.due import PATIENCE, About, Lane, Piece
from pipeline.steps.intake_online import store_export
from pipeline.steps.intake_paper import receive_files, take_pages
from pipeline.steps.keeper import Keeper, workers
from pipeline.steps.parked import find_parked
from pipeline.steps.pieces import do_piece, work_lane, work_on
from pipeline.steps.read import read_submission
from pipeline.steps.work import MAX_TAKES, begin, claim_due, finish, forget_old, give_back, renew
from pipeline.store.access import Viewer, grants
from pipeline.store.engine import write
from pipeline.store.tables import Arrival, Batch, FieldValue, Outbound, Page, Submission, WorkLease
from tests.leases import expire_leases, shift_leases
from tests.papers import application, tiff
from tests.runtime import (
    DEPARTMENT,
    PROCEDURE,
    REVIEWER,
    Clock,
    event_kinds,
    open_tasks,
    reasons_of,
    rows_of,
    small_export,
    submission,
    task_of,
)
from tests.workers import work_until_done

OPERATOR = Viewer("operator", "森 健", DEPARTMENT, grants(DEPARTMENT, StaffRole.OPERATOR))


def hand_over(runtime: Runtime, number: int = 1, day: int = 18) -> str:
    slip = BatchSlip(received_on=date(2026, 11, day), source="mail")
    stack = tiff(application(number, 1), application(number, 2))
    received = receive_files(runtime, slip, [(f"{number}.tif", stack)], actor="test")
    assert received.batch_id is not None
    return received.batch_id


def take_in(runtime: Runtime) -> None:
    """All intake, so that submissions are due for reading."""
    with Keeper(runtime, "intake") as keeper:
        while work_lane(keeper, Lane.INTAKE):
            pass


@pytest.fixture
def online(rostered: Runtime) -> Iterator[Runtime]:
    """Eight submissions of an export, received and not read."""
    store_export(rostered, PROCEDURE, "portal", "export.csv", *small_export("portal_utf8/portal_20261106.csv"))
    take_in(rostered)
    yield rostered


def die_of(runtime: Runtime, worker: str, lane: Lane) -> None:
    """A worker begins the first piece of a lane, and is never heard of again."""
    for piece in claim_due(runtime, worker, lane, 1):
        assert begin(runtime, worker, piece)
    expire_leases(runtime)


def test_what_is_held_is_given_to_nobody_else(online: Runtime) -> None:
    first = claim_due(online, "one", Lane.READ, 3)
    second = claim_due(online, "two", Lane.READ, 100)
    assert len(first) == 3 and second
    assert not set(first) & set(second)
    assert claim_due(online, "three", Lane.READ, 10) == []


def test_many_who_claim_at_once_never_get_the_same(online: Runtime) -> None:
    with ThreadPoolExecutor(6) as pool:
        claims = list(pool.map(lambda number: claim_due(online, f"w{number}", Lane.READ, 2), range(12)))
    given = [piece for pieces in claims for piece in pieces]
    assert len(given) == len(set(given)) == len(rows_of(online, Submission))


def test_a_silent_owner_loses_it_and_a_renewing_one_does_not(online: Runtime) -> None:
    (kept, lost) = claim_due(online, "one", Lane.READ, 2)
    expire_leases(online)
    assert renew(online, "one", [kept.subject]) == 1
    taken = claim_due(online, "two", Lane.READ, 1)
    assert taken == [lost]
    assert renew(online, "one", [kept.subject, lost.subject]) == 1, "what others took over is not renewed"
    finish(online, "one", lost)
    assert {row.subject: row.owner for row in rows_of(online, WorkLease)}[lost.subject] == "two"


def test_a_clock_set_back_by_a_day_freezes_nothing(online: Runtime) -> None:
    pieces = claim_due(online, "one", Lane.READ, 100)
    shift_leases(online, timedelta(days=1))
    assert claim_due(online, "two", Lane.READ, 100) != []
    assert isinstance(online.clock, Clock)
    online.clock.pass_(days=-1)
    for piece in pieces:
        do_piece(online, piece)
    with Keeper(online, "three") as keeper:
        expire_leases(online)
        work_until_done(keeper)
    assert not any(row.due for row in rows_of(online, Submission))
    assert audit(online).breaches == ()


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


def test_what_a_dead_worker_only_held_is_given_out_together(online: Runtime) -> None:
    begun, *held = claim_due(online, "one", Lane.READ, 100)
    assert begin(online, "one", begun)
    expire_leases(online)
    assert claim_due(online, "two", Lane.READ, 100) == [begun]
    assert claim_due(online, "three", Lane.READ, 100) == held
    assert not begin(online, "one", held[0]), "who wakes up begins nothing that others have"
    assert {row.takes for row in rows_of(online, WorkLease)} == {0, 1}


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


def test_nobody_is_matched_before_an_earlier_one_is_read(online: Runtime) -> None:
    pieces = claim_due(online, "one", Lane.READ, 100)
    first, *later = pieces
    for piece in later:
        do_piece(online, piece)
    assert claim_due(online, "two", Lane.MATCH, 100) == []
    do_piece(online, first)
    matching = claim_due(online, "two", Lane.MATCH, 100)
    assert [piece.id for piece in matching] == [piece.id for piece in pieces]
    assert claim_due(online, "three", Lane.MATCH, 100) == [], "one worker at a time matches"


def test_nobody_waits_for_earlier_ones_for_ever(online: Runtime) -> None:
    first, *later = claim_due(online, "one", Lane.READ, 100)
    for piece in later:
        do_piece(online, piece)
    assert isinstance(online.clock, Clock)
    online.clock.pass_(seconds=PATIENCE.total_seconds() + 1)
    assert [piece.id for piece in claim_due(online, "two", Lane.MATCH, 100)] == [piece.id for piece in later]
    assert first


def test_nobody_is_matched_while_something_is_still_taken_in(online: Runtime) -> None:
    for piece in claim_due(online, "one", Lane.READ, 100):
        do_piece(online, piece)
    hand_over(online)
    assert claim_due(online, "two", Lane.MATCH, 100) == []


def test_a_frozen_reader_that_wakes_changes_nothing(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_over(runtime)
    take_in(runtime)
    (piece,) = claim_due(runtime, "frozen", Lane.READ, 1)

    def meanwhile(*_: object) -> list[object]:
        expire_leases(runtime)
        monkeypatch.undo()
        with Keeper(runtime, "other") as keeper:
            assert work_until_done(keeper) >= 2
        return []

    # Between its reading and its writing another worker does it all.
    monkeypatch.setattr("pipeline.steps.read._pages_of", meanwhile)
    before = len(rows_of(runtime, FieldValue))
    with pytest.raises(Conflict):
        read_submission(runtime, piece.id)
    assert submission(runtime, piece.id).status is SubmissionStatus.IN_REVIEW
    assert len(rows_of(runtime, FieldValue)) >= before
    assert event_kinds(runtime, piece.id).count("submission_read") == 1
    assert audit(runtime).breaches == ()


def test_a_frozen_cutter_that_wakes_adds_no_page_twice(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    batch_id = hand_over(runtime)
    (arrival,) = rows_of(runtime, Arrival, batch_id=batch_id)
    unseal = runtime.secrets.unseal
    calls: list[str] = []

    def meanwhile(token: str) -> str:
        calls.append(token)
        if len(calls) == 1:
            with Keeper(runtime, "other") as keeper:
                work_until_done(keeper)
        return unseal(token)

    monkeypatch.setattr(type(runtime.secrets), "unseal", lambda _, token: meanwhile(token))
    take_pages(runtime, arrival.id)
    assert len(calls) >= 2
    assert len(rows_of(runtime, Page)) == 2
    assert len(rows_of(runtime, Submission)) == 1
    assert audit(runtime).breaches == ()


def test_a_keeper_is_known_beats_and_says_good_bye(runtime: Runtime) -> None:
    assert isinstance(runtime.clock, Clock)
    with Keeper(runtime, "host:1") as keeper:
        (row,) = workers(runtime)
        runtime.clock.pass_(seconds=5)
        assert keeper.beat()
        (later,) = workers(runtime)
        assert (row.name, later.beat_at - row.beat_at) == ("host:1", timedelta(seconds=5))
    assert workers(runtime) == []


def test_what_hangs_is_given_back_at_once_with_all_else_and_used_up_a_try(
    online: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []
    with Keeper(online, "one", lambda: ended.append("one")) as keeper:
        hung, beside, waiting = pieces = claim_due(online, keeper.worker, Lane.READ, 3)
        with keeper.holding(pieces), keeper.busy(beside), keeper.watching(beside.subject):
            monkeypatch.setattr(keeping, "PATIENCE_S", -1.0)
            with keeper.busy(hung), keeper.watching(hung.subject):
                assert begin(online, keeper.worker, beside) and begin(online, keeper.worker, hung)
                assert not keeper.beat() and ended == ["one"]
            assert {row.subject: (row.owner, row.takes) for row in rows_of(online, WorkLease)} == {
                hung.subject: ("", 1),
                beside.subject: ("", 0),
                waiting.subject: ("", 0),
            }
            assert set(claim_due(online, "two", Lane.READ, 3)) & set(pieces)
            assert keeper.beat(), "what went on after all lives on"


def test_what_tells_of_progress_does_not_hang(online: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    beats: list[bool] = []
    with Keeper(online, "one") as keeper:
        (piece,) = claim_due(online, keeper.worker, Lane.READ, 1)

        def work(*_: object) -> None:
            monkeypatch.setattr(keeping, "PATIENCE_S", -1.0)
            tell_progress()
            beats.append(keeper.beat())
            monkeypatch.setattr(keeping, "PATIENCE_S", 60.0)
            tell_progress()
            beats.append(keeper.beat())

        with keeper.holding([piece]):
            assert work_on(keeper, piece, work)
            monkeypatch.setattr(keeping, "PATIENCE_S", -1.0)
            tell_progress()
            assert keeper.beat(), "nobody listens any more"
    assert beats == [False, True]


def test_every_page_tells_of_progress(runtime: Runtime) -> None:
    told: list[int] = []
    hand_over(runtime)
    (arrival,) = rows_of(runtime, Arrival)
    with progress_heard(lambda: told.append(1)):
        take_pages(runtime, arrival.id)
    assert len(told) >= 2
    take_in(runtime)
    (piece,) = claim_due(runtime, "one", Lane.READ, 1)
    told.clear()
    with progress_heard(lambda: told.append(1)):
        do_piece(runtime, piece)
    assert len(told) >= 2


def test_what_was_not_begun_is_given_back_and_not_held_against_it(online: Runtime) -> None:
    with Keeper(online, "one") as keeper:
        pieces = claim_due(online, keeper.worker, Lane.READ, 3)
        with pytest.raises(KeyboardInterrupt), keeper.holding(pieces):
            raise KeyboardInterrupt
    assert {(row.owner, row.takes) for row in rows_of(online, WorkLease)} == {("", 0)}
    assert claim_due(online, "two", Lane.READ, 100) != []


def test_what_is_given_back_waits_no_longer_than_a_lease(online: Runtime) -> None:
    pieces = claim_due(online, "one", Lane.READ, 2)
    give_back(online, "one", pieces, after=timedelta(days=1))
    assert not set(claim_due(online, "two", Lane.READ, 100)) & set(pieces)
    shift_leases(online, -online.lease)
    assert set(pieces) & set(claim_due(online, "three", Lane.READ, 100))


def test_leases_of_the_long_dead_are_forgotten(online: Runtime) -> None:
    claim_due(online, "one", Lane.READ, 2)
    forget_old(online)
    assert len(rows_of(online, WorkLease)) == 2
    shift_leases(online, -timedelta(days=2))
    forget_old(online)
    assert rows_of(online, WorkLease) == []


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
