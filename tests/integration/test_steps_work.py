"""Leases on both databases: one owner each, taken over when silent, parked when deadly, in order where it matters."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from pipeline.domain.errors import Conflict
from pipeline.domain.statuses import SubmissionStatus
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.due import PATIENCE, Lane
from pipeline.steps.intake_paper import take_pages
from pipeline.steps.keeper import Keeper
from pipeline.steps.pieces import do_piece
from pipeline.steps.read import read_submission
from pipeline.steps.work import begin, claim_due, finish, forget_old, give_back, renew
from pipeline.store.tables import Arrival, FieldValue, Page, Submission, WorkLease
from tests.leases import expire_leases, shift_leases
from tests.runtime import Clock, event_kinds, rows_of, submission
from tests.workers import hand_over, take_in, work_until_done


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


def test_what_a_dead_worker_only_held_is_given_out_together(online: Runtime) -> None:
    begun, *held = claim_due(online, "one", Lane.READ, 100)
    assert begin(online, "one", begun)
    expire_leases(online)
    assert claim_due(online, "two", Lane.READ, 100) == [begun]
    assert claim_due(online, "three", Lane.READ, 100) == held
    assert not begin(online, "one", held[0]), "who wakes up begins nothing that others have"
    assert {row.takes for row in rows_of(online, WorkLease)} == {0, 1}


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
