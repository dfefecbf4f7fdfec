"""What rows of cells are printed, written and scanned with: rules, ink, dust, blur, noise, files."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engine import Image
from ocr.layout import Box

Scene = NDArray[np.float32]
PAPER = 250.0
MARGIN_MM = 3.0


@dataclass(frozen=True)
class Row:
    """Cells of one size in a row: pixels per millimetre, sizes in millimetres."""

    scale: float
    width: float
    height: float
    count: int

    def box(self, n: int) -> Box:
        """Where a cell is printed."""
        return Box(MARGIN_MM + n * self.width, MARGIN_MM, self.width, self.height)

    def paper(self) -> Scene:
        """An empty sheet around the row."""
        width, height = self.count * self.width + 2 * MARGIN_MM, self.height + 2 * MARGIN_MM
        return np.full((round(height * self.scale), round(width * self.scale)), PAPER, np.float32)


def draw_shape(rng: np.random.Generator, count: int | None = None) -> Row:
    """A row of cells as forms have them, scanned at a usual resolution."""
    scale = float(rng.choice((150, 200, 200, 250, 300, 300))) / 25.4
    width = rng.uniform(4.2, 8.5)
    height = float(np.clip(width * rng.uniform(1.0, 1.65), 5.0, 11.0))
    return Row(scale, float(width), height, int(rng.integers(3, 12)) if count is None else count)


def print_rules(rng: np.random.Generator, scene: Scene, row: Row) -> None:
    """The cells' rules in one of the ways that forms have: full, pale, dotted, a comb, or only an outline."""
    style = rng.choice(("full", "full", "pale", "pale", "dotted", "comb", "outline", "none"))
    dark = rng.uniform(10, 60) if style in ("full", "dotted", "comb", "outline") else rng.uniform(120, 215)
    thick = max(1, round(rng.uniform(0.1, 0.5) * row.scale))
    top, bottom = (round((MARGIN_MM + part) * row.scale) for part in (0.0, row.height))
    left, right = (round((MARGIN_MM + part) * row.scale) for part in (0.0, row.count * row.width))
    if style == "none":
        return
    for n in range(row.count + 1):
        x = round((MARGIN_MM + n * row.width) * row.scale)
        inner = 0 < n < row.count
        if style == "outline" and inner:
            continue
        start = bottom - round(0.35 * (bottom - top)) if style == "comb" and inner else top
        line = scene[start:bottom, max(0, x - thick // 2) : x - thick // 2 + thick]
        period = max(3, round(rng.uniform(0.5, 1.2) * row.scale)) if style == "dotted" and inner else 1
        line[np.arange(len(line)) % period < max(1, period // 2)] = dark
    for y in (top, bottom):
        scene[max(0, y - thick // 2) : y - thick // 2 + thick, left:right] = dark


def place(ink: Scene, glyph: Image, middle: tuple[float, ...], zoom: float, turn: float, shear: float,
           aspect: float) -> None:  # fmt: skip
    """Adds a glyph's picture with its middle at a place of the scene, in pixels."""
    if zoom < 0.55:  # soften first, so that thin strokes do not fall between pixels
        glyph = np.asarray(cv2.GaussianBlur(glyph, (0, 0), 0.32 / zoom), np.uint8)
    side = glyph.shape[0]
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = zoom * np.array([[cos * aspect, (-sin - shear)], [sin, cos / aspect]])
    reach = int(np.ceil(np.abs(matrix).sum(axis=1).max() * side / 2)) + 1
    x0, y0 = int(middle[0]) - reach, int(middle[1]) - reach
    shift = np.array(middle) - (x0, y0) - matrix @ np.array([side / 2, side / 2])
    drawn = cv2.warpAffine(glyph, np.hstack([matrix, shift[:, None]]), (2 * reach, 2 * reach), flags=cv2.INTER_LINEAR)
    top, left = max(0, y0), max(0, x0)
    target = ink[top : y0 + 2 * reach, left : x0 + 2 * reach]
    part = drawn[top - y0 :, left - x0 :][: target.shape[0], : target.shape[1]]
    np.maximum(target, part, out=target)


def draw_dust(rng: np.random.Generator, ink: Scene, row: Row, n: int, surely: bool) -> None:
    """Specks, a hair or a thin short scratch; an empty cell mostly stays clean."""
    if not surely and rng.random() < 0.7:
        return
    corner = np.array([MARGIN_MM + n * row.width, MARGIN_MM]) * row.scale
    size = np.array([row.width, row.height]) * row.scale
    for _ in range(int(rng.integers(1, 4))):
        place = corner + size * rng.uniform(0.15, 0.85, 2)
        if rng.random() < 0.5:
            cv2.circle(ink, tuple(int(v) for v in place), max(1, round(rng.uniform(0.1, 0.4) * row.scale)), 255.0, -1)
        else:
            steps = np.cumsum(rng.normal(0, 0.07, (6, 2)) * size, axis=0)
            cv2.polylines(ink, [np.round(place + steps).astype(np.int32)], False, 200.0, 1, cv2.LINE_AA)


def ink_over(rng: np.random.Generator, scene: Scene, ink: Scene) -> None:
    """Lays the ink on the paper: pen, faint pencil with grain, elastic wobble of the whole row."""
    ink[:] = wobble(rng, ink)
    dark = rng.uniform(5, 90) if rng.random() < 0.72 else rng.uniform(90, 165)
    cover = ink / 255.0
    if dark > 90 or rng.random() < 0.1:
        grain = cv2.GaussianBlur(rng.standard_normal(ink.shape, dtype=np.float32), (0, 0), rng.uniform(0.6, 1.2))
        cover = cover * np.clip(0.9 + grain * rng.uniform(0.2, 1.0), 0.35, 1.0)
    scene[:] = scene * (1 - cover) + np.minimum(scene, dark) * cover


def wobble(rng: np.random.Generator, ink: Scene) -> Scene:
    """The picture bent a little, here and there, or not at all."""
    if rng.random() < 0.3:
        return ink
    height, width = ink.shape
    step = rng.uniform(10, 28)  # pixels of one wave
    coarse = (max(2, round(height / step)), max(2, round(width / step)))
    amount = rng.uniform(0.2, 1.0) * height / 60
    moves = [
        cv2.resize(rng.standard_normal(coarse, dtype=np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        for _ in range(2)
    ]
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.asarray(cv2.remap(ink, xs + amount * moves[0], ys + amount * moves[1], cv2.INTER_LINEAR), np.float32)


def _stamp(rng: np.random.Generator, scene: Scene, scale: float) -> None:
    """A red stamp as a grey scan shows it, or what is left of it after its colour was dropped: a ring or a frame, with
    bars in it that stand for its letters."""
    height, width = scene.shape
    centre = np.array([rng.uniform(0, width), rng.uniform(0, height)])
    half = rng.uniform(3, 9, 2) * scale if rng.random() < 0.5 else np.repeat(rng.uniform(3, 8), 2) * scale
    grey, thick = float(rng.uniform(95, 235)), max(1, round(rng.uniform(0.3, 0.8) * scale))
    pale = np.full_like(scene, PAPER)
    turn = float(rng.normal(0, 12))
    if half[0] == half[1]:
        cv2.circle(pale, tuple(int(v) for v in centre), int(half[0]), grey, thick, cv2.LINE_AA)
    else:
        corners = cv2.boxPoints((tuple(centre), tuple(2 * half), turn))
        cv2.polylines(pale, [np.round(corners).astype(np.int32)], True, grey, thick, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 14))):
        start = centre + rng.uniform(-0.7, 0.7, 2) * half
        way = rng.uniform(0.8, 3.0) * scale * (np.array([1.0, 0.0]) if rng.random() < 0.6 else np.array([0.0, 1.0]))
        cv2.line(pale, tuple(int(v) for v in start), tuple(int(v) for v in start + way), grey, thick, cv2.LINE_AA)
    np.minimum(scene, pale, out=scene)


def scan(rng: np.random.Generator, scene: Scene, scale: float) -> Image:
    """The scene as scanner, files and the reader's own turning leave it, its paper near white."""
    height, width = scene.shape
    if rng.random() < 0.12:
        _stamp(rng, scene, scale)
    if rng.random() < 0.05:  # a line down the scanner's glass
        x = int(rng.uniform(0, width))
        scene[:, x : x + max(1, round(scale * 0.12))] *= rng.uniform(0.3, 0.8)
    angle, zoom = rng.normal(0, 0.25), rng.normal(1.0, 0.004)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(angle), float(zoom))
    turn[:, 2] += rng.normal(0, 0.12 * scale, 2)
    out = cv2.warpAffine(scene, turn, (width, height), flags=cv2.INTER_LINEAR, borderValue=PAPER)
    blur = abs(rng.normal(0, 0.8)) * scale / 7.9
    if blur > 0.2:
        out = cv2.GaussianBlur(out, (0, 0), blur)
    if rng.random() < 0.25:
        ramp = np.linspace(0, rng.normal(0, 10), width, dtype=np.float32)
        out = out + ramp
    noise = abs(rng.normal(0, 5.0)) if rng.random() < 0.6 else 0.0
    if noise > 0.5:
        out = out + rng.standard_normal(out.shape, dtype=np.float32) * noise
    if rng.random() < 0.2:
        level = rng.uniform(120, 200)
        return np.where(out > level, 250, 0).astype(np.uint8)
    picture = np.clip(out, 0, 255).astype(np.uint8)
    if rng.random() < 0.45:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 80))]
        picture = cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_GRAYSCALE).astype(np.uint8)
    return picture
