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
}


def page_layout(procedure: Procedure, form: FormTemplate, page: FormPage) -> PageLayout:
    """The layout of one page. Field names are the house's field keys (`name`, `name.1`)."""
    return PageLayout(
        form_id=f"{form.id}/{form.revision}",
        page_number=page.number,
        width_mm=page.width_mm,
        height_mm=page.height_mm,
        markers=tuple(Marker(marker.id, _box(marker.box)) for marker in page.markers),
        fields=tuple(_field(procedure, box) for box in page.all_boxes()),
    )


def _field(procedure: Procedure, box: FormBox) -> Field:
    name = field_key(box.field, box.index)
    if isinstance(box, LineBox):
        content = CONTENT[procedure.field(box.field).type]
        return LineField(name, _box(box.box), content, box.lines)
    if isinstance(box, CellsBox):
        return CellsField(name, _cells(box.row), CONTENT[procedure.field(box.field).type])
    if isinstance(box, DateBox):
        return DateField(
            name, _options(box.eras), Mark(box.era_mark), _cells(box.year), _cells(box.month), _cells(box.day)
        )
    if isinstance(box, ChoiceBox):
        return ChoiceField(name, _options(box.options), Mark(box.mark))
    return TickField(name, _box(box.box))


def _options(options: tuple[OptionBox, ...]) -> tuple[Option, ...]:
    return tuple(Option(option.value, _box(option.box)) for option in options)


def _cells(row: CellRow) -> tuple[Box, ...]:
    return tuple(_box(box) for box in row.cells())


def _box(box: BoxMm) -> Box:
    return Box(box.x, box.y, box.w, box.h)
