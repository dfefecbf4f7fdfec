"""Draws the forms of a procedure as PDF, empty or with known values, so that a city can print them."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import cv2
from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from pipeline.procedures.codes import form_code, separator_code
from pipeline.procedures.pack import (
    BoxMm,
    CellRow,
    CellsBox,
    ChoiceBox,
    DateBox,
    FieldType,
    FormBox,
    FormPage,
    FormTable,
    FormTemplate,
    LineBox,
    OptionBox,
    PresenceBox,
    PrintedText,
    Procedure,
    TickBox,
    field_key,
)

ERA_WORDS = {"M": "明", "T": "大", "S": "昭", "H": "平", "R": "令", "W": "西"}

_MARKER_MODULES = 6  # 4x4 bits and the black border of ArUco DICT_4X4_50
_RULE_PT = 0.6
_CELL_RULE_PT = 0.35
_SHADE = 0.88
_RULES = {
    "grey": (0.6, 0.6, 0.6),
    "red": (0.85, 0.25, 0.25),
    "green": (0.2, 0.6, 0.35),
    "blue": (0.3, 0.5, 0.85),
}


def render_form(
    procedure: Procedure,
    form: FormTemplate,
    prefilled: Mapping[str, str],
    reference_number: str | None,
    font_path: Path,
) -> bytes:
    """The form as a PDF of one page per form page, byte for byte the same for the same input.

    prefilled: field key (`pack.field_key`) -> the words printed where the form has a `prefilled` box.
    font_path: a TrueType font with Japanese characters; it is embedded as a subset.
    """
    font = _register_font(font_path)
    out = BytesIO()
    canvas = Canvas(out, invariant=True)
    canvas.setTitle(form.label.ja)
    known = {**prefilled, "reference_number": reference_number or ""}
    for page in form.pages:
        canvas.setPageSize((page.width_mm * mm, page.height_mm * mm))
        pen = _Pen(canvas, page.height_mm, font)
        code = form_code(procedure.id, form.id, form.revision, page.number, reference_number)
        _draw_page(pen, procedure, page, code, known)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def render_separator(font_path: Path, attachment_kind: str | None = None, words: str = "") -> bytes:
    """A separator sheet (区切り紙) as an A4 PDF; the mailroom puts it between envelopes.

    attachment_kind, words: a sheet that says what the next pages are, with its label for people.
    """
    font = _register_font(font_path)
    out = BytesIO()
    canvas = Canvas(out, pagesize=(210 * mm, 297 * mm), invariant=True)
    pen = _Pen(canvas, 297, font)
    pen.words(60, 60, words or "区切り紙", 40, bold=True)
    pen.words(46, 80, "この紙の次から新しい封筒です。捨てずにくり返し使えます。", 13)
    _draw_code(pen, separator_code(attachment_kind), BoxMm(x=75, y=110, w=60, h=60))
    canvas.showPage()
    canvas.save()
    return out.getvalue()


class _Pen:
    """A canvas measured in millimetres from the top left."""

    def __init__(self, canvas: Canvas, height_mm: float, font: str) -> None:
        self.canvas = canvas
        self.height_mm = height_mm
        self.font = font

    def rect(self, box: BoxMm, width_pt: float = _RULE_PT, grey: float | None = None) -> None:
        self.canvas.setLineWidth(width_pt)
        self.canvas.setFillGray(1.0 if grey is None else grey)
        bottom = self.height_mm - box.y - box.h
        self.canvas.rect(box.x * mm, bottom * mm, box.w * mm, box.h * mm, stroke=width_pt > 0, fill=grey is not None)
        self.canvas.setFillGray(0)

    def words(self, x: float, y: float, text: str, size: float, bold: bool = False) -> None:
        line = self.canvas.beginText(x * mm, (self.height_mm - y) * mm)
        line.setFont(self.font, size)
        if bold:  # one font file is enough: bold is the same glyph with an outline
            self.canvas.setLineWidth(size * 0.035)
            line.setTextRenderMode(2)
        line.textOut(text)
        line.setTextRenderMode(0)
        self.canvas.drawText(line)

    def centred(self, box: BoxMm, text: str, size: float) -> None:
        x = box.x + (box.w - self.width_mm(text, size)) / 2
        self.words(x, box.y + box.h / 2 + size * 0.125, text, size)

    def width_mm(self, text: str, size: float) -> float:
        return float(pdfmetrics.stringWidth(text, self.font, size)) / float(mm)


def _register_font(path: Path) -> str:
    name = f"form-{path.stem}"
    if name not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(name, str(path)))
    return name


def _draw_page(pen: _Pen, procedure: Procedure, page: FormPage, code: str, known: Mapping[str, str]) -> None:
    for shade in page.shades:
        pen.rect(shade, width_pt=0, grey=_SHADE)
    for frame in page.frames:
        pen.rect(frame)
    for table in page.tables:
        _draw_table(pen, table)
    for text in page.texts:
        _draw_text(pen, text)
    for box in page.all_boxes():
        _draw_box(pen, procedure, box)
    for line in page.prefilled:
        _draw_known(pen, line, known.get(field_key(line.field, line.index), ""))
    for marker in page.markers:
        _draw_marker(pen, marker.id, marker.box)
    if page.code is not None:
        _draw_code(pen, code, page.code)


def _draw_text(pen: _Pen, text: PrintedText) -> None:
    pen.words(text.x, text.y, text.text, text.size, text.bold)


def _draw_box(pen: _Pen, procedure: Procedure, box: FormBox) -> None:
    match box:
        case LineBox():
            _draw_ruled_lines(pen, box)
        case CellsBox():
            _draw_cells(pen, box.row, ":" if procedure.field(box.field).type is FieldType.TIME else "-")
        case DateBox():
            _draw_date(pen, box)
        case ChoiceBox():
            labels = {choice.value: choice.label.ja for choice in procedure.field(box.field).choices}
            for option in box.options:
                _draw_option(pen, option, option.words or labels[option.value], box.mark)
        case TickBox():
            pen.rect(box.box)
        case PresenceBox(what="seal"):
            pen.centred(box.box, "印", 9)


def _draw_table(pen: _Pen, table: FormTable) -> None:
    left = table.x
    for column in table.columns:
        head = BoxMm(x=left, y=table.y, w=column.width_mm, h=table.header_mm)
        pen.rect(head, grey=_SHADE)
        for n, words in enumerate(lines := column.header.split("\n")):
            step = table.header_mm / len(lines)
            pen.centred(BoxMm(x=left, y=table.y + n * step, w=column.width_mm, h=step), words, 8)
        for row in range(table.rows):
            top = table.y + table.header_mm + row * table.row_mm
            pen.rect(BoxMm(x=left, y=top, w=column.width_mm, h=table.row_mm))
        left += column.width_mm


def _draw_ruled_lines(pen: _Pen, line: LineBox) -> None:
    pen.canvas.setDash(1, 2)
    pen.canvas.setLineWidth(_CELL_RULE_PT)
    for n in range(1, line.lines):
        y = (pen.height_mm - line.box.y - line.box.h * n / line.lines) * mm
        pen.canvas.line(line.box.x * mm, y, (line.box.x + line.box.w) * mm, y)
    pen.canvas.setDash()


def _draw_cells(pen: _Pen, row: CellRow, between: str = "-") -> None:
    cells = row.cells()
    if row.rules in _RULES:
        pen.canvas.setStrokeColorRGB(*_RULES[row.rules])
    for cell in cells:
        pen.rect(cell, _CELL_RULE_PT)
    if row.rules in _RULES:
        pen.canvas.setStrokeGray(0)
    for number in row.gap_after:
        cell = cells[number - 1]
        gap = BoxMm(x=cell.x + cell.w, y=cell.y, w=row.gap_mm, h=cell.h)
        pen.centred(gap, between, 10)


def _draw_date(pen: _Pen, box: DateBox) -> None:
    for option in box.eras:
        _draw_option(pen, option, option.words or ERA_WORDS[option.value], box.era_mark)
    for row, word in ((box.year, "年"), (box.month, "月"), (box.day, "日")):
        if not box.blanks:
            _draw_cells(pen, row)
        pen.words(row.box.x + row.box.w + 0.8, row.box.y + row.box.h / 2 + 1.3, word, 9)


def _draw_option(pen: _Pen, option: OptionBox, label: str, mark: str) -> None:
    if mark == "circle":
        pen.centred(option.box, label, 10)
        return
    pen.rect(option.box)
    pen.words(option.box.x + option.box.w + 1.2, option.box.y + option.box.h / 2 + 1.2, label, 9)


def _draw_known(pen: _Pen, line: LineBox, text: str) -> None:
    size = 11.0
    while size > 6 and pen.width_mm(text, size) > line.box.w:
        size -= 0.5
    pen.words(line.box.x, line.box.y + line.box.h / 2 + size * 0.125, text, size)


def _draw_marker(pen: _Pen, marker_id: int, box: BoxMm) -> None:
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    bits = cv2.aruco.generateImageMarker(dictionary, marker_id, _MARKER_MODULES, borderBits=1)
    _draw_modules(pen, box, [[value < 128 for value in row] for row in bits.tolist()])


def _draw_code(pen: _Pen, text: str, box: BoxMm) -> None:
    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    _draw_modules(pen, box, [[bool(dark) for dark in row] for row in code.modules])


def _draw_modules(pen: _Pen, box: BoxMm, dark: list[list[bool]]) -> None:
    """Black squares as one path, so that no hairline shows between neighbours."""
    size = box.w / len(dark)
    path = pen.canvas.beginPath()
    for r, row in enumerate(dark):
        for c, is_dark in enumerate(row):
            if is_dark:
                bottom = pen.height_mm - box.y - (r + 1) * size
                path.rect((box.x + c * size) * mm, bottom * mm, size * mm, size * mm)
    pen.canvas.setFillGray(0)
    pen.canvas.drawPath(path, stroke=0, fill=1)
