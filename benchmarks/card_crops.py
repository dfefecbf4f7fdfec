"""Pictures of the fields that were read wrongly, side by side, to see why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from benchmarks.card_rows import LabRow
from fixtures.fonts import FORM_FONT
from fixtures.reading.sheets import Sheet
from ocr.engine import Image
from ocr.layout import Box
from ocr.place.registration import Registration
from pipeline.procedures.pack import BoxMm, FormBox, field_key

_DPI, _MARGIN_MM = 130.0, 2.5
_WIDTH, _HEIGHT, _COLUMNS, _ROWS, _LETTERS = 620, 96, 3, 16, 13


@dataclass(frozen=True)
class Crop:
    """A field as it lies in the straightened scan, with what was read."""

    row: LabRow
    picture: Image


def cut_crops(sheet: Sheet, found: Registration | None, rows: Sequence[LabRow]) -> list[Crop]:
    """The wrong ones among the rows; none of a page that was not found."""
    wrong = [row for row in rows if not row.right]
    if found is None or not wrong:
        return []
    page = found.warp(sheet.picture, _DPI)
    boxes = {field_key(box.field, box.index): _box(box) for box in sheet.page.all_boxes()}
    return [Crop(row, _cut(page, boxes[row.key])) for row in wrong]


def _box(box: FormBox) -> Box:
    """The rectangle around all that belongs to the field."""
    found = _boxes(box.model_dump())
    x0, y0 = min(one.x for one in found), min(one.y for one in found)
    return Box(x0, y0, max(one.x + one.w for one in found) - x0, max(one.y + one.h for one in found) - y0)


def _boxes(item: object) -> list[BoxMm]:
    if isinstance(item, dict):
        if {"x", "y", "w", "h"} <= item.keys():
            return [BoxMm.model_validate(item)]
        return [box for value in item.values() for box in _boxes(value)]
    return [box for one in item for box in _boxes(one)] if isinstance(item, list | tuple) else []


def _cut(page: Image, box: Box) -> Image:
    scale = _DPI / 25.4
    x0, y0 = (max(0, round((at - _MARGIN_MM) * scale)) for at in (box.x, box.y))
    x1, y1 = (round((at + _MARGIN_MM) * scale) for at in (box.x + box.w, box.y + box.h))
    return np.ascontiguousarray(page[y0:y1, x0:x1])


def save_crops(crops: Sequence[Crop], folder: Path) -> list[Path]:
    """Contact sheets, the fields of one sort together; gives the pictures' paths."""
    folder.mkdir(parents=True, exist_ok=True)
    crops = sorted(crops, key=lambda crop: (crop.row.sort, crop.row.hand, crop.row.kind, crop.row.seed))
    each = _COLUMNS * _ROWS
    paths = []
    for start in range(0, len(crops), each):
        path = folder / f"wrong_{start // each:03d}.png"
        _contact(crops[start : start + each]).save(path)
        paths.append(path)
    return paths


def _contact(crops: Sequence[Crop]) -> Pillow.Image:
    sheet = Pillow.new("RGB", (_WIDTH * _COLUMNS, _HEIGHT * -(-len(crops) // _COLUMNS)), (225, 225, 225))
    font = ImageFont.truetype(str(FORM_FONT), _LETTERS)
    draw = ImageDraw.Draw(sheet)
    for n, crop in enumerate(crops):
        x, y = (n % _COLUMNS) * _WIDTH, (n // _COLUMNS) * _HEIGHT
        picture = Pillow.fromarray(crop.picture if crop.picture.ndim == 2 else crop.picture[..., ::-1])
        picture.thumbnail((_WIDTH - 8, _HEIGHT - 2 * _LETTERS - 10))
        sheet.paste(picture, (x + 4, y + 2 * _LETTERS + 6))
        for line, words in enumerate(_words(crop.row)):
            draw.text((x + 4, y + line * (_LETTERS + 2)), _fit(words, font), (120, 0, 0), font)
    return sheet


def _fit(words: str, font: ImageFont.FreeTypeFont) -> str:
    """As much of the words as a tile is wide."""
    while font.getlength(words) > _WIDTH - 8:
        words = words[: -1 - len(words) // 20]
    return words


def _words(row: LabRow) -> tuple[str, str]:
    sure = "" if row.confidence is None else f" {row.confidence:.3f}"
    about = f"{row.seed} {row.key} {row.sort} {row.kind} {row.writer} {'+'.join(row.damages)}"
    said = f"{row.truth} ({row.written})" if row.written != row.truth else f"{row.truth}"
    got = f"{row.read} [{row.raw}]" if row.raw != row.read else f"{row.read}"
    return about, f"{said} > {got}{sure} {','.join(row.reasons)}"
