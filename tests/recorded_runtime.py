"""A runtime that reads `fixtures/small` from a recording instead of the engines: the same readings, no weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ichimado.compose import open_runtime
from ichimado.settings import Settings
from ocr.engine import Image, Logits
from ocr.fullpage import FullPageReader
from ocr.readings import TextLine
from ocr.recorded import MissingRecordingError, RecordedRecogniser
from pipeline.runtime import Runtime

ROOT = Path(__file__).parents[1]
SMALL = ROOT / "fixtures" / "small"
RECORDING = Path(__file__).parent / "recordings" / "small.npz"
RECORD_AGAIN = "record again: python -m tests.record (line pictures changed, or the recording is of other samples)"


class RecordAgain(BaseException):
    """The recording no longer fits the code.

    Not an Exception, so that no step parks a submission for it and no flow retries: the test ends with this line.
    """


class SmallRecogniser(RecordedRecogniser):
    """What the engine said of every line picture of `fixtures/small`."""

    def __init__(self, path: Path = RECORDING) -> None:
        super().__init__(path)

    def logits(self, lines: Sequence[Image]) -> list[Logits]:
        """Raises RecordAgain for a picture that was not recorded."""
        try:
            return super().logits(lines)
        except MissingRecordingError:
            raise RecordAgain(RECORD_AGAIN) from None


class FakeFullPageReader(FullPageReader):
    """Sees the same two lines on every page; the real one needs seconds and 200 MB to load."""

    def __init__(self) -> None:
        super().__init__(cache="")

    def read_text(self, image: Image) -> tuple[TextLine, ...]:
        return (
            TextLine("回覧", 0.98, (60, 60, 220, 110)),
            TextLine("町内会からのお知らせ", 0.91, (60, 140, 620, 190)),
        )


def open_recorded_runtime(settings: Settings | None = None) -> Runtime:
    """Everything as installed, except that both readers are recorded or fake. Settings come from the environment."""
    runtime = open_runtime(settings)
    runtime.make_recogniser = SmallRecogniser
    runtime.make_full_page_reader = FakeFullPageReader
    return runtime


def make_recorded_runtime(folder: Path, database_url: str = "") -> Runtime:
    """The same with its data in `folder`; without a URL the store is SQLite in there."""
    return open_recorded_runtime(Settings(data_dir=folder, database_url=database_url))


def fail_when_outdated() -> None:
    """Ends the test at once when there is no recording at all."""
    if not RECORDING.exists():
        pytest.fail(RECORD_AGAIN)
