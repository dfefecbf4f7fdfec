"""What one field and one page of the reading lab gave: read, and held against the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fixtures.reading.sheets import Sheet
from fixtures.reading.truth import Kind, Truth
from ocr.confidence.calibration import Calibration
from ocr.confidence.confirm import log_odds_of
from ocr.confidence.settle import settle
from ocr.layout import PageLayout
from ocr.readings import PageReading
from pipeline.procedures.pack import FieldType
from pipeline.procedures.pack.procedure import ReviewRules
from pipeline.score.rows import FieldRow, judge
from pipeline.steps.acceptance import threshold_of
from pipeline.steps.facts import facts_of

AS_WRITTEN = (Kind.PLAIN, Kind.FIRST_YEAR, Kind.DITTO, Kind.BLANK)
TARGET = 0.001
RULES = ReviewRules(
    department="",
    accept_error=dict.fromkeys(FieldType, TARGET),
    accept_confidence=dict.fromkeys(FieldType, 0.97),
)
"""What a pack says that wants one wrong value in a thousand accepted ones; 0.97 without a calibration."""


@dataclass(frozen=True, kw_only=True)
class LabRow(FieldRow):
    """One field of one sheet.

    kind, mark: how it was truly written. written: the characters on the paper.
    off_mm: how far the box truly lies from where it was cut, at the worst corner.
    """

    seed: int
    layout: str
    writer: str
    damages: tuple[str, ...]
    kind: str
    mark: str
    written: str
    off_mm: float | None

    @property
    def as_written(self) -> bool:
        """Not mended, written over or out of its box."""
        return self.kind in AS_WRITTEN


@dataclass(frozen=True)
class PeerPage:
    """What a full-page reader took for a page, and the keys of the fields it had right: beside the label, anywhere."""

    cpu_s: float
    wall_s: float
    beside: tuple[str, ...]
    anywhere: tuple[str, ...]


@dataclass(frozen=True)
class PageRow:
    """One sheet: times of registering and reading, the largest memory of the process so far, and the fields.

    textual: keys of the fields written out in characters; askable: those of them with a label beside them.
    filled: how many fields have ink.
    """

    seed: int
    layout: str
    writer: str
    hand: str
    damages: tuple[str, ...]
    dpi: int
    registered: bool
    markers: int
    register_cpu_s: float
    read_cpu_s: float
    wall_s: float
    peak_mb: int
    filled: int
    fields: tuple[LabRow, ...]
    textual: tuple[str, ...]
    askable: tuple[str, ...]
    peers: Mapping[str, PeerPage]

    @property
    def cpu_s(self) -> float:
        """Registering and reading."""
        return self.register_cpu_s + self.read_cpu_s


Places = Mapping[str, tuple[float, float]]


def field_rows(
    sheet: Sheet, layout: PageLayout, page: PageReading | None, places: Places, calibration: Calibration | None = None
) -> list[LabRow]:
    """A row for each field of the sheet, weighed and accepted as the READ step does it. page: None for a sheet that was
    not found.

    places: key -> millimetres by which the box was truly off, and was said to be.
    """
    read = page.readings if page else ()
    settled, evidence = settle(read, facts_of(sheet.procedure, [one.name for one in read]))
    readings = {one.name: one for one in settled}
    rows = []
    for field in layout.fields:
        spec = sheet.procedure.field(field.name.split(".")[0])
        truth, reading = sheet.truths[field.name], readings.get(field.name)
        threshold = threshold_of(RULES, spec.type, reading, calibration) if reading else None
        extra, place = log_odds_of(field.name, evidence) or 0.0, places.get(field.name)
        columns = judge(
            field,
            spec,
            reading,
            truth.value,
            bare=truth.kind is Kind.BLANK,
            threshold=threshold,
            evidence=extra,
            said_mm=place[1] if place else None,
        )
        rows.append(_row(sheet, truth, columns, place[0] if place else None))
    return rows


def _row(sheet: Sheet, truth: Truth, columns: Mapping[str, Any], off_mm: float | None) -> LabRow:
    return LabRow(
        **columns,
        hand=sheet.hand,
        seed=sheet.seed,
        layout=sheet.layout,
        writer=sheet.writer,
        damages=sheet.damages,
        kind=truth.kind.value,
        mark=str(truth.mark),
        written=truth.written,
        off_mm=off_mm,
    )
