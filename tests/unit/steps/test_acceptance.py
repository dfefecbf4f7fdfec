"""Which confidence a pack asks for: its target error where that was measured, else its own threshold."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ocr.confidence.calibration import Calibration, Group, Threshold
from ocr.readings import Reading
from ocr.signs import Signs
from pipeline.procedures.pack import FieldType
from pipeline.procedures.pack.procedure import ReviewRules
from pipeline.steps.acceptance import threshold_of

MEASURED = Calibration(
    dict.fromkeys(("log_score", "surplus", "page"), 0.0),
    {"date cells by cells": Group(1.0, 0.0, 900, 2), "name line by line": Group(1.0, 0.0, 900, 40)},
    4.0,
    {"0.001": {"date cells": Threshold(0.995, 800, 0, 0.004), "name line": Threshold(None, 0, 0, 1.0)}},
)
RULES = ReviewRules(
    department="課",
    accept_error={FieldType.DATE: 0.001, FieldType.PERSON_NAME: 0.001},
    accept_confidence={FieldType.DATE: 0.9, FieldType.DIGITS: 0.97},
)


def read(sort: str, engine: str) -> Reading:
    return Reading("x", "1", "1", 0.99, signs=Signs(sort, engine, 0.99))


@pytest.mark.parametrize(
    ("kind", "reading", "calibration", "threshold"),
    [
        (FieldType.DATE, read("date cells", "cells"), MEASURED, 0.995),
        (FieldType.DATE, read("date cells", "line"), MEASURED, None),  # a way of reading that was not measured
        (FieldType.DATE, Reading("x", "1", "1", 0.99), MEASURED, None),
        (FieldType.DATE, read("date cells", "cells"), None, 0.9),
        (FieldType.PERSON_NAME, read("name line", "line"), MEASURED, None),  # measured, and never good enough
        (FieldType.DIGITS, read("digits cells", "cells"), MEASURED, 0.97),
        (FieldType.ADDRESS, read("address line", "line"), MEASURED, None),
    ],
)
def test_threshold(kind: FieldType, reading: Reading, calibration: Calibration | None, threshold: float | None) -> None:
    assert threshold_of(RULES, kind, reading, calibration) == threshold


@pytest.mark.parametrize("error", [0, 1, -0.1])
def test_an_error_is_a_share(error: float) -> None:
    with pytest.raises(ValidationError):
        ReviewRules(department="課", accept_error={FieldType.DATE: error})
