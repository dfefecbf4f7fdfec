"""Paper layouts: pages and boxes in millimetres from the top left of the page."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from pipeline.procedures.pack.base import Label, PackModel


class BoxMm(PackModel):
    """Millimetres from the top left of the page."""

    x: float
    y: float
    w: float
    h: float


class CellRow(PackModel):
    """`count` equal cells in a row inside `box`; `gap_after`: a hyphen of `gap_mm` follows that cell.

    rules: the colour of the printed cell rules.
    """

    box: BoxMm
    count: int
    rules: Literal["black", "grey", "red", "green", "blue"] = "black"
    gap_after: tuple[int, ...] = ()
    gap_mm: float = 0.0

    def cells(self) -> tuple[BoxMm, ...]:
        """The cells from left to right; the gaps (after cell n, 1-based) are inside the row's box."""
        width = (self.box.w - self.gap_mm * len(self.gap_after)) / self.count
        lefts = (
            self.box.x + width * n + self.gap_mm * sum(1 for gap in self.gap_after if gap <= n)
            for n in range(self.count)
        )
        return tuple(BoxMm(x=round(x, 3), y=self.box.y, w=round(width, 3), h=self.box.h) for x in lefts)


class OptionBox(PackModel):
    """Where a value is ticked or circled. words: printed there instead of the choice's label, where room is short."""

    value: str
    box: BoxMm
    words: str | None = None


class LineBox(PackModel):
    """A field written freely."""

    kind: Literal["line"] = "line"
    field: str
    index: int = 0
    box: BoxMm
    lines: int = 1


class CellsBox(PackModel):
    """A field of one character per cell."""

    kind: Literal["cells"] = "cells"
    field: str
    index: int = 0
    row: CellRow


class DateBox(PackModel):
    """A date with the era circled or ticked; without eras the year is western.

    blanks: no cells are printed; year, month and day are rows of one free place each before the printed 年, 月, 日.
    """

    kind: Literal["date"] = "date"
    field: str
    index: int = 0
    eras: tuple[OptionBox, ...] = ()
    era_mark: Literal["circle", "tick"] = "circle"
    year: CellRow
    month: CellRow
    day: CellRow
    blanks: bool = False


class ChoiceBox(PackModel):
    """A choice field."""

    kind: Literal["choice"] = "choice"
    field: str
    index: int = 0
    mark: Literal["circle", "tick"] = "tick"
    options: tuple[OptionBox, ...]


class TickBox(PackModel):
    """A checkbox field."""

    kind: Literal["tick"] = "tick"
    field: str
    index: int = 0
    box: BoxMm


class PresenceBox(PackModel):
    """A place to sign, or for the print of a seal (印)."""

    kind: Literal["presence"] = "presence"
    field: str
    index: int = 0
    what: Literal["signature", "seal"]
    box: BoxMm


FormBox = Annotated[LineBox | CellsBox | DateBox | ChoiceBox | TickBox | PresenceBox, Field(discriminator="kind")]


class MarkerBox(PackModel):
    """An ArUco marker (dictionary 4X4_50) with its id; the box is the black square itself."""

    id: int
    box: BoxMm


class PrintedText(PackModel):
    """Words printed on the form: `x`, `y` is the left end of the baseline, size in points."""

    x: float
    y: float
    size: float
    text: str
    bold: bool = False


class TableColumn(PackModel):
    """A column of a table: its words, its width, and its boxes in the first row, measured on the page."""

    header: str
    width_mm: float
    boxes: tuple[FormBox, ...] = ()


class FormTable(PackModel):
    """A repeated role as a table: the boxes of the first row come again in each row, `row_mm` further down.

    x, y: the top left corner of the header. first: the index of the role in the first row.
    """

    x: float
    y: float
    header_mm: float
    row_mm: float
    rows: int = Field(ge=1)
    first: int = 1
    columns: tuple[TableColumn, ...]

    def boxes(self) -> tuple[FormBox, ...]:
        """The boxes of all rows, each with the index of its row."""
        return tuple(
            _moved(box, self.first + row, self.row_mm * row)
            for row in range(self.rows)
            for column in self.columns
            for box in column.boxes
        )


def _moved(box: FormBox, index: int, down_mm: float) -> FormBox:
    return type(box).model_validate({**_lowered(box.model_dump(), down_mm), "index": index})


def _lowered(part: Any, down_mm: float) -> Any:
    """The same numbers with every box of it further down."""
    if isinstance(part, dict):
        moved = {key: _lowered(value, down_mm) for key, value in part.items()}
        return moved | {"y": round(part["y"] + down_mm, 3)} if "y" in part else moved
    return [_lowered(item, down_mm) for item in part] if isinstance(part, list | tuple) else part


class FormPage(PackModel):
    """One page of a form.

    code: where the QR stands, its quiet zone outside the box.
    frames, shades, texts: printed outlines, grey bars and words; what belongs to a box (cell rules, era
        words, tick squares and their labels) is drawn from the box itself and not repeated here.
    prefilled: where known values are printed; `reference_number` is a field of every page here.
    """

    number: int = 1
    width_mm: float = 210
    height_mm: float = 297
    markers: tuple[MarkerBox, ...] = ()
    code: BoxMm | None = None
    boxes: tuple[FormBox, ...] = ()
    tables: tuple[FormTable, ...] = ()
    texts: tuple[PrintedText, ...] = ()
    frames: tuple[BoxMm, ...] = ()
    shades: tuple[BoxMm, ...] = ()
    prefilled: tuple[LineBox, ...] = ()

    def all_boxes(self) -> tuple[FormBox, ...]:
        """Every box to be filled in, those of tables row by row."""
        return (*self.boxes, *(box for table in self.tables for box in table.boxes()))


class FormTemplate(PackModel):
    """A paper layout. `preprinted` forms carry a reference number in the QR, known values in `prefilled`."""

    id: str
    revision: int = 1
    label: Label
    preprinted: bool = False
    pages: tuple[FormPage, ...]
