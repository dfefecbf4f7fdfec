"""Sheets of the reading lab, drawn and read one by one, in as many processes as there are processors."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from benchmarks.card_crops import Crop, cut_crops
from benchmarks.card_peers import ask_peers, askable_keys, written_keys
from benchmarks.card_rows import LabRow, PageRow, field_rows
from benchmarks.children import in_child
from benchmarks.peers import ReadPage, make_peer
from benchmarks.reading import timed
from benchmarks.samples import DATA
from fixtures.reading.layouts import get_form, lab_procedure
from fixtures.reading.sheets import Sheet, draw_sheet
from fixtures.reading.split import Part
from ocr.engine import Image, PPOCRRecogniser
from ocr.layout import Field, PageLayout, boxes_of
from ocr.own import OwnModels, own_models
from ocr.place.geometry import corners_of
from ocr.place.registration import Registration, register
from ocr.reader import read_page
from ocr.readings import PageReading
from pipeline.steps.layouts import page_layout


@dataclass(frozen=True)
class Wish:
    """Which sheets to draw; None leaves it to the seed. peers: full-page readers to ask as well. crops: keep pictures
    of the wrong fields."""

    part: Part
    layout: str | None = None
    writer: str | None = None
    damage: str | None = None
    hand: str | None = None
    filled: int | None = None
    peers: tuple[str, ...] = ()
    crops: bool = False


Answer = tuple[PageRow, list[Crop]]


def read_sheets(wish: Wish, seeds: Sequence[int], processes: int = 0, minutes: float = 0.0) -> Iterator[Answer]:
    """A row for each sheet, as they come. processes: 0 for one a processor, 1 for this one alone.

    minutes: none is begun after so many, 0 for no limit.
    """
    until = time.monotonic() + 60 * minutes if minutes else float("inf")
    if processes == 1:
        for seed in seeds:
            if time.monotonic() >= until:
                return
            yield read_sheet(wish, seed)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes or os.cpu_count(), mp_context=context) as pool:
        running = [pool.submit(_read_before, wish, seed, until) for seed in seeds]
        for one in as_completed(running):
            answer = one.result()
            if answer is not None:
                yield answer


def _read_before(wish: Wish, seed: int, until: float) -> Answer | None:
    # time.monotonic is the system's clock since it was started: the same in every process.
    return read_sheet(wish, seed) if time.monotonic() < until else None


@cache
def _recogniser() -> PPOCRRecogniser:
    cv2.setNumThreads(1)
    made = PPOCRRecogniser(threads=1)
    made.logits([np.full((48, 96), 255, np.uint8)])
    own_models()
    return made


@cache
def _peer(name: str, cache_folder: Path) -> ReadPage:
    made = make_peer(name, cache_folder)
    made(np.full((400, 300, 3), 255, np.uint8))
    return made


def draw(wish: Wish, seed: int) -> Sheet:
    """The sheet of this seed. Unless hand or damage is asked for, every tenth is printed and clean, and every tenth
    printed with blur, noise, JPEG and skew at once: goals of their own that a free draw would hardly show."""
    hand, damage = wish.hand, wish.damage
    if hand is None and damage is None and seed % 5 == 0:
        hand, damage = "printed", "clean" if seed % 10 == 0 else "combined"
    return draw_sheet(
        seed, wish.part, layout=wish.layout, writer=wish.writer, damage=damage, hand=hand, filled=wish.filled
    )


def read_sheet(wish: Wish, seed: int) -> Answer:
    """One sheet drawn, registered, read and held against its truth; the times are of registering and reading, without
    what is made once for a process and once for a form."""
    sheet = draw(wish, seed)
    recogniser = _recogniser()
    layout = page_layout(sheet.procedure, sheet.form, sheet.page)
    own = own_models()
    if sheet.layout not in _READ_BEFORE:
        _READ_BEFORE.add(sheet.layout)
        _read_once(layout, sheet.picture)
    found, registering = timed(lambda: register(sheet.picture, layout))
    reading, spent = timed(
        lambda: read_page(sheet.picture, layout, recogniser, found, own) if found is not None else None
    )
    rows = _rows(sheet, layout, found, reading, own)
    peers = {name: _peer(name, DATA / "models") for name in wish.peers}
    page = PageRow(
        sheet.seed,
        sheet.layout,
        sheet.writer,
        sheet.hand,
        sheet.damages,
        sheet.dpi,
        found is not None,
        found.markers if found else 0,
        registering.cpu_s,
        spent.cpu_s,
        registering.wall_s + spent.wall_s,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        sum(not row.bare for row in rows),
        tuple(rows),
        written_keys(sheet),
        askable_keys(sheet),
        ask_peers(sheet, peers),
    )
    return page, cut_crops(sheet, found, rows) if wish.crops else []


def memory_of_reading(wish: Wish, seed: int) -> int:
    """MiB at most of a fresh process that registers and reads this sheet, which was drawn elsewhere."""
    sheet = draw(wish, seed)
    return in_child(_only_read, sheet.layout, sheet.picture).peak_mb


def _only_read(name: str, picture: Image) -> bool:
    form = get_form(name)
    return _read_once(page_layout(lab_procedure(), form, form.pages[0]), picture)


_READ_BEFORE: set[str] = set()
"""Layouts of which this process has read a sheet."""


def _read_once(layout: PageLayout, picture: Image) -> bool:
    recogniser = _recogniser()
    found = register(picture, layout)
    return found is not None and bool(read_page(picture, layout, recogniser, found, own_models()).readings)


def _rows(
    sheet: Sheet, layout: PageLayout, found: Registration | None, reading: PageReading | None, own: OwnModels
) -> list[LabRow]:
    if found is None or reading is None:
        return field_rows(sheet, layout, None, {})
    places = {field.name: place_of(sheet, field, found) for field in layout.fields}
    return field_rows(sheet, layout, reading, places, own.calibration)


def place_of(sheet: Sheet, field: Field, found: Registration) -> tuple[float, float]:
    """By how many millimetres the boxes of a field are off at the worst corner, and what was estimated."""
    boxes = boxes_of(field)
    corners = np.vstack([corners_of(box) for box in boxes])
    # The reader counts pixels from their edges, the lab from their middles.
    off_px = np.linalg.norm(found.to_px(corners) - sheet.displacement(corners) - 0.5, axis=1)
    per_mm = float(np.sqrt(abs(np.linalg.det(sheet.matrix[:2, :2]))))
    said = max(found.errors_mm(boxes))
    return round(float(off_px.max()) / per_mm, 4), round(float(said), 4)
