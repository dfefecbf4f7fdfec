"""Where a form lies, from its print: under copies, turns, stretched and folded paper, and on the wrong form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from ocr.engine import Image
from ocr.imaging import turn
from ocr.layout import REFERENCE_DPI, Box, Content, LineField, PageLayout
from ocr.place.geometry import Points
from ocr.place.registration import find_form, register
from ocr.place.warping import warp
from ocr.reader import read_page
from ocr.readings import ReadingReason
from tests.unit.ocr.pages import HEIGHT, MARKERS, WIDTH, Sheet, layout
from tests.unit.ocr.test_reader import Ones

FINE_DPI = 400
PROBES = np.array([[20.0, 25.0], [190.0, 30.0], [105.0, 150.0], [30.0, 270.0], [180.0, 265.0], [60.0, 90.0]])
WORDS = ("Application", "Name", "Address", "Date of birth", "Telephone", "Bank", "Branch", "Account", "Consent", "Seal")
Bend = Callable[[Points], Points]


@cache
def draw_form(seed: int, markers: bool) -> Image:
    """An empty form at FINE_DPI with framed rows of uneven height, labels and cells, no two rows alike."""
    sheet = Sheet(FINE_DPI, MARKERS if markers else ())
    rng = np.random.default_rng(seed)
    y = 20.0
    while y < 270:
        height = float(rng.uniform(9, 16))
        split = float(rng.uniform(45, 80))
        sheet.frame(Box(20, y, split - 20, height))
        sheet.frame(Box(split, y, 190 - split, height))
        for x in (23.0, split + float(rng.uniform(3, 50))):
            word = f"{rng.choice(WORDS)} {rng.integers(10, 99)}"
            place = (sheet.px(x), sheet.px(y + 6))
            cv2.putText(sheet.image, word, place, cv2.FONT_HERSHEY_SIMPLEX, 0.07 * sheet.scale, 40, sheet.px(0.22) or 1)
        for n in range(int(rng.integers(0, 8))):
            sheet.frame(Box(110 + 7 * n, y + 1, 7, height - 2))
        y += height + float(rng.choice([0, 0, 4]))
    return sheet.image


def at(picture: Image, dpi: float) -> Image:
    """The picture, softened as it must be before it is looked at no finer than dpi."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.45 * FINE_DPI / dpi), np.uint8)


@cache
def known(seed: int = 1, markers: bool = False) -> PageLayout:
    """The layout of the drawn form and its reference."""
    scale, fine = REFERENCE_DPI / 25.4, np.diag([FINE_DPI / 25.4, FINE_DPI / 25.4, 1.0])
    size = (round(WIDTH * scale), round(HEIGHT * scale))
    reference = warp(at(draw_form(seed, markers), REFERENCE_DPI), fine, None, size, scale)
    return replace(layout(), markers=MARKERS if markers else (), reference=reference)


FORM, MARKED = known(), known(markers=True)


def scan(
    dpi: int = 200,
    degrees: float = 0.0,
    size: tuple[float, float] = (1.0, 1.0),
    bend: Bend | None = None,
    markers: bool = False,
) -> tuple[Image, Bend]:
    """A filled form as scanned, and where each point of it lies in the scan. bend: how far each point moves, in mm."""
    image = draw_form(1, markers).copy()
    fine, scale = FINE_DPI / 25.4, dpi / 25.4
    rng = np.random.default_rng(5)
    for x, y, dx, dy in rng.uniform((30, 30, -4, -4), (170, 260, 4, 4), (60, 4)):  # handwriting
        start, end = (int(x * fine), int(y * fine)), (int((x + dx) * fine), int((y + dy) * fine))
        cv2.line(image, start, end, 50, round(0.5 * fine))
    angle = np.radians(degrees)
    linear = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag(size)
    middle = np.array([WIDTH, HEIGHT]) / 2

    def truth(points: Points) -> Points:
        moved = points if bend is None else points + bend(points)
        return np.asarray(((moved - middle) @ linear.T + middle) * scale)

    rows, columns = round(HEIGHT * scale), round(WIDTH * scale)
    y, x = np.mgrid[0 : rows + 8 : 8, 0 : columns + 8 : 8]
    aim = ((np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) / scale - middle) @ np.linalg.inv(linear).T + middle
    source = aim
    for _ in range(8):
        source = aim if bend is None else aim - bend(source)
    coarse = (source * fine - 0.5).astype(np.float32).reshape(*x.shape, 2)
    places = np.mgrid[0:rows, 0:columns].astype(np.float32)[::-1] / 8
    xs, ys = (cv2.remap(coarse[..., axis], places[0], places[1], cv2.INTER_LINEAR) for axis in range(2))
    return np.asarray(cv2.remap(at(image, dpi), xs, ys, cv2.INTER_LINEAR, borderValue=255), np.uint8), truth


