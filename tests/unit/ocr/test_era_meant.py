"""An era that looks struck out was circled where a date was written and no other era bears a mark."""

from __future__ import annotations

import pytest

from ocr.fields.date_fields import era_meant
from ocr.layout import Box, DateField, Mark, Option
from ocr.marks.options import Chosen
from ocr.readings import ReadingReason

BOX = Box(0, 0, 5, 5)
BORN = DateField("born", tuple(Option(era, BOX) for era in "SHR"), Mark.CIRCLE, (BOX,), (BOX,), (BOX,))
STRUCK = (ReadingReason.STRUCK_OUT,)


def test_the_only_mark_was_meant_and_is_still_looked_at() -> None:
    meant = era_meant(Chosen(None, "", 0.6, STRUCK, (0.01, 0.4, 0.005)), BORN)
    assert (meant.value, meant.raw, meant.reasons) == ("H", "H", STRUCK)
    assert 0.9 < meant.confidence < 1.0


@pytest.mark.parametrize(
    "chosen",
    [
        Chosen(None, "", 0.6, STRUCK, (0.2, 0.3, 0.0)),
        Chosen(None, "", 0.9, (), (0.0, 0.1, 0.0)),
        Chosen(None, "S,H", 0.0, (*STRUCK, ReadingReason.SEVERAL_MARKS), (0.9, 0.8, 0.0)),
        Chosen("R", "R", 0.9, STRUCK, (0.4, 0.0, 0.9)),
    ],
    ids=["two it may be", "none struck out", "several", "another chosen"],
)
def test_otherwise_nothing_changes(chosen: Chosen) -> None:
    assert era_meant(chosen, BORN) is chosen
