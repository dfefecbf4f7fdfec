"""From which confidence on a reading is accepted without a person."""

from __future__ import annotations

from ocr.calibration import Calibration
from ocr.readings import Reading
from pipeline.procedures.pack import FieldType
from pipeline.procedures.pack.procedure import ReviewRules


def threshold_of(
    rules: ReviewRules, kind: FieldType, reading: Reading, calibration: Calibration | None
) -> float | None:
    """The confidence that keeps the pack's target error where this sort of field was measured, else the pack's own
    threshold of its type; None where none is accepted by confidence alone."""
    error = rules.accept_error.get(kind)
    if error is not None and calibration is not None and calibration.fits(reading.signs):
        return calibration.threshold(reading.signs.sort, error) if reading.signs else None
    return rules.accept_confidence.get(kind)
