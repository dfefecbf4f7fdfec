"""From a pack's form page to what `ocr` wants to know of it."""

from __future__ import annotations

import logging
from collections import OrderedDict
from threading import Lock

import cv2
import numpy as np
import pypdfium2

from ocr.engine import Image
from ocr.imaging import to_grey
from ocr.layout import (
    REFERENCE_DPI,
    Box,
    CellsField,
    ChoiceField,
    Content,
    DateField,
    Field,
    LineField,
    Mark,
    Marker,
    Option,
    PageLayout,
    Presence,
    PresenceField,
    TickField,
)
from ocr.place.geometry import MM_PER_INCH
from ocr.place.warping import warp
from pipeline.procedures.fonts import FontError, find_japanese_font
from pipeline.procedures.pack import (
    BoxMm,
    CellRow,
    CellsBox,
    ChoiceBox,
    DateBox,
    FieldType,
    FormBox,
    FormPage,
    FormTemplate,
    LineBox,
    OptionBox,
    PresenceBox,
    Procedure,
    field_key,
)
from pipeline.procedures.printing import render_form
from pipeline.steps.facts import postal_of

log = logging.getLogger(__name__)

CONTENT: dict[FieldType, Content] = {
    FieldType.PERSON_NAME: Content.NAME,
    FieldType.KANA_NAME: Content.KATAKANA,
    FieldType.DATE: Content.DATE,
    FieldType.POSTAL_CODE: Content.POSTAL_CODE,
    FieldType.ADDRESS: Content.ADDRESS,
    FieldType.PHONE: Content.PHONE,
    FieldType.EMAIL: Content.EMAIL,
    FieldType.DIGITS: Content.DIGITS,
    FieldType.TIME: Content.TIME,
    FieldType.MONEY: Content.MONEY,
    FieldType.TEXT: Content.TEXT,
    FieldType.MY_NUMBER: Content.MY_NUMBER,
}

KEPT_FORMS = 32
_RENDER_SHARE = 2  # drawn twice as fine as the reference is, since a drawn page is a fraction of a pixel too large


def page_layout(procedure: Procedure, form: FormTemplate, page: FormPage) -> PageLayout:
    """The layout of one page. Field names are the house's field keys (`name`, `name.1`).

    Its reference is drawn on first use and kept; without a Japanese font there is none.
    """
    return PageLayout(
        form_id=f"{form.id}/{form.revision}",
        page_number=page.number,
        width_mm=page.width_mm,
        height_mm=page.height_mm,
        markers=tuple(Marker(marker.id, _box(marker.box)) for marker in page.markers),
        fields=tuple(_field(procedure, box, _above(page, box)) for box in page.all_boxes()),
        reference=_references(procedure, form).get(page.number),
        changing=tuple(_box(box) for box in (*([page.code] if page.code else []), *(p.box for p in page.prefilled))),
    )


_kept: OrderedDict[int, tuple[Procedure, FormTemplate, dict[int, Image]]] = OrderedDict()
_keeping = Lock()


def _references(procedure: Procedure, form: FormTemplate) -> dict[int, Image]:
    """Page number -> the empty page; kept by the identity of the form, which lives as long as it is kept here."""
    with _keeping:
        known = _kept.get(id(form))
        if known is None or known[0] is not procedure:
            known = (procedure, form, draw_empty(procedure, form))
            _kept[id(form)] = known
            if len(_kept) > KEPT_FORMS:
                _kept.popitem(last=False)
        return known[2]


def draw_empty(procedure: Procedure, form: FormTemplate) -> dict[int, Image]:
    """Page number -> the empty page in grey at REFERENCE_DPI, to its edges; nothing where no font can draw it."""
    try:
        pdf = render_form(procedure, form, {}, None, find_japanese_font())
    except FontError as error:
        log.warning("forms cannot be drawn for registration: %s", error.code)
        return {}
    document = pypdfium2.PdfDocument(pdf)
    try:
        return {page.number: _rasterise(document[n], page) for n, page in enumerate(form.pages)}
    finally:
        document.close()


def _rasterise(drawn: pypdfium2.PdfPage, page: FormPage) -> Image:
    fine = to_grey(np.asarray(drawn.render(scale=_RENDER_SHARE * REFERENCE_DPI / 72).to_numpy(), np.uint8))
    # The drawn page is stretched to whole pixels; the reference is true to a hundredth of a millimetre.
    matrix = np.diag([fine.shape[1] / page.width_mm, fine.shape[0] / page.height_mm, 1.0])
    scale = REFERENCE_DPI / MM_PER_INCH
    soft = np.asarray(cv2.GaussianBlur(fine, (3, 3), 0), np.uint8)
    return warp(soft, matrix, None, (round(page.width_mm * scale), round(page.height_mm * scale)), scale)


def _above(page: FormPage, box: FormBox) -> str | None:
    """The key of the same field in the row above, where the box stands in a table."""
    firsts = [table.first for table in page.tables if box in table.boxes()]
    return field_key(box.field, box.index - 1) if firsts and box.index > firsts[0] else None


def _field(procedure: Procedure, box: FormBox, above: str | None) -> Field:
    name = field_key(box.field, box.index)
    if isinstance(box, LineBox):
        spec = procedure.field(box.field)
        return LineField(
            name,
            _box(box.box),
            CONTENT[spec.type],
            box.lines,
            spec.lexicon,
            above,
            spec.digits,
            postal_of(procedure, box.field, box.index),
        )
    if isinstance(box, CellsBox):
        return CellsField(name, _cells(box.row), CONTENT[procedure.field(box.field).type])
    if isinstance(box, DateBox):
        eras, mark = _options(box.eras), Mark(box.era_mark)
        return DateField(name, eras, mark, _cells(box.year), _cells(box.month), _cells(box.day), box.blanks)
    if isinstance(box, ChoiceBox):
        return ChoiceField(name, _options(box.options), Mark(box.mark))
    if isinstance(box, PresenceBox):
        return PresenceField(name, _box(box.box), Presence(box.what))
    return TickField(name, _box(box.box))


def _options(options: tuple[OptionBox, ...]) -> tuple[Option, ...]:
    return tuple(Option(option.value, _box(option.box)) for option in options)


def _cells(row: CellRow) -> tuple[Box, ...]:
    return tuple(_box(box) for box in row.cells())


def _box(box: BoxMm) -> Box:
    return Box(box.x, box.y, box.w, box.h)
