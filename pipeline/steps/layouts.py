"""From a pack's form page to what `ocr` wants to know of it."""

from __future__ import annotations

from ocr.layout import (
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

CONTENT: dict[FieldType, Content] = {
    FieldType.PERSON_NAME: Content.NAME,
    FieldType.KANA_NAME: Content.KATAKANA,
    FieldType.DATE: Content.DATE,
    FieldType.POSTAL_CODE: Content.POSTAL_CODE,
    FieldType.ADDRESS: Content.ADDRESS,
    FieldType.PHONE: Content.PHONE,
    FieldType.EMAIL: Content.EMAIL,
    FieldType.DIGITS: Content.DIGITS,
    FieldType.TIME: Content.DIGITS,
    FieldType.MONEY: Content.MONEY,
    FieldType.TEXT: Content.TEXT,
    FieldType.MY_NUMBER: Content.MY_NUMBER,
}


def page_layout(procedure: Procedure, form: FormTemplate, page: FormPage) -> PageLayout:
    """The layout of one page. Field names are the house's field keys (`name`, `name.1`)."""
    return PageLayout(
        form_id=f"{form.id}/{form.revision}",
        page_number=page.number,
        width_mm=page.width_mm,
        height_mm=page.height_mm,
        markers=tuple(Marker(marker.id, _box(marker.box)) for marker in page.markers),
        fields=tuple(_field(procedure, box, _above(page, box)) for box in page.all_boxes()),
    )


def _above(page: FormPage, box: FormBox) -> str | None:
    """The key of the same field in the row above, where the box stands in a table."""
    firsts = [table.first for table in page.tables if box in table.boxes()]
    return field_key(box.field, box.index - 1) if firsts and box.index > firsts[0] else None


def _field(procedure: Procedure, box: FormBox, above: str | None) -> Field:
    name = field_key(box.field, box.index)
    if isinstance(box, LineBox):
        spec = procedure.field(box.field)
        return LineField(name, _box(box.box), CONTENT[spec.type], box.lines, spec.lexicon, above)
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
