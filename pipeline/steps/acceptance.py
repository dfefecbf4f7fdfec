"""From which confidence on a reading is accepted without a person."""

from __future__ import annotations

from ocr.confidence.calibration import Calibration
from ocr.readings import Reading
from pipeline.procedures.pack import FieldType
from pipeline.procedures.pack.procedure import ReviewRules


def threshold_of(
    rules: ReviewRules, kind: FieldType, reading: Reading, calibration: Calibration | None
) -> float | None:
    """The confidence that keeps the pack's target error for this sort of field, None where that was not measured.
    Without a target, or without a calibration, the pack's own threshold of its type; None for a type without one."""
    error = rules.accept_error.get(kind)
    if error is None or calibration is None:
        return rules.accept_confidence.get(kind)
    if reading.signs is None or not calibration.fits(reading.signs):
        return None
    return calibration.threshold(reading.signs.sort, error)
