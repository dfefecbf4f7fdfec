"""Removing bytes while others put the same bytes: whoever is faster, no row is left without its blob."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from pipeline.domain.statuses import OutboundKind
from pipeline.runtime import Runtime
from pipeline.steps.erasure import blobs as removal
from pipeline.steps.erasure.blobs import doom_strays, remove_doomed
from pipeline.steps.erasure.cut import doom
from pipeline.store.blobs import BlobMissing, Blobs
from pipeline.store.engine import read, write
from pipeline.store.tables import DoomedBlob, Erasure, Outbound
from tests.erasing import AT_ONCE

DATA = "阿部 千佳".encode()
DIGEST = hashlib.sha256(DATA).hexdigest()
GRACE = timedelta(milliseconds=250)


def begin(runtime: Runtime) -> Erasure:
    """An erasure that things may be doomed under."""
    erasure = Erasure(number="R8-E0001", procedure_id="child_benefit", ended_before=runtime.today(), made_by="test")
    with write(runtime.engine) as session:
        session.add(erasure)
    return erasure


def refer(runtime: Runtime, digest: str) -> None:
    """A row that names the blob, as an intake would write it."""
    with write(runtime.engine) as session:
        session.add(
            Outbound(
                kind=OutboundKind.CASE_EXPORT, idempotency_key=f"{time.monotonic_ns()}", department="x", blob=digest
            )
        )


def let_go(runtime: Runtime, erasure: Erasure) -> None:
    """The last rows that name blobs are gone, and the blobs doomed, in one write."""
    with write(runtime.engine) as session:
        for row in session.exec(select(Outbound)).all():
            doom(session, erasure, {row.blob or ""})
            session.delete(row)


def doomed(runtime: Runtime) -> list[str]:
    with read(runtime.engine) as session:
        return list(session.exec(select(DoomedBlob.digest)).all())


def test_bytes_go_when_nothing_names_them(runtime: Runtime) -> None:
    erasure = begin(runtime)
    refer(runtime, runtime.blobs.put(DATA))
    let_go(runtime, erasure)
    assert remove_doomed(runtime, erasure.id, AT_ONCE) == 1
    assert not runtime.blobs.has(DIGEST) and doomed(runtime) == []
    assert remove_doomed(runtime, erasure.id, AT_ONCE) == 0


def test_what_was_put_a_moment_ago_waits(runtime: Runtime) -> None:
    erasure = begin(runtime)
    refer(runtime, runtime.blobs.put(DATA))
    let_go(runtime, erasure)
    assert remove_doomed(runtime, erasure.id, timedelta(hours=1)) == 0
    assert runtime.blobs.has(DIGEST) and doomed(runtime) == [DIGEST]
    assert remove_doomed(runtime, erasure.id, AT_ONCE) == 1


def test_what_is_named_elsewhere_stays(runtime: Runtime) -> None:
    erasure = begin(runtime)
    refer(runtime, runtime.blobs.put(DATA))
    let_go(runtime, erasure)
    refer(runtime, DIGEST)
    assert remove_doomed(runtime, erasure.id, AT_ONCE) == 0
    assert runtime.blobs.get(DIGEST) == DATA and doomed(runtime) == []


MOMENTS = ["named_among", "age_of", "set_aside", "age_aside", "discard"]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_somebody_puts_the_same_bytes_at_this_very_moment(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, moment: str, before: bool
) -> None:
    erasure = begin(runtime)
    refer(runtime, runtime.blobs.put(DATA))
    let_go(runtime, erasure)
    time.sleep(GRACE.total_seconds())
    done = getattr(removal, moment)
    puts: list[str] = []

    def meanwhile(*given: Any) -> Any:
        if before and not puts:
            puts.append(runtime.blobs.put(DATA))
        answer = done(*given)
        if not before and not puts:
            puts.append(runtime.blobs.put(DATA))
        return answer

    monkeypatch.setattr(removal, moment, meanwhile)
    remove_doomed(runtime, erasure.id, GRACE)
    assert puts == [DIGEST]
    refer(runtime, DIGEST)
    assert runtime.blobs.get(DIGEST) == DATA


def test_without_making_young_a_row_would_lose_its_blob(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: here `put` only looks whether the bytes are there."""
    monkeypatch.setattr(Blobs, "is_there", lambda self, path, size: self.fs.exists(path))
    with pytest.raises(BlobMissing):
        test_somebody_puts_the_same_bytes_at_this_very_moment(runtime, monkeypatch, "age_of", before=True)


