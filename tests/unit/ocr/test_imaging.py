"""Blank sheets, paper, turns and red stamps."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ocr.engine import Image
from ocr.imaging import (
    count_levels,
    drop_red,
    find_level,
    flatten_paper,
    is_bilevel,
    is_blank,
    middle_level,
    shares,
    to_grey,
    turn,
)
from tests.unit.ocr.pages import Sheet


def paper(dpi: int = 200, noise: float = 8.0, grey: float = 240.0) -> Image:
    rng = np.random.default_rng(1)
    height, width = round(11.69 * dpi), round(8.27 * dpi)
    return np.clip(rng.normal(grey, noise, (height, width)), 0, 255).astype(np.uint8)


def test_noise_is_blank() -> None:
    assert is_blank(paper())
    assert is_blank(paper(noise=14.0, grey=215.0))


def test_punch_holes_dust_and_scanner_edges_are_blank() -> None:
    page = paper()
    for y in (850, 1480):
        cv2.circle(page, (95, y), 24, 20, -1)
    page[:, :6] = 0
    page[-4:] = 0
    for x, y in ((500, 600), (900, 1300), (1200, 300)):
        page[y : y + 2, x : x + 3] = 40
    assert is_blank(page)


@pytest.mark.parametrize("pen", [20, 150])
def test_one_written_line_is_not_blank(pen: int) -> None:
    page = paper()
    cv2.putText(page, "see overleaf", (300, 900), cv2.FONT_HERSHEY_SIMPLEX, 1.2, pen, 3)
    assert not is_blank(page)


def test_bilevel_pages() -> None:
    sheet = Sheet(300)
    assert not is_blank(sheet.image)
    assert is_bilevel(np.where(sheet.image > 128, 255, 0).astype(np.uint8))
    assert not is_bilevel(paper())
    assert is_blank(np.full((3508, 2480), 255, np.uint8))


def test_shadows_are_divided_away() -> None:
    shade = np.linspace(150, 250, 800).astype(np.uint8)[None, :].repeat(600, axis=0)
    flat = flatten_paper(shade)
    assert flat.min() > 235


def test_turning_four_quarters_gives_the_page_back() -> None:
    page = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert turn(page, 90)[0].tolist() == [8, 4, 0]  # clockwise: the left column becomes the top row
    assert np.array_equal(turn(turn(page, 90), 270), page)


def test_red_fades_and_black_stays() -> None:
    page = np.full((10, 10, 3), 255, np.uint8)
    page[2:4] = (40, 40, 230)
    page[6:8] = (20, 20, 20)
    grey = drop_red(page)
    assert grey[2, 0] > 220
    assert grey[6, 0] < 40
    assert to_grey(page)[2, 0] < 120


@pytest.mark.parametrize("size", [(1, 7), (13, 4), (40, 40)])
def test_counted_levels_and_shares_are_percentiles_and_means(size: tuple[int, int]) -> None:
    grey = np.random.default_rng(sum(size)).integers(0, 256, size).astype(np.uint8)
    assert find_level(grey, 0.8) == pytest.approx(np.percentile(grey, 80))
    assert middle_level(count_levels(grey)) == np.median(grey)
    dark = (grey < 100)[:, ::-1]
    assert np.array_equal(shares(dark, 0), dark.mean(axis=0))
    assert np.array_equal(shares(dark, 1), dark.mean(axis=1))
    assert np.array_equal(shares(dark[:0], 0), np.zeros(size[1]))
