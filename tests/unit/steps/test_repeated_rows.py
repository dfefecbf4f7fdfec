"""What a sign for the row above becomes as the value of a field."""

from __future__ import annotations

from fixtures.packs import load_sample_pack
from ocr.readings import PageReading, Reading, ReadingReason
from pipeline.steps.read import values_of
from pipeline.store.tables import FieldValue

PACK = load_sample_pack("child_benefit")


def value_of(reading: Reading) -> FieldValue:
    return values_of(PACK, "submission", "page", PageReading("form/1", 1, 0, 0.1, (reading,)))[0]


def test_a_repeated_value_keeps_what_was_written() -> None:
    row = value_of(Reading("address", "群馬県桐生市本町1-1", "〃", 0.9, ditto=True, leans_on=("other",)))
    assert (row.raw, row.read_raw) == ("〃", "〃")
    assert row.value == row.read_value and row.value is not None and row.value.startswith("群馬県桐生市本町")


def test_a_sign_that_repeats_nothing_is_no_value_and_is_looked_at() -> None:
    reading = Reading("address", None, "〃", 0.0, reasons=(ReadingReason.NOTHING_ABOVE,), ditto=True)
    row = value_of(reading)
    assert (row.value, row.problem, row.raw, row.accepted) == (None, None, "〃", False)
    assert row.reasons == "nothing_above"