def test_writers_and_a_remover_at_once(runtime: Runtime) -> None:
    erasure = begin(runtime)
    stop, lost, slow, written = threading.Event(), [], [], []

    def put_and_refer(seed: int) -> None:
        chance = random.Random(seed)
        while not stop.is_set():
            began = time.monotonic()
            digest = runtime.blobs.put(f"item {chance.randrange(4)}".encode())
            time.sleep(chance.random() * 0.05)
            refer(runtime, digest)
            written.append(digest)
            if not runtime.blobs.has(digest) and _is_named(runtime, digest):
                # On a machine that stood still for longer than the grace, nothing is promised.
                late = time.monotonic() - began > GRACE.total_seconds()
                (slow if late else lost).append(digest)
            time.sleep(chance.random() * 0.3)

    def let_go_and_remove() -> None:
        while not stop.is_set():
            let_go(runtime, erasure)
            written.append(f"removed {remove_doomed(runtime, erasure.id, GRACE)}")

    threads = [threading.Thread(target=put_and_refer, args=(seed,)) for seed in range(2)]
    threads.append(threading.Thread(target=let_go_and_remove))
    for thread in threads:
        thread.start()
    time.sleep(3)
    stop.set()
    for thread in threads:
        thread.join()
    assert lost == []
    assert any(word.startswith("removed") and word != "removed 0" for word in written), "bytes were removed meanwhile"


def _is_named(runtime: Runtime, digest: str) -> bool:
    with read(runtime.engine) as session:
        return session.exec(select(Outbound.id).where(Outbound.blob == digest)).first() is not None


def test_a_crash_while_set_aside_is_mended_by_the_next_run(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    erasure = begin(runtime)
    refer(runtime, runtime.blobs.put(DATA))
    let_go(runtime, erasure)
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(removal, "age_aside", _die)
        with pytest.raises(KeyboardInterrupt):
            remove_doomed(runtime, erasure.id, AT_ONCE)
    assert not runtime.blobs.has(DIGEST)
    refer(runtime, DIGEST)  # a row that was committed in that moment
    assert remove_doomed(runtime, erasure.id, AT_ONCE) == 0
    assert runtime.blobs.get(DIGEST) == DATA


def _die(*_: Any) -> Any:
    raise KeyboardInterrupt


def test_strays_of_dead_processes_go(runtime: Runtime, tmp_path: Path) -> None:
    erasure = begin(runtime)
    refer(runtime, runtime.blobs.put(DATA))
    stray = runtime.blobs.put(b"nobody names me")
    half = Path(runtime.blobs.path_of(stray) + ".0f.part")
    half.write_bytes(b"half a pict")
    assert doom_strays(runtime, erasure, timedelta(hours=1)) == 0 and half.exists()
    assert doom_strays(runtime, erasure, AT_ONCE) == 1 and not half.exists()
    assert remove_doomed(runtime, erasure.id, AT_ONCE) == 1
    assert not runtime.blobs.has(stray) and runtime.blobs.has(DIGEST)


def test_other_stores_than_a_folder_remove_too(runtime: Runtime) -> None:
    runtime.blobs = Blobs("memory://erasure")
    erasure = begin(runtime)
    refer(runtime, runtime.blobs.put(DATA))
    let_go(runtime, erasure)
    assert remove_doomed(runtime, erasure.id, timedelta(hours=1)) == 0
    assert remove_doomed(runtime, erasure.id, AT_ONCE) == 1
    assert not runtime.blobs.has(DIGEST)