def off_mm(found: object, truth: Bend, dpi: int, points: Points = PROBES) -> np.ndarray:
    return np.linalg.norm(found.to_px(points) - truth(points), axis=1) * 25.4 / dpi  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("dpi", "degrees", "size", "bilevel"),
    [
        (150, -4.8, (0.95, 0.95), True),
        (200, 1.0, (1.05, 1.04), False),
        (300, 5.0, (0.97, 0.98), False),
        (400, 0.0, (1.0, 1.0), True),
    ],
)
def test_print_alone_places_boxes_within_a_tenth_of_a_millimetre(
    dpi: int, degrees: float, size: tuple[float, float], bilevel: bool
) -> None:
    image, truth = scan(dpi, degrees, size)
    if bilevel:
        image = np.where(image > 150, 255, 0).astype(np.uint8)
    found = register(image, FORM)
    assert found is not None
    assert (found.markers, found.rotation) == (0, 0)
    assert off_mm(found, truth, dpi).max() < 0.1
    assert found.error_mm < 0.15


@pytest.mark.parametrize(("turned", "rotation"), [(90, 270), (180, 180), (270, 90)])
def test_print_alone_tells_how_a_page_is_turned(turned: int, rotation: int) -> None:
    image, _ = scan(200, 2.0)
    found = register(turn(image, turned), FORM)
    assert found is not None
    assert found.rotation == rotation


def test_a_sheet_on_a_larger_glass_is_found() -> None:
    image, truth = scan(200, 3.0)
    glass = np.full((round(420 * 200 / 25.4), round(297 * 200 / 25.4)), 235, np.uint8)
    glass[300 : 300 + image.shape[0], 400 : 400 + image.shape[1]] = image
    found = register(glass, FORM)
    assert found is not None
    assert off_mm(found, lambda points: truth(points) + np.array([400, 300]), 200).max() < 0.1


def test_a_page_of_another_form_is_not_registered() -> None:
    image, _ = scan()
    assert register(image, known(seed=2)) is None
    assert register(np.full((2339, 1654), 255, np.uint8), FORM) is None


def test_a_form_is_found_among_others_by_its_print() -> None:
    image, _ = scan(150, 3.0)
    others = [known(seed) for seed in (2, 3)]
    assert find_form(image, [*others, FORM]) is FORM
    assert find_form(image, others) is None
    assert find_form(image, [FORM, replace(FORM, form_id="copy")]) is None  # two alike leave it open
    assert find_form(image, []) is None


def test_a_flat_page_with_markers_keeps_their_map_to_the_bit() -> None:
    image, truth = scan(200, 1.0, markers=True)
    with_print, without = register(image, MARKED), register(image, replace(MARKED, reference=None))
    assert with_print is not None and without is not None
    assert with_print.bend is None
    assert np.array_equal(with_print.warp(image, 200), without.warp(image, 200))
    assert off_mm(with_print, truth, 200).max() < 0.1


def wavy(points: Points) -> Points:
    return np.stack([0.5 * np.sin(points[:, 1] / 45), 0.6 * np.sin(points[:, 1] / 60 + 1)], axis=1)


def folded(points: Points) -> Points:
    return np.outer(np.tanh((points[:, 1] - 140) / 2) / 2, (0.1, -0.7))


@pytest.mark.parametrize("markers", [False, True])
@pytest.mark.parametrize("bend", [wavy, folded])
def test_stretched_and_folded_sheets_are_followed(bend: Bend, markers: bool) -> None:
    image, truth = scan(200, 0.8, bend=bend, markers=markers)
    found = register(image, MARKED if markers else FORM)
    assert found is not None
    assert found.bend is not None
    assert off_mm(found, truth, 200, PROBES[[0, 1, 3, 4, 5]]).max() < 0.12
    # What is cut out of the upright page lies where the map says.
    upright = register(found.warp(image, 200), FORM if not markers else MARKED)
    assert upright is not None
    assert off_mm(upright, lambda points: points * 200 / 25.4, 200).max() < 0.15


def test_the_estimate_is_larger_across_a_fold() -> None:
    image, _ = scan(200, bend=folded)
    found = register(image, FORM)
    assert found is not None
    assert found.bend is not None
    fold = max(found.bend.folds, key=lambda fold: fold.size_mm)
    assert fold.c == pytest.approx(140, abs=6)
    assert found.error_mm_at(Box(60, fold.c - 3, 80, 6)) > 3 * found.error_mm_at(Box(60, 60, 80, 6))


def test_only_fields_where_the_print_is_lost_are_doubted() -> None:
    image, _ = scan()
    scale = 200 / 25.4
    image[round(190 * scale) :] = 255  # half of the page did not come through
    fields = tuple(LineField(name, Box(60, y, 80, 8), Content.TEXT) for name, y in (("there", 60), ("lost", 250)))
    found = register(image, FORM)
    assert found is not None
    page = read_page(image, replace(FORM, fields=fields), Ones(), found)
    doubted = {one.name: ReadingReason.POOR_REGISTRATION in one.reasons for one in page.readings}
    assert doubted == {"there": False, "lost": True}
