"""The store itself on both databases: schema, transactions, columns, events, numbers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlmodel import Session, SQLModel, select

from pipeline.domain.history import chain_is_whole
from pipeline.domain.statuses import BatchStatus, Channel
from pipeline.runtime import Runtime
from pipeline.steps.numbers import batch_number, case_number, fiscal_year, receipt_number
from pipeline.store.engine import again_on_clash, is_reachable, open_engine, read, write
from pipeline.store.events import append_event, events_of
from pipeline.store.migrate import is_current, upgrade
from pipeline.store.tables import Batch, Counter, Event
from tests.runtime import NOW

DAY = date(2026, 11, 22)


def a_batch(number: str = "1", **given: Any) -> Batch:
    return Batch(**{"number": number, "channel": Channel.MAIL, "department": "kodomo", "received_on": DAY, **given})


def side_by_side(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What `work` gave in each of `count` threads that start together."""
    gate = threading.Barrier(count)

    def wait_and_work(number: int) -> Any:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(wait_and_work, range(count)))


def test_migrations_make_exactly_the_models(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def test_an_empty_database_is_brought_up_once(empty_database_url: str) -> None:
    engine = open_engine(empty_database_url)
    assert is_reachable(engine) and not is_current(engine)
    upgrade(engine)
    assert is_current(engine)
    upgrade(engine)
    with write(engine) as session:
        session.add(a_batch())
    engine.dispose()


def test_leaving_by_an_exception_writes_nothing(runtime: Runtime) -> None:
    with pytest.raises(ZeroDivisionError), write(runtime.engine) as session:
        session.add(a_batch())
        session.flush()
        raise ZeroDivisionError
    with read(runtime.engine) as session:
        assert session.exec(select(Batch)).all() == []


def test_a_reading_session_keeps_nothing(runtime: Runtime) -> None:
    with read(runtime.engine) as session:
        session.add(a_batch())
        session.flush()
    with read(runtime.engine) as session:
        assert session.exec(select(Batch)).all() == []


def test_read_of_one_moment_does_not_see_what_comes_later(runtime: Runtime) -> None:
    with read(runtime.engine, one_moment=True) as session:
        assert session.exec(select(Batch)).all() == []
        with write(runtime.engine) as other:
            other.add(a_batch())
        assert session.exec(select(Batch)).all() == []
    with read(runtime.engine) as session:
        assert len(session.exec(select(Batch)).all()) == 1


def test_on_sqlite_the_lock_is_taken_at_the_start(sqlite_database_url: str) -> None:
    engine = open_engine(sqlite_database_url)
    other = open_engine(sqlite_database_url)
    with other.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=50")
        connection.commit()
        with write(engine), pytest.raises(OperationalError):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    engine.dispose()
    other.dispose()


def test_read_then_write_never_loses_an_update(runtime: Runtime) -> None:
    with write(runtime.engine) as session:
        session.add(Counter(name="n", value=0))

    def raise_by_one(_: int) -> None:
        for _ in range(5):
            with write(runtime.engine) as session:
                row = session.get_one(Counter, "n", with_for_update=True)
                row.value += 1
                session.add(row)

    side_by_side(4, raise_by_one)
    with read(runtime.engine) as session:
        assert session.get_one(Counter, "n").value == 20


def test_errors_of_the_database_do_not_show_parameters(runtime: Runtime) -> None:
    with write(runtime.engine) as session:
        session.add(a_batch(key="髙橋 美咲"))
    with pytest.raises(IntegrityError) as caught, write(runtime.engine) as session:
        session.add(a_batch("2", key="髙橋 美咲", created_by="シラトリ"))
    assert "シラトリ" not in str(caught.value)


def test_a_moment_comes_back_aware_and_in_utc(runtime: Runtime) -> None:
    japan = datetime(2026, 11, 22, 9, 30, 15, 123456, tzinfo=timezone(timedelta(hours=9)))
    with write(runtime.engine) as session:
        session.add(a_batch(id="b", created_at=japan))
    with read(runtime.engine) as session:
        found = session.get_one(Batch, "b").created_at
    assert found == japan and found.tzinfo is UTC and found.microsecond == 123456


def test_a_moment_without_a_zone_is_refused(runtime: Runtime) -> None:
    with pytest.raises(StatementError), write(runtime.engine) as session:
        session.add(a_batch(created_at=datetime(2026, 11, 22)))


def test_words_are_stored_plain_and_unknown_ones_refused(runtime: Runtime) -> None:
    with write(runtime.engine) as session:
        session.add(a_batch(id="b", status=BatchStatus.SPLIT))
    with read(runtime.engine) as session:
        assert session.get_one(Batch, "b").status is BatchStatus.SPLIT
        assert session.execute(text("SELECT status FROM batch")).scalar_one() == "split"
    with pytest.raises(StatementError), write(runtime.engine) as session:
        session.add(a_batch("2", status="lost"))


def event(session: Session, kind: str, aggregate_id: str = "c1") -> None:
    append_event(session, "case", aggregate_id, kind, actor="a", at=NOW, payload={"n": 1})


@pytest.mark.parametrize(
    "change",
    [
        "seq = 7",
        "kind = 'x'",
        "actor = 'x'",
        "at = '2020-01-01 00:00:00'",
        "payload = '{}'",
        "previous_hash = 'x'",
        "hash = 'x'",
    ],
)
def test_a_stored_event_that_is_altered_is_found_out(runtime: Runtime, change: str) -> None:
    with write(runtime.engine) as session:
        for kind in ("case_opened", "case_granted", "submission_adopted"):
            event(session, kind)
    with read(runtime.engine) as session:
        assert chain_is_whole(events_of(session, "case", "c1"))
    with write(runtime.engine) as session:
        session.execute(text(f"UPDATE event SET {change} WHERE seq = 2"))
    with read(runtime.engine) as session:
        assert not chain_is_whole(events_of(session, "case", "c1"))


def test_chains_are_apart(runtime: Runtime) -> None:
    with write(runtime.engine) as session:
        event(session, "case_opened", "c1")
        event(session, "case_opened", "c2")
        event(session, "case_granted", "c1")
    with read(runtime.engine) as session:
        assert [item.seq for item in events_of(session, "case", "c1")] == [1, 2]
        assert [item.kind for item in events_of(session, "case", "c2")] == ["case_opened"]


def test_writers_of_one_history_never_share_a_number(runtime: Runtime) -> None:
    def append(number: int) -> None:
        def once() -> None:
            with write(runtime.engine) as session:
                event(session, f"kind_{number}")

        for _ in range(4):
            again_on_clash(once)

    side_by_side(3, append)
    with read(runtime.engine) as session:
        events = events_of(session, "case", "c1")
        assert [item.seq for item in events] == list(range(1, 13))
        assert chain_is_whole(events)


def test_the_same_number_twice_in_a_history_is_refused(runtime: Runtime) -> None:
    with write(runtime.engine) as session:
        event(session, "case_opened")
        row = session.exec(select(Event)).one()
        copy = row.model_dump(exclude={"id"})
    with pytest.raises(IntegrityError), write(runtime.engine) as session:
        session.add(Event(**copy))


def test_numbers_have_no_gaps_and_no_doubles(runtime: Runtime) -> None:
    def take(_: int) -> list[str]:
        found = []
        for _ in range(5):
            with write(runtime.engine) as session:
                found.append(receipt_number(session, DAY))
        return found

    taken = [number for numbers in side_by_side(4, take) for number in numbers]
    assert sorted(taken) == [f"R8-{number:06d}" for number in range(1, 21)]


def test_a_number_is_given_back_when_its_write_fails(runtime: Runtime) -> None:
    with pytest.raises(ZeroDivisionError), write(runtime.engine) as session:
        assert receipt_number(session, DAY) == "R8-000001"
        raise ZeroDivisionError
    with write(runtime.engine) as session:
        assert receipt_number(session, DAY) == "R8-000001"


def test_numbers_say_the_japanese_fiscal_year(runtime: Runtime) -> None:
    assert [fiscal_year(day) for day in (date(2027, 3, 31), date(2027, 4, 1))] == [2026, 2027]
    with write(runtime.engine) as session:
        assert receipt_number(session, date(2027, 3, 31)) == "R8-000001"
        assert receipt_number(session, date(2027, 4, 1)) == "R9-000001"
        assert case_number(session, date(2027, 3, 31)) == "R8-C000001"
        assert batch_number(session, DAY) == "2026-11-22-01"
