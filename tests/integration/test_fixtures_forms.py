"""The printed forms: geometry, codes and markers, determinism."""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
import pytest
import zxingcpp

from fixtures.build_forms import build
from fixtures.fonts import FORM_FONT
from fixtures.packs import load_sample_pack
from fixtures.render import rasterise
from pipeline.procedures.codes import FormCode, SeparatorCode, parse_code
from pipeline.procedures.pack import (
    BoxMm,
    CellsBox,
    ChoiceBox,
    DateBox,
    FormBox,
    FormPage,
    FormTemplate,
    LineBox,
    Procedure,
    TickBox,
)
from pipeline.procedures.printing import render_form, render_separator

needs_font = pytest.mark.skipif(not FORM_FONT.exists(), reason="fonts-ipaexfont is not installed")
PACK = load_sample_pack()
PACKS = (PACK, load_sample_pack("after_school"))
PAGES = [(pack, form, page) for pack in PACKS for form in pack.forms for page in form.pages]
IDS = [f"{pack.id}-{form.id}-{page.number}" for pack, form, page in PAGES]
DPI = 200


def _parts(box: FormBox) -> list[BoxMm]:
    match box:
        case LineBox() | TickBox():
            return [box.box]
        case CellsBox():
            return list(box.row.cells())
        case DateBox():
            cells = [cell for row in (box.year, box.month, box.day) for cell in row.cells()]
            return [option.box for option in box.eras] + cells
        case ChoiceBox():
            return [option.box for option in box.options]


def _overlap(a: BoxMm, b: BoxMm) -> bool:
    slack = 0.02
    return a.x + slack < b.x + b.w and b.x + slack < a.x + a.w and a.y + slack < b.y + b.h and b.y + slack < a.y + a.h


def test_the_templates_are_what_the_builder_makes() -> None:
    built = {path: FormTemplate.model_validate(data) for path, data in build().items()}
    assert built == {f"{pack.id}/forms/{form.id}": form for pack in PACKS for form in pack.forms}


@pytest.mark.parametrize(("pack", "form", "page"), PAGES, ids=IDS)
def test_nothing_that_is_filled_in_overlaps(pack: Procedure, form: FormTemplate, page: FormPage) -> None:
    parts = [part for box in page.all_boxes() for part in _parts(box)] + [marker.box for marker in page.markers]
    assert page.code is not None
    parts.append(page.code)
    assert not [(a, b) for a, b in combinations(parts, 2) if _overlap(a, b)]
    for part in parts:
        assert part.x >= 8 and part.y >= 8
        assert part.x + part.w <= page.width_mm - 8 and part.y + part.h <= page.height_mm - 8


@pytest.mark.parametrize(("pack", "form", "page"), PAGES, ids=IDS)
def test_cells_are_large_enough_for_a_hand(pack: Procedure, form: FormTemplate, page: FormPage) -> None:
    for box in page.all_boxes():
        if isinstance(box, CellsBox | DateBox):
            assert min(min(part.w, part.h) for part in _parts(box)) >= 5


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_the_application_asks_for_every_field_of_the_pack(pack: Procedure) -> None:
    application = pack.get_form("application", 1)
    asked = {(box.field, box.index) for page in application.pages for box in page.all_boxes()}
    wanted = {
        (spec.name, index)
        for spec in pack.fields
        for index in (range(1, pack.role(spec.role).max + 1) if pack.role(spec.role).max > 1 else (0,))
    }
    assert asked == wanted


@needs_font
@pytest.mark.parametrize(("pack", "form", "page"), PAGES, ids=IDS)
def test_code_and_markers_stand_where_the_template_says(pack: Procedure, form: FormTemplate, page: FormPage) -> None:
    reference = "2600012345" if form.preprinted else None
    pdf = render_form(pack, form, {}, reference, FORM_FONT)
    picture = np.asarray(rasterise(pdf, page.number - 1, DPI).convert("L"))
    (code,) = zxingcpp.read_barcodes(picture)
    assert parse_code(code.text) == FormCode(pack.id, form.id, form.revision, page.number, reference)
    detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50))
    corners, ids, _ = detector.detectMarkers(picture)
    found = {int(i): c.reshape(4, 2)[0] * 25.4 / DPI for i, c in zip(ids.ravel(), corners, strict=True)}
    assert set(found) == {marker.id for marker in page.markers}
    for marker in page.markers:
        assert np.abs(found[marker.id] - (marker.box.x, marker.box.y)).max() < 0.3


@needs_font
def test_a_form_is_the_same_bytes_every_time_and_known_values_change_it() -> None:
    form = PACK.get_form("confirmation", 1)
    plain = render_form(PACK, form, {}, "2600012345", FORM_FONT)
    assert plain == render_form(PACK, form, {}, "2600012345", FORM_FONT)
    assert plain != render_form(PACK, form, {"applicant_name": "見本 花子"}, "2600012345", FORM_FONT)


@needs_font
def test_a_separator_is_read_back() -> None:
    picture = rasterise(render_separator(FORM_FONT, "identity", "本人確認書類"), 0, 150)
    (code,) = zxingcpp.read_barcodes(np.asarray(picture.convert("L")))
    assert parse_code(code.text) == SeparatorCode("identity")
