"""The letter that asks for correction (補正依頼) as a PDF: every deficiency at once, with a due date.

A4 to be folded in three for a window envelope (長形3号, window 90 by 45 mm, 20 mm from the left and 12 mm
from the top): the address stands in the window, nothing else does. The QR names the case, not the person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from japan.era import format_wareki
from pipeline.procedures.codes import case_code
from pipeline.procedures.fonts import find_japanese_font, printable, register_font
from pipeline.procedures.pack import Letter

_WIDTH, _HEIGHT = A4
_MARGIN = 22 * mm
_ADDRESS_LEFT, _ADDRESS_TOP, _ADDRESS_WIDTH = 26 * mm, 18 * mm, 80 * mm
_FIRST_BODY_TOP = 68 * mm
_CODE_SIZE = 24 * mm
_GREY = HexColor("#666666")
_RULE = HexColor("#999999")
_TINT = HexColor("#f2f2f2")


@dataclass(frozen=True)
class Addressee:
    """Who the letter goes to. address may hold line breaks; postal_code has seven digits; name without 様."""

    name: str
    postal_code: str = ""
    address: str = ""


@dataclass(frozen=True)
class LetterItem:
    """One deficiency: the field or paper it is about, and what the applicant is asked to do."""

    label: str
    text: str


@dataclass(frozen=True)
class LetterFacts:
    """What changes from letter to letter. reference_id: the case's or submission's id, for the QR code."""

    procedure_label: str
    reference_id: str
    issued_on: date
    due_on: date
    receipt_number: str = ""
    received_on: date | None = None


def correction_letter(
    letter: Letter,
    addressee: Addressee,
    items: Sequence[LetterItem],
    facts: LetterFacts,
    font_path: Path | None = None,
) -> bytes:
    """The letter as PDF, the same bytes for the same input.

    Raises ValueError without items or with an id that no code can carry, FontError without a Japanese font.
    """
    if not items:
        raise ValueError("a correction letter without deficiencies asks for nothing")
    code = case_code(facts.reference_id)
    styles = _Styles(register_font(find_japanese_font(font_path)))
    out = BytesIO()
    document = BaseDocTemplate(out, pagesize=A4, title=letter.title, author=letter.sender, lang="ja", invariant=1)
    document.addPageTemplates(_page_templates(styles, letter, addressee, facts, code))
    story: list[Flowable] = [NextPageTemplate("later"), *_story(styles, letter, items, facts)]
    document.build(story, canvasmaker=_counting_canvas(styles.font))
    return out.getvalue()


class _Styles:
    """Paragraph styles of the letter in one font."""

    def __init__(self, font: str) -> None:
        self.font = font
        self.body = self._style("body", 10.5, 18)
        self.title = self._style("title", 14, 22, alignment=TA_CENTER)
        self.right = self._style("right", 10.5, 16, alignment=TA_RIGHT)
        self.centre = self._style("centre", 10.5, 18, alignment=TA_CENTER)
        self.prose = self._style("prose", 10.5, 18)
        self.prose.firstLineIndent = 10.5
        self.heading = self._style("heading", 12, 18)
        self.label = self._style("label", 10.5, 16)
        self.about = self._style("about", 11.5, 18)
        self.address = self._style("address", 10.5, 15)
        self.name = self._style("name", 13, 19)

    def _style(self, name: str, size: float, leading: float, alignment: int = 0) -> ParagraphStyle:
        return ParagraphStyle(
            name, fontName=self.font, fontSize=size, leading=leading, alignment=alignment, wordWrap="CJK"
        )

    def paragraph(self, text: str, style: ParagraphStyle) -> Paragraph:
        """Plain text as a paragraph: markup in it is only text, line breaks are kept."""
        return Paragraph(escape(printable(text, self.font)).replace("\n", "<br/>"), style)


def _story(styles: _Styles, letter: Letter, items: Sequence[LetterItem], facts: LetterFacts) -> list[Flowable]:
    return [
        styles.paragraph(letter.title, styles.title),
        Spacer(1, 6 * mm),
        styles.paragraph(letter.opening, styles.prose),
        Spacer(1, 4 * mm),
        _facts_table(styles, facts),
        Spacer(1, 6 * mm),
        styles.paragraph(f"補っていただきたい点(全{len(items)}件)", styles.heading),
        Spacer(1, 2 * mm),
        *(_item(styles, number, item) for number, item in enumerate(items, start=1)),
        Spacer(1, 5 * mm),
        KeepTogether([styles.paragraph(letter.closing, styles.prose), _sender(styles, letter)]),
    ]


def _facts_table(styles: _Styles, facts: LetterFacts) -> Table:
    rows = [("手続", facts.procedure_label)]
    if facts.receipt_number:
        rows.append(("受付番号", facts.receipt_number))
    if facts.received_on is not None:
        rows.append(("受付日", format_wareki(facts.received_on)))
    rows.append(("ご返送の期限", f"{format_wareki(facts.due_on)}({_weekday(facts.due_on)})まで"))
    cells = [[styles.paragraph(a, styles.label), styles.paragraph(b, styles.label)] for a, b in rows]
    return _boxed(cells, (36 * mm, _WIDTH - 2 * _MARGIN - 36 * mm))


def _item(styles: _Styles, number: int, item: LetterItem) -> Flowable:
    """One deficiency in a frame of its own, on one page if it fits: number, what it is about, what to do."""
    words = [styles.paragraph(f"【{item.label}】", styles.about), styles.paragraph(item.text, styles.body)]
    cells = [[styles.paragraph(str(number), styles.centre), words]]
    return KeepTogether([_boxed(cells, (12 * mm, _WIDTH - 2 * _MARGIN - 12 * mm))])


def _boxed(cells: list[list[object]], widths: tuple[float, float]) -> Table:
    table = Table(cells, colWidths=list(widths), hAlign="CENTER", splitInRow=1)
    style = [
        ("GRID", (0, 0), (-1, -1), 0.5, _RULE),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
        ("BACKGROUND", (0, 0), (0, -1), _TINT),
    ]
    table.setStyle(TableStyle(style))
    return table


def _sender(styles: _Styles, letter: Letter) -> Table:
    words = ("お問い合わせ先", letter.sender)
    cells = [[styles.paragraph(text, styles.label) for text in words]]
    table = Table(cells, colWidths=[36 * mm, _WIDTH - 2 * _MARGIN - 36 * mm], spaceBefore=5 * mm)
    table.setStyle(TableStyle([("LINEABOVE", (0, 0), (-1, 0), 0.5, _RULE)]))
    return table


def _weekday(day: date) -> str:
    return "月火水木金土日"[day.weekday()]


def _page_templates(
    styles: _Styles, letter: Letter, addressee: Addressee, facts: LetterFacts, code: str
) -> list[PageTemplate]:
    def draw_first(canvas: Canvas, document: BaseDocTemplate) -> None:
        _draw_folds(canvas)
        _draw_address(canvas, styles, addressee)
        _draw_head(canvas, styles, letter, facts)
        _draw_code(canvas, styles, code)

    def draw_later(canvas: Canvas, document: BaseDocTemplate) -> None:
        _draw_code(canvas, styles, code)

    width, bottom = _WIDTH - 2 * _MARGIN, 20 * mm
    first = Frame(_MARGIN, bottom, width, _HEIGHT - _FIRST_BODY_TOP - bottom, 0, 0, 0, 0, id="first")
    later = Frame(_MARGIN, bottom, width, _HEIGHT - 42 * mm - bottom, 0, 0, 0, 0, id="later")
    return [
        PageTemplate("first", [first], onPage=draw_first),
        PageTemplate("later", [later], onPage=draw_later),
    ]


def _draw_folds(canvas: Canvas) -> None:
    """Short marks at the edge where the sheet is folded in three."""
    canvas.setStrokeColor(_RULE)
    canvas.setLineWidth(0.4)
    for third in (1, 2):
        canvas.line(4 * mm, _HEIGHT * third / 3, 8 * mm, _HEIGHT * third / 3)


def _draw_address(canvas: Canvas, styles: _Styles, addressee: Addressee) -> None:
    """The block behind the envelope's window; long addresses wrap, and the name keeps its own line."""
    code = addressee.postal_code
    parts = [(f"〒{code[:3]}-{code[3:]}" if len(code) == 7 else code, styles.address)]
    parts += [(addressee.address, styles.address), (f"{addressee.name}　様", styles.name)]
    top = _HEIGHT - _ADDRESS_TOP
    for text, style in parts:
        if text:
            top = _draw_paragraph(canvas, styles.paragraph(text, style), _ADDRESS_LEFT, top, _ADDRESS_WIDTH)
            top -= 1.5 * mm


