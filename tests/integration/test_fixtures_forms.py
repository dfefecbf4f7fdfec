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
    TickBox,
)
from pipeline.procedures.printing import render_form, render_separator

needs_font = pytest.mark.skipif(not FORM_FONT.exists(), reason="fonts-ipaexfont is not installed")
PACK = load_sample_pack()
PAGES = [(form, page) for form in PACK.forms for page in form.pages]
IDS = [f"{form.id}-{page.number}" for form, page in PAGES]
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
    built = [FormTemplate.model_validate(data) for data in build().values()]
    assert sorted(built, key=lambda form: form.id) == sorted(PACK.forms, key=lambda form: form.id)


@pytest.mark.parametrize(("form", "page"), PAGES, ids=IDS)
def test_nothing_that_is_filled_in_overlaps(form: FormTemplate, page: FormPage) -> None:
    parts = [part for box in page.all_boxes() for part in _parts(box)] + [marker.box for marker in page.markers]
    assert page.code is not None
    parts.append(page.code)
    assert not [(a, b) for a, b in combinations(parts, 2) if _overlap(a, b)]
    for part in parts:
        assert part.x >= 8 and part.y >= 8
        assert part.x + part.w <= page.width_mm - 8 and part.y + part.h <= page.height_mm - 8


@pytest.mark.parametrize(("form", "page"), PAGES, ids=IDS)
def test_cells_are_large_enough_for_a_hand(form: FormTemplate, page: FormPage) -> None:
    for box in page.all_boxes():
        if isinstance(box, CellsBox | DateBox):
            assert min(min(part.w, part.h) for part in _parts(box)) >= 5


def test_the_application_asks_for_every_field_of_the_pack() -> None:
    application = PACK.get_form("application", 1)
    asked = {(box.field, box.index) for page in application.pages for box in page.all_boxes()}
    repeated = {spec.name for spec in PACK.fields if spec.role == "child"}
    wanted = {(spec.name, 0) for spec in PACK.fields if spec.name not in repeated}
    wanted |= {(name, index) for name in repeated for index in range(1, 6)}
    assert asked == wanted


@needs_font
@pytest.mark.parametrize(("form", "page"), PAGES, ids=IDS)
def test_code_and_markers_stand_where_the_template_says(form: FormTemplate, page: FormPage) -> None:
    reference = "2600012345" if form.preprinted else None
    pdf = render_form(PACK, form, {}, reference, FORM_FONT)
    picture = np.asarray(rasterise(pdf, page.number - 1, DPI).convert("L"))
    (code,) = zxingcpp.read_barcodes(picture)
    assert parse_code(code.text) == FormCode(PACK.id, form.id, form.revision, page.number, reference)
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
