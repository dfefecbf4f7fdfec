"""What a registered form looks like on paper, in millimetres from the top left of the upright page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ocr.engine import Image

REFERENCE_DPI = 100.0
"""Resolution of `PageLayout.reference`."""


class Content(StrEnum):
    """What a field may hold; each has its own character mask and grammar (`ocr.decoding.content`)."""

    DIGITS = "digits"
    KATAKANA = "katakana"
    NAME = "name"
    ADDRESS = "address"
    TEXT = "text"
    PHONE = "phone"
    POSTAL_CODE = "postal_code"
    MONEY = "money"
    EMAIL = "email"
    DATE = "date"
    TIME = "time"
    MY_NUMBER = "my_number"


class Mark(StrEnum):
    """How the applicant chooses: a tick inside a box, or a circle drawn around printed words."""

    TICK = "tick"
    CIRCLE = "circle"


class Presence(StrEnum):
    """What may stand in a place without being read: somebody's signature, or the print of a seal (押印)."""

    SIGNATURE = "signature"
    SEAL = "seal"


@dataclass(frozen=True)
class Box:
    """A rectangle in millimetres, top-left origin."""

    x: float
    y: float
    w: float
    h: float


def around(boxes: Sequence[Box]) -> Box:
    """The rectangle around boxes."""
    x0, y0 = min(box.x for box in boxes), min(box.y for box in boxes)
    x1, y1 = max(box.x + box.w for box in boxes), max(box.y + box.h for box in boxes)
    return Box(x0, y0, x1 - x0, y1 - y0)


@dataclass(frozen=True)
class Option:
    """One thing that may be chosen: its value and where its tick box or printed word stands."""

    value: str
    box: Box


@dataclass(frozen=True)
class LineField:
    """A field written freely on one line, or on `lines` lines of equal height.

    lexicon: the only words it may hold, where there is such a list (banks, branches, schools).
    above: the field of the row above in the same column of a table, which 〃, 同上 and a line drawn
        down the column repeat.
    lengths: the numbers of digits it may have, where they are known.
    postal: the field whose postal code tells how this address begins.
    """

    name: str
    box: Box
    content: Content
    lines: int = 1
    lexicon: tuple[str, ...] = ()
    above: str | None = None
    lengths: tuple[int, ...] = ()
    postal: str | None = None


@dataclass(frozen=True)
class CellsField:
    """A field of one character per printed cell, left to right; `right_aligned` for amounts."""

    name: str
    cells: tuple[Box, ...]
    content: Content


@dataclass(frozen=True)
class DateField:
    """A date: an era chosen among `eras` (values are era letters M T S H R, or W for a western year)
    and cells for year, month and day. With no eras the year is western and has four cells.

    blanks: year, month and day are each one free place before the printed 年, 月 and 日, without cells.
    """

    name: str
    eras: tuple[Option, ...]
    era_mark: Mark
    year: tuple[Box, ...]
    month: tuple[Box, ...]
    day: tuple[Box, ...]
    blanks: bool = False


@dataclass(frozen=True)
class ChoiceField:
    """One of several options, each with a tick box or a word to circle."""

    name: str
    options: tuple[Option, ...]
    mark: Mark


@dataclass(frozen=True)
class TickField:
    """A single tick box; its reading is "true" or "false"."""

    name: str
    box: Box


@dataclass(frozen=True)
class PresenceField:
    """A place to sign or to seal; its reading is "true" or "false"."""

    name: str
    box: Box
    what: Presence


Field = LineField | CellsField | DateField | ChoiceField | TickField | PresenceField


def boxes_of(field: Field) -> tuple[Box, ...]:
    """Every box of a field: where it is written in, ticked, circled, signed or sealed."""
    if isinstance(field, CellsField):
        return field.cells
    if isinstance(field, ChoiceField):
        return tuple(option.box for option in field.options)
    if isinstance(field, DateField):
        return (*(era.box for era in field.eras), *field.year, *field.month, *field.day)
    return (field.box,)


@dataclass(frozen=True)
class Marker:
    """A fiducial: an ArUco marker of dictionary 4X4_50 with this id, its black border included."""

    id: int
    box: Box


@dataclass(frozen=True)
class PageLayout:
    """One page of a form.

    form_id: how the caller names the form, revision included.
    page_number: 1-based.
    reference: the empty page in grey at REFERENCE_DPI, upright and to its edges, where there is a picture of it; its
        print holds the registration where markers are few or none, and follows a stretched or folded sheet.
    changing: what differs from sheet to sheet on the empty page: codes, known values, the place of a receipt stamp.
    """

    form_id: str
    page_number: int
    width_mm: float
    height_mm: float
    markers: tuple[Marker, ...]
    fields: tuple[Field, ...]
    reference: Image | None = field(default=None, compare=False, repr=False)
    changing: tuple[Box, ...] = ()
