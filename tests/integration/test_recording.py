"""The recording of `fixtures/small` fits the code that reads it; otherwise: `python -m tests.record`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ocr.engine import PPOCRRecogniser
from tests.record import read_small
from tests.recorded_runtime import (
    RECORD_AGAIN,
    RECORDING,
    RecordAgain,
    SmallRecogniser,
    fail_when_outdated,
    make_recorded_runtime,
)


@pytest.fixture(autouse=True)
def _recorded() -> None:
    fail_when_outdated()


def test_every_line_of_the_small_sample_is_recorded(tmp_path: Path) -> None:
    readings = read_small(make_recorded_runtime(tmp_path))
    values = [value for _, value, *_ in readings.values() if value]
    assert len(values) > 100


def test_recording_is_of_the_installed_engine() -> None:
    assert SmallRecogniser().engine_id == PPOCRRecogniser().engine_id, RECORD_AGAIN


def test_unknown_picture_says_to_record_again() -> None:
    with pytest.raises(RecordAgain, match=r"python -m tests\.record"):
        SmallRecogniser().logits([np.full((48, 96), 255, np.uint8)])


def test_recording_stays_small() -> None:
    assert RECORDING.stat().st_size < 1_500_000
