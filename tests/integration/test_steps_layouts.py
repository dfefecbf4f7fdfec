"""The print of a pack's own forms, drawn for registration."""

from __future__ import annotations

import numpy as np
import pypdfium2
import pytest

from fixtures.packs import load_sample_pack
from ocr.layout import Box, PageLayout
from ocr.registration import find_form, register
from pipeline.procedures.fonts import FontError, find_japanese_font
from pipeline.procedures.pack import FormTemplate, Procedure
from pipeline.procedures.printing import render_form
from pipeline.steps import layouts
from pipeline.steps.layouts import draw_empty, page_layout

try:
    find_japanese_font()
except FontError:
    pytest.skip("needs a Japanese font, as the Debian package fonts-ipaexfont", allow_module_level=True)


def form(name: str = "application") -> tuple[Procedure, FormTemplate]:
    pack = load_sample_pack()
    return pack, pack.get_form(name, 1)


def unmarked(pack: Procedure, template: FormTemplate) -> list[PageLayout]:
    """The layouts of the form as a city has it that prints neither markers nor codes."""
    pages = tuple(page.model_copy(update={"markers": (), "code": None}) for page in template.pages)
    template = template.model_copy(update={"pages": pages})
    return [page_layout(pack, template, page) for page in pages]


def test_the_reference_is_the_empty_page_true_to_the_millimetre() -> None:
    pack, template = form()
    layout = page_layout(pack, template, template.pages[0])
    assert layout.reference is not None
    assert layout.reference.shape == (1169, 827)
    marker = layout.markers[3].box
    scale = 100 / 25.4
    rows = np.flatnonzero(layout.reference[:, round((marker.x + marker.w / 2) * scale)] < 128)
    assert rows.max() == pytest.approx((marker.y + marker.h) * scale - 1, abs=1)
    assert page_layout(pack, template, template.pages[0]).reference is layout.reference  # drawn once


def test_codes_and_known_values_are_told_as_changing() -> None:
    pack, template = form("confirmation")
    page = template.pages[0]
    layout = page_layout(pack, template, page)
    assert page.code is not None
    assert Box(page.code.x, page.code.y, page.code.w, page.code.h) in layout.changing
    assert len(layout.changing) == 1 + len(page.prefilled)


def test_without_a_font_there_is_no_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise FontError("font_missing", "none")

    monkeypatch.setattr(layouts, "find_japanese_font", missing)
    assert draw_empty(*form()) == {}


def test_a_form_without_markers_and_code_is_found_and_registered_by_its_print() -> None:
    pack, template = form()
    known = unmarked(pack, template) + unmarked(*form("confirmation"))
    drawn = pypdfium2.PdfDocument(render_form(pack, template, {}, None, find_japanese_font()))
    page = np.asarray(drawn[0].render(scale=200 / 72, grayscale=True).to_numpy(), np.uint8).reshape(2339, 1654).copy()
    for box in (*(marker.box for marker in template.pages[0].markers), template.pages[0].code):
        assert box is not None
        x0, y0, x1, y1 = (round(edge * 200 / 25.4) for edge in (box.x, box.y, box.x + box.w, box.y + box.h))
        page[y0 - 3 : y1 + 3, x0 - 3 : x1 + 3] = 255
    upside_down = np.ascontiguousarray(page[::-1, ::-1])
    layout = find_form(upside_down, known)
    assert layout is known[0]
    found = register(upside_down, layout)
    assert found is not None
    assert found.rotation == 180
    corner = found.to_px(np.array([[30.0, 40.0]]))[0]
    assert corner == pytest.approx((1654 - 30 * 1654 / 210, 2339 - 40 * 2339 / 297), abs=0.8)
