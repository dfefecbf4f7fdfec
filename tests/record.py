"""Records what the engine says of every line picture of `fixtures/small`: `python -m tests.record`.

Reads each page twice, once by the engine and once from the recording made of it, and writes the recording only
when every field value came out the same.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sqlmodel import col, select

from ichimado.demo import PROCEDURE
from ichimado.intake import receive_folder
from ichimado.reading import find_pack
from ocr.engine import Image, Logits, PPOCRRecogniser, Recogniser
from ocr.recorded import RecordedRecogniser, line_key
from pipeline.domain.next_step import Step
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance, advance_batch
from pipeline.steps.packs import install_pack
from pipeline.store.engine import read
from pipeline.store.tables import FieldValue, Submission
from tests.recorded_runtime import RECORDING, SMALL, SmallRecogniser, make_recorded_runtime

TOP = 64

Readings = dict[tuple[str, str], tuple[object, ...]]
"""(receipt number, field) -> what the store holds of it."""


class _Answers:
    """An engine that gives what it was told."""

    def __init__(self, inner: Recogniser) -> None:
        self.alphabet, self.engine_id = inner.alphabet, inner.engine_id
        self.by_key: dict[str, Logits] = {}

    def logits(self, lines: Sequence[Image]) -> list[Logits]:
        return [self.by_key[line_key(line)] for line in lines]


class Listening:
    """The engine, unchanged, with a recording running beside it."""

    def __init__(self, inner: Recogniser, path: Path) -> None:
        self._inner, self._answers = inner, _Answers(inner)
        self.recording = RecordedRecogniser(path, self._answers, top=TOP)
        self.alphabet, self.engine_id = inner.alphabet, inner.engine_id

    def logits(self, lines: Sequence[Image]) -> list[Logits]:
        answers = self._inner.logits(lines)
        self._answers.by_key = dict(zip(map(line_key, lines), answers, strict=True))
        self.recording.logits(lines)
        return answers


def read_small(runtime: Runtime) -> Readings:
    """Takes the sample's paper up to READ; gives what was read."""
    install_pack(runtime, find_pack(PROCEDURE))
    for folder in sorted((SMALL / "scans").iterdir()):
        received = receive_folder(runtime, folder)
        assert received.batch_id is not None
        for submission_id in advance_batch(runtime, received.batch_id):
            advance(runtime, submission_id, until=Step.READ)
    with read(runtime.engine) as session:
        rows = session.exec(
            select(Submission.receipt_number, FieldValue)
            .join(FieldValue, col(FieldValue.submission_id) == Submission.id)
            .order_by(Submission.receipt_number, FieldValue.key)
        ).all()
    return {
        (number, row.key): (row.raw, row.value, row.problem, row.reasons, row.accepted, row.confidence)
        for number, row in rows
    }


def differences(live: Readings, recorded: Readings, tolerance: float = 0.01) -> list[tuple[str, str]]:
    """Fields that differ, by value or by more than `tolerance` of confidence."""
    return [
        place
        for place in live.keys() | recorded.keys()
        if live.get(place, ())[:-1] != recorded.get(place, ())[:-1]
        or abs(_confidence(live[place]) - _confidence(recorded[place])) > tolerance
    ]


def _confidence(reading: tuple[object, ...]) -> float:
    return reading[-1] if isinstance(reading[-1], float) else 0.0


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / RECORDING.name
        runtime = make_recorded_runtime(Path(folder, "live"))
        listening = Listening(PPOCRRecogniser(), fresh)
        runtime.make_recogniser = lambda: listening
        live = read_small(runtime)
        listening.recording.save()
        again = make_recorded_runtime(Path(folder, "recorded"))
        again.make_recogniser = lambda: SmallRecogniser(fresh)
        differing = differences(live, read_small(again))
        print(f"{len(live)} fields, {fresh.stat().st_size / 1e6:.2f} MB, {len(differing)} differ")
        if differing:
            print(f"not kept, these differ (receipt number, field): {differing}")
            return 1
        RECORDING.parent.mkdir(exist_ok=True)
        RECORDING.write_bytes(fresh.read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
