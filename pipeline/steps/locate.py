"""Which page of which form a picture is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ocr.codes import find_codes
from ocr.engine import Image
from ocr.layout import PageLayout
from ocr.place.markers import find_markers
from ocr.place.registration import find_form
from pipeline.procedures.codes import FormCode, parse_code
from pipeline.procedures.pack import FormPage, FormTemplate, Procedure
from pipeline.steps.layouts import page_layout

ENOUGH_MARKERS = 3


def locate_form(image: Image, pack: Procedure) -> FormCode | None:
    """The form page in a picture: by its QR code, else by its markers, else by its print."""
    for found in find_codes(image):
        code = parse_code(found.text)
        if isinstance(code, FormCode) and code.procedure_id == pack.id:
            return code
    return locate_uncoded(image, [pack])


def locate_uncoded(image: Image, packs: Sequence[Procedure]) -> FormCode | None:
    """The form page in a picture whose code cannot be read, or that has none: by its markers, else by its print."""
    return locate_by_markers(image, packs) or locate_by_print(image, packs)


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


def locate_by_print(image: Image, packs: Iterable[Procedure]) -> FormCode | None:
    """The form page whose print the picture shows, of those that cannot be told by code and markers; None when it is
    none of them or not clearly one. Costs nothing where every form has both."""
    unmarked = [
        (FormCode(pack.id, form.id, form.revision, page.number), page_layout(pack, form, page))
        for pack in packs
        for form in pack.forms
        for page in form.pages
        if page.code is None or len(page.markers) < ENOUGH_MARKERS
    ]
    found = find_form(image, [layout for _, layout in unmarked]) if unmarked else None
    return next((code for code, layout in unmarked if layout is found), None)


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
