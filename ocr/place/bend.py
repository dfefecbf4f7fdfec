"""How a sheet departs from a straight map: small moves on a grid, and steps at its folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.place.geometry import Points

STEP_MM = 20.0
BOW_MM = 2.0  # how far from a crease paper lies off the glass

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Grid:
    """values: [rows, columns, n] in mm, at nodes STEP_MM apart from the page's top left; bilinear between them."""

    values: Floats

    def at(self, points_mm: Points) -> Floats:
        """The values [N, n] at points [N, 2] in millimetres."""
        rows, columns, depth = self.values.shape
        nodes, shares = interpolation(points_mm, (rows, columns))
        return np.asarray(np.einsum("nk,nkd->nd", shares, self.values.reshape(-1, depth)[nodes]), np.float64)

    def between(self, x_mm: Floats, y_mm: Floats) -> Floats:
        """The values [len(y), len(x), n] at all crossings of columns x and rows y, in millimetres; as `at`."""
        rows, columns, _ = self.values.shape
        (column, x), (row, y) = _beside(x_mm, columns), _beside(y_mm, rows)
        upper, lower, x, y = self.values[row], self.values[row + 1], x[None, :, None], y[:, None, None]
        above = (1 - x) * (1 - y) * upper[:, column] + x * (1 - y) * upper[:, column + 1]
        return np.asarray(above + (1 - x) * y * lower[:, column] + x * y * lower[:, column + 1], np.float64)


def _beside(places_mm: Floats, count: int) -> tuple[NDArray[np.int64], Floats]:
    """Of places along one edge the nodes before them, and how far on to the next they are, 0.0-1.0."""
    place = places_mm / STEP_MM
    node = np.clip(np.floor(place).astype(np.int64), 0, count - 2)
    return node, np.clip(place - node, 0.0, 1.0)


@dataclass(frozen=True)
class Fold:
    """A line across the page at which its print moves by a step: a x + b y = c in millimetres, (a, b) of length 1.

    move: the step in x and y, of what lies beyond (a x + b y > c); near the line, where paper bows, a part of it.
    """

    a: float
    b: float
    c: float
    move: tuple[float, float]

    def share(self, points_mm: Points) -> Floats:
        """How much of the step each of the points [N, 2] makes."""
        return self.part(points_mm @ np.array([self.a, self.b]) - self.c)

    def part(self, off_mm: Floats) -> Floats:
        """How much of the step is made so far beyond the line."""
        return np.asarray(np.clip(0.5 + off_mm / (2 * BOW_MM), 0.0, 1.0), np.float64)

    def gap(self, points_mm: Points) -> float:
        """How far the nearest of the points is from the fold, in millimetres; nought when they lie on both sides."""
        off = points_mm @ np.array([self.a, self.b]) - self.c
        return 0.0 if off.min() < 0 < off.max() else float(np.abs(off).min())

    @property
    def size_mm(self) -> float:
        """How large the step is."""
        return float(np.hypot(*self.move))


@dataclass(frozen=True, eq=False)
class Bend:
    """A grid of two values, the moves in x and y, and steps on top of it."""

    grid: Grid
    folds: tuple[Fold, ...] = ()

    def at(self, points_mm: Points) -> Points:
        """The moves [N, 2] at points [N, 2] in millimetres."""
        moves = self.grid.at(points_mm)
        for fold in self.folds:
            moves = moves + np.outer(fold.share(points_mm), fold.move)
        return moves

    def between(self, x_mm: Floats, y_mm: Floats) -> Floats:
        """The moves [len(y), len(x), 2] at all crossings of columns x and rows y, in millimetres."""
        moves = self.grid.between(x_mm, y_mm)
        for fold in self.folds:
            off = fold.a * x_mm[None, :] + fold.b * y_mm[:, None] - fold.c
            moves = moves + fold.part(off)[:, :, None] * np.array(fold.move)
        return moves


@dataclass(frozen=True, eq=False)
class Moves:
    """What was measured: points [N, 2] and moves [N, 2] in mm, and their standard deviations [N, 2].

    tried: [M, 2] where print was looked for, those places too where none was found.
    """

    points: Points
    moves: Points
    sigmas: Floats
    tried: Points


def grid_shape(width_mm: float, height_mm: float) -> tuple[int, int]:
    """Rows and columns of nodes that cover a page."""
    return int(np.ceil(height_mm / STEP_MM)) + 1, int(np.ceil(width_mm / STEP_MM)) + 1


def interpolation(points_mm: Points, shape: tuple[int, int]) -> tuple[NDArray[np.int64], Floats]:
    """For each point the four nodes around it [N, 4] and their shares [N, 4]; beyond the grid its edge goes on."""
    place = points_mm / STEP_MM
    column = np.clip(np.floor(place[:, 0]).astype(np.int64), 0, shape[1] - 2)
    row = np.clip(np.floor(place[:, 1]).astype(np.int64), 0, shape[0] - 2)
    x, y = np.clip(place[:, 0] - column, 0.0, 1.0), np.clip(place[:, 1] - row, 0.0, 1.0)
    first = row * shape[1] + column
    nodes = np.stack([first, first + 1, first + shape[1], first + shape[1] + 1], axis=1)
    return nodes, np.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], axis=1)


def outer_sum(nodes: NDArray[np.int64], shares: Floats, weights: Floats, size: int) -> Floats:
    """The matrix [size, size] of the quadratic form: the sum of weight times (shares at nodes) squared."""
    values = weights[:, None, None] * shares[:, :, None] * shares[:, None, :]
    places = nodes[:, :, None] * size + nodes[:, None, :]
    total = np.bincount(places.ravel(), values.ravel(), minlength=size * size)
    return np.asarray(total.reshape(size, size), np.float64)


def node_sum(nodes: NDArray[np.int64], shares: Floats, values: Floats, size: int) -> Floats:
    """The values [N] gathered at the nodes [size], by their shares."""
    return np.asarray(np.bincount(nodes.ravel(), (shares * values[:, None]).ravel(), minlength=size), np.float64)
