"""A worker's sign of life, and what hangs in it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.progress import progress_heard, tell_progress
from pipeline.runtime import Runtime
from pipeline.steps import keeper as keeping
from pipeline.steps.due import Lane
from pipeline.steps.intake_paper import take_pages
from pipeline.steps.keeper import Keeper, workers
from pipeline.steps.pieces import do_piece, work_on
from pipeline.steps.work import begin, claim_due
from pipeline.store.tables import Arrival, WorkLease
from tests.runtime import Clock, rows_of
from tests.workers import hand_over, take_in


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
