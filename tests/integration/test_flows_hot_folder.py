"""One look after the other into a watched folder: what is taken, what waits, what stays."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from pipeline.domain.statuses import Channel
from pipeline.runtime import Runtime
from pipeline.steps import hot_folder
from pipeline.steps.hot_folder import NOT_MOVED, HotFolderLook, describe_problem, take_settled
from pipeline.store.engine import read
from pipeline.store.tables import Arrival, Batch
from tests.papers import application, tiff
from tests.runtime import Clock

SETTLE_S = 5.0
SLIP = "received_on: 2026-11-18\nsource: 支所\ndepartment: kodomo\ncounted_sheets: 1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "hot"
    made.mkdir()
    return made


def put(folder: Path, name: str, number: int = 0) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tiff(application(number)))
    return path


def look(runtime: Runtime, folder: Path, *, after: float = 0.0) -> HotFolderLook:
    assert isinstance(runtime.clock, Clock)
    runtime.clock.pass_(seconds=after)
    return take_settled(runtime, folder, SETTLE_S)


def batches(runtime: Runtime) -> list[Batch]:
    with read(runtime.engine) as session:
        return list(session.exec(select(Batch)).all())


def test_settled_file_without_a_slip_is_mail_of_today(runtime: Runtime, folder: Path) -> None:
    put(folder, "scan.tif")
    assert look(runtime, folder).received == []
    (received,) = look(runtime, folder, after=6).received
    (batch,) = batches(runtime)
    assert (batch.id, batch.channel, batch.received_on) == (received.batch_id, Channel.MAIL, runtime.today())


def test_slip_says_what_the_batch_is(runtime: Runtime, folder: Path) -> None:
    put(folder, "b1/scan.tif")
    (folder / "b1" / "batch.yaml").write_text(SLIP)
    look(runtime, folder)
    assert len(look(runtime, folder, after=6).received) == 1
    (batch,) = batches(runtime)
    assert (batch.channel, batch.received_on, batch.counted_sheets) == (Channel.BRANCH, date(2026, 11, 18), 1)


def test_wrong_slip_keeps_its_files_and_stops_nobody_else(runtime: Runtime, folder: Path) -> None:
    kept = put(folder, "a/scan.tif")
    (folder / "a" / "batch.yaml").write_text("received_on: someday\n")
    put(folder, "b/scan.tif", number=1)
    look(runtime, folder)
    found = look(runtime, folder, after=6)
    assert found.problems == ["malformed_slip"]
    assert len(found.received) == len(batches(runtime)) == 1
    assert kept.exists()
    assert "batch.yaml" in describe_problem("malformed_slip")


def test_mended_slip_lets_its_files_in(runtime: Runtime, folder: Path) -> None:
    put(folder, "a/scan.tif")
    (folder / "a" / "batch.yaml").write_text("nothing")
    look(runtime, folder)
    assert look(runtime, folder, after=6).problems == ["malformed_slip"]
    (folder / "a" / "batch.yaml").write_text(SLIP)
    assert len(look(runtime, folder, after=1).received) == 1


def test_growing_file_is_not_taken(runtime: Runtime, folder: Path) -> None:
    path = put(folder, "scan.tif")
    look(runtime, folder)
    with path.open("ab") as file:
        file.write(b"\0")
    assert look(runtime, folder, after=6).received == []
    assert len(look(runtime, folder, after=6).received) == 1


def test_file_that_changes_between_look_and_reading_is_not_taken(
    runtime: Runtime, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(folder, "scan.tif")
    look(runtime, folder)
    settled_files = hot_folder.settled_files

    def grow_afterwards(*given: object) -> object:
        settled = settled_files(*given)  # type: ignore[arg-type]
        with path.open("ab") as file:
            file.write(b"\0")
        return settled

    monkeypatch.setattr(hot_folder, "settled_files", grow_afterwards)
    assert look(runtime, folder, after=6) == HotFolderLook()
    assert path.exists()
    assert batches(runtime) == []


def test_counted_hand_over_waits_for_its_last_file(runtime: Runtime, folder: Path) -> None:
    put(folder, "b1/scan1.tif")
    (folder / "b1" / "batch.yaml").write_text(SLIP)
    look(runtime, folder)
    put(folder, "b1/scan2.tif", number=1)
    assert look(runtime, folder, after=6).received == []
    (received,) = look(runtime, folder, after=6).received
    assert len(received.arrival_ids) == 2


def test_taken_file_is_moved_under_its_arrivals_id(runtime: Runtime, folder: Path) -> None:
    path = put(folder, "山田花子.tif")
    look(runtime, folder)
    (received,) = look(runtime, folder, after=6).received
    assert not path.exists()
    (moved,) = (folder / ".taken").rglob("*.tif")
    assert moved.stem == received.arrival_ids[0]
    assert look(runtime, folder, after=60) == HotFolderLook()


def test_file_that_cannot_be_moved_stays_one_batch(
    runtime: Runtime, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "scan.tif")
    (folder / ".taken").write_text("a file where the folder should be")
    look(runtime, folder)
    first, second = look(runtime, folder, after=6), look(runtime, folder, after=10)
    assert first.problems == second.problems == [NOT_MOVED]
    assert first.received[0].batch_id == second.received[0].batch_id
    assert len(batches(runtime)) == 1
    with read(runtime.engine) as session:
        assert len(session.exec(select(Arrival)).all()) == 1


def test_same_bytes_again_later_are_a_repeated_arrival(runtime: Runtime, folder: Path) -> None:
    for name in ("first.tif", "second.tif"):
        path = put(folder, name)
        os.utime(path, (path.stat().st_mtime - timedelta(days=1).total_seconds(),) * 2)
        look(runtime, folder)
        (received,) = look(runtime, folder, after=6).received
    assert received.repeated == 1
    assert len(batches(runtime)) == 1


def test_memory_cut_short_by_a_crash_is_started_anew(runtime: Runtime, folder: Path) -> None:
    put(folder, "scan.tif")
    (runtime.data_dir / "hot_folder.json").write_text('{"scan.tif": {"si')
    assert look(runtime, folder).received == []
    assert len(look(runtime, folder, after=6).received) == 1
