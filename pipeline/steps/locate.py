"""Which page of which form a picture is."""

from __future__ import annotations

from collections.abc import Iterable

from ocr.codes import find_codes
from ocr.engine import Image
from ocr.layout import PageLayout
from ocr.markers import find_markers
from pipeline.procedures.codes import FormCode, parse_code
from pipeline.procedures.pack import FormPage, FormTemplate, Procedure
from pipeline.steps.layouts import page_layout

ENOUGH_MARKERS = 3


def locate_form(image: Image, pack: Procedure) -> FormCode | None:
    """The form page in a picture: by its QR code, or by its markers where the code cannot be read."""
    for found in find_codes(image):
        code = parse_code(found.text)
        if isinstance(code, FormCode) and code.procedure_id == pack.id:
            return code
    return locate_by_markers(image, [pack])


def locate_by_markers(image: Image, packs: Iterable[Procedure]) -> FormCode | None:
    """The form page most of whose markers, by their numbers, are in the picture; None when none or several are."""
    seen = {number for number, _ in find_markers(image)}
    if len(seen) < ENOUGH_MARKERS:
        return None
    fitting = [
        FormCode(pack.id, form.id, form.revision, page.number)
        for pack in packs
        for form in pack.forms
        for page in form.pages
        if len(seen & {marker.id for marker in page.markers}) >= ENOUGH_MARKERS
    ]
    return fitting[0] if len(fitting) == 1 else None


def find_layout_of(pack: Procedure, code: FormCode) -> PageLayout | None:
    """The layout that a code names; None when the pack has no such page."""
    found = _find_page(pack, code)
    return page_layout(pack, *found) if found else None


def _find_page(pack: Procedure, code: FormCode) -> tuple[FormTemplate, FormPage] | None:
    for form in pack.forms:
        for page in form.pages:
            if (form.id, form.revision, page.number) == (code.form_id, code.revision, code.page):
                return form, page
    return None
