"""The result types of this package."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ocr.layout import Box
from ocr.signs import Signs

LOW = 0.6
"""Below this confidence a reading has LOW_CONFIDENCE among its reasons."""


class ReadingReason(StrEnum):
    """Why a reading should be looked at by a person."""

    LOW_CONFIDENCE = "low_confidence"
    NOT_A_DATE = "not_a_date"
    BAD_FORMAT = "bad_format"
    SEVERAL_MARKS = "several_marks"
    FAINT_MARK = "faint_mark"
    STRUCK_OUT = "struck_out"
    OUTSIDE_BOX = "outside_box"
    OVERWRITTEN = "overwritten"
    ERASED = "erased"
    NOTHING_ABOVE = "nothing_above"
    PALE = "pale"
    POOR_REGISTRATION = "poor_registration"


@dataclass(frozen=True)
class CharReading:
    """One character as read: its probability 0.0-1.0, and the next best characters, best first."""

    char: str
    probability: float
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Reading:
    """What was read in one field.

    value: the value in the field's grammar (dates as YYYY-MM-DD, ticks as "true"/"false", postal
        codes and phones as digits), None when blank or when no value of the grammar fits the ink.
    raw: the characters as read, "" when blank.
    confidence: 0.0-1.0 that `value` is right; None when nothing measured it.
    box_mm: where the field stands on the form; None for a picture of a single field.
    box_px: x0, y0, x1, y1 around the field in the picture as given, before any rotation.
    ditto: 〃 or 同上 stands there, and `value` is that of the row above, None where that has none.
    leans_on: the fields whose readings helped to make this one; they are no independent confirmation of it.
    candidates: the likeliest values and their probabilities, best first, where a grammar or a list gives them.
    signs: what `confidence` was calibrated from; None for blanks and for pictures of single fields.
    second: how probable a second reader, which sees the same ink in another way, takes these characters to be, 0.0-1.0;
        None where there was only one.
    """

    name: str
    value: str | None
    raw: str
    confidence: float | None
    box_mm: Box | None = None
    box_px: tuple[int, int, int, int] | None = None
    reasons: tuple[ReadingReason, ...] = ()
    characters: tuple[CharReading, ...] = ()
    ditto: bool = False
    candidates: tuple[tuple[str, float], ...] = ()
    leans_on: tuple[str, ...] = ()
    signs: Signs | None = None
    second: float | None = None

    @property
    def blank(self) -> bool:
        """True when nothing was written."""
        return self.raw == "" and self.value is None


@dataclass(frozen=True)
class TextLine:
    """One line of full-page text: confidence 0.0-1.0, box x0, y0, x1, y1 in pixels."""

    text: str
    confidence: float
    box_px: tuple[int, int, int, int]


@dataclass(frozen=True)
class PageReading:
    """All readings of one page of a known form.

    rotation: degrees the given picture was turned clockwise to stand upright (0, 90, 180, 270).
    registration_error_mm: estimated mean error of the boxes, in millimetres.
    """

    form_id: str
    page_number: int
    rotation: int
    registration_error_mm: float
    readings: tuple[Reading, ...] = field(default_factory=tuple)