def _draw_head(canvas: Canvas, styles: _Styles, letter: Letter, facts: LetterFacts) -> None:
    left, width = 112 * mm, _WIDTH - 112 * mm - _MARGIN
    top = _HEIGHT - 44 * mm
    for text in (format_wareki(facts.issued_on), letter.sender):
        top = _draw_paragraph(canvas, styles.paragraph(text, styles.right), left, top, width)


def _draw_paragraph(canvas: Canvas, paragraph: Paragraph, left: float, top: float, width: float) -> float:
    _, height = paragraph.wrap(width, _HEIGHT)
    paragraph.drawOn(canvas, left, top - height)
    return top - float(height)


def _draw_code(canvas: Canvas, styles: _Styles, code: str) -> None:
    """The QR at the top right of every page, so that each sheet that comes back finds its case."""
    widget = QrCodeWidget(code, barLevel="M", barBorder=4)
    x0, y0, x1, _ = widget.getBounds()
    scale = _CODE_SIZE / (x1 - x0)
    drawing = Drawing(_CODE_SIZE, _CODE_SIZE, transform=[scale, 0, 0, scale, -x0 * scale, -y0 * scale])
    drawing.add(widget)
    renderPDF.draw(drawing, canvas, _WIDTH - _MARGIN - _CODE_SIZE, _HEIGHT - 12 * mm - _CODE_SIZE)


def _counting_canvas(font: str) -> type[Canvas]:
    """A canvas that writes 1/3 at the foot of each page, which needs the whole to be counted first."""

    class CountingCanvas(Canvas):  # type: ignore[misc]  # reportlab has no types
        def __init__(self, *args: object, **settings: object) -> None:
            super().__init__(*args, **settings)
            self._pages: list[dict[str, object]] = []

        def showPage(self) -> None:
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                self.setFont(font, 9)
                self.setFillColor(_GREY)
                self.drawCentredString(_WIDTH / 2, 11 * mm, f"{number} / {len(self._pages)}")
                super().showPage()
            super().save()

    return CountingCanvas
