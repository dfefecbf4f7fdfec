"""What a registered form looks like on paper, in millimetres from the top left of the upright page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Content(StrEnum):
    """What a field may hold; each has its own character mask and grammar (`ocr.content`)."""

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


class Mark(StrEnum):
    """How the applicant chooses: a tick inside a box, or a circle drawn around printed words."""

    TICK = "tick"
    CIRCLE = "circle"


@dataclass(frozen=True)
class Box:
    """A rectangle in millimetres, top-left origin."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True)
class Option:
    """One thing that may be chosen: its value and where its tick box or printed word stands."""

    value: str
    box: Box


@dataclass(frozen=True)
class LineField:
    """A field written freely on one line, or on `lines` lines of equal height."""

    name: str
    box: Box
    content: Content
    lines: int = 1


@dataclass(frozen=True)
class CellsField:
    """A field of one character per printed cell, left to right; `right_aligned` for amounts."""

    name: str
    cells: tuple[Box, ...]
    content: Content


@dataclass(frozen=True)
class DateField:
    """A date: an era chosen among `eras` (values are era letters M T S H R, or W for a western year)
    and cells for year, month and day. With no eras the year is western and has four cells."""

    name: str
    eras: tuple[Option, ...]
    era_mark: Mark
    year: tuple[Box, ...]
    month: tuple[Box, ...]
    day: tuple[Box, ...]


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


Field = LineField | CellsField | DateField | ChoiceField | TickField


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
    """

    form_id: str
    page_number: int
    width_mm: float
    height_mm: float
    markers: tuple[Marker, ...]
    fields: tuple[Field, ...]
