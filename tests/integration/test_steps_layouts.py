"""The print of a pack's own forms, drawn for registration."""

from __future__ import annotations

import numpy as np
import pypdfium2
import pytest

from fixtures.packs import load_sample_pack
from ocr.engine import Image
from ocr.layout import Box
from ocr.place.registration import register
from pipeline.procedures.codes import FormCode
from pipeline.procedures.fonts import FontError, find_japanese_font
from pipeline.procedures.pack import FormTemplate, Procedure
from pipeline.procedures.printing import render_form
from pipeline.steps import layouts
from pipeline.steps.layouts import draw_empty, page_layout
from pipeline.steps.locate import find_layout_of, locate_form, locate_uncoded

try:
    find_japanese_font()
except FontError:
    pytest.skip("needs a Japanese font, as the Debian package fonts-ipaexfont", allow_module_level=True)


def form(name: str = "application") -> tuple[Procedure, FormTemplate]:
    pack = load_sample_pack()
    return pack, pack.get_form(name, 1)


def unmarked_pack() -> Procedure:
    """The pack of a city that prints neither markers nor codes."""
    pack = load_sample_pack()
    bare = {"markers": (), "code": None}
    forms = [
        one.model_copy(update={"pages": tuple(page.model_copy(update=bare) for page in one.pages)})
        for one in pack.forms
    ]
    return pack.model_copy(update={"forms": tuple(forms)})


def drawn(pack: Procedure, name: str, page_index: int) -> Image:
    """A page of a form at 200 dpi, 1654 x 2339 pixels."""
    document = pypdfium2.PdfDocument(render_form(pack, pack.get_form(name, 1), {}, None, find_japanese_font()))
    grey = document[page_index].render(scale=200 / 72, grayscale=True).to_numpy()
    return np.asarray(grey, np.uint8).reshape(2339, 1654)


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
    pack = unmarked_pack()
    upside_down = np.ascontiguousarray(drawn(pack, "application", 1)[::-1, ::-1])
    code = locate_form(upside_down, pack)
    assert code == FormCode(pack.id, "application", 1, 2)
    layout = find_layout_of(pack, code)
    assert layout is not None
    found = register(upside_down, layout)
    assert found is not None
    assert found.rotation == 180
    corner = found.to_px(np.array([[30.0, 40.0]]))[0]
    assert corner == pytest.approx((1654 - 30 * 1654 / 210, 2339 - 40 * 2339 / 297), abs=0.8)


def test_a_page_that_is_no_form_is_located_nowhere() -> None:
    pack = unmarked_pack()
    page = drawn(load_sample_pack("after_school"), "application", 0)
    assert locate_uncoded(page, [pack]) is None
    assert locate_uncoded(np.full((2339, 1654), 255, np.uint8), [pack]) is None
