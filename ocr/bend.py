"""How a sheet departs from a straight map: a grid of small moves, fitted to what was measured here and there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ocr.geometry import Points

STEP_MM = 20.0
CURL_MM = 0.08
"""How far a node usually stands off the line through its neighbours (standard deviation)."""
DRIFT_MM = 3.0
"""How large a move may be at all, where nothing was measured near."""
OUTLIER = 3.0
"""Standard deviations from which a measured move weighs less and less."""
ROUNDS = 5

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Grid:
    """values: [rows, columns, n] in mm, at nodes STEP_MM apart from the page's top left; bilinear between them."""

    values: Floats

    def at(self, points_mm: Points) -> Floats:
        """The values [N, n] at points [N, 2] in millimetres."""
        rows, columns, depth = self.values.shape
        nodes, shares = _interpolation(points_mm, (rows, columns))
        return np.asarray(np.einsum("nk,nkd->nd", shares, self.values.reshape(-1, depth)[nodes]), np.float64)


@dataclass(frozen=True, eq=False)
class Moves:
    """What was measured: points [N, 2] and moves [N, 2] in mm, their standard deviations [N, 2], and how well the
    print matched there [N], 1.0 being perfect. tried: at how many places."""

    points: Points
    moves: Points
    sigmas: Floats
    scores: Floats
    tried: int


@dataclass(frozen=True, eq=False)
class Smoothed:
    """A smooth bend: its moves (a grid of two values), the estimated error of them (a grid of one), and which of the
    measured moves agree with it [N]."""

    moves: Grid
    errors: Grid
    trusted: NDArray[np.bool_]


def grid_shape(width_mm: float, height_mm: float) -> tuple[int, int]:
    """Rows and columns of nodes that cover a page."""
    return int(np.ceil(height_mm / STEP_MM)) + 1, int(np.ceil(width_mm / STEP_MM)) + 1


def smooth(measured: Moves, width_mm: float, height_mm: float) -> Smoothed:
    """The bend that goes through the measured moves, as far as they agree with their neighbours."""
    shape = grid_shape(width_mm, height_mm)
    nodes, shares = _interpolation(measured.points, shape)
    weights = 1.0 / measured.sigmas**2
    trust = np.ones(len(weights))
    prior = _prior(shape)
    solution = np.zeros((shape[0] * shape[1], 2))
    inverses = [prior, prior]
    for _ in range(ROUNDS):
        for axis in range(2):
            normal = prior + _outer_sum(nodes, shares, weights[:, axis] * trust, len(prior))
            inverses[axis] = np.asarray(np.linalg.inv(normal), np.float64)
            right = _sum(nodes, shares, weights[:, axis] * trust * measured.moves[:, axis], len(prior))
            solution[:, axis] = inverses[axis] @ right
        off = measured.moves - np.einsum("nk,nkd->nd", shares, solution[nodes])
        strength = np.sum(weights * off**2, axis=1) / 2
        trust = 1.0 / (1.0 + strength / OUTLIER**2)
    errors = _errors(measured, nodes, shares, weights, trust, solution, inverses, shape)
    return Smoothed(Grid(solution.reshape(*shape, 2)), Grid(errors.reshape(*shape, 1)), trust > 0.5)


def _errors(
    measured: Moves,
    nodes: NDArray[np.int64],
    shares: Floats,
    weights: Floats,
    trust: Floats,
    solution: Floats,
    inverses: list[Floats],
    shape: tuple[int, int],
) -> Floats:
    """What each node's move may be off by: its own uncertainty, grown where measured places, each foretold by the
    others alone, came out farther off than their uncertainty."""
    variance = np.zeros(shape[0] * shape[1])
    surprise = np.zeros(len(trust))
    for axis in range(2):
        variance += np.diag(inverses[axis])
        blocks = inverses[axis][nodes[:, :, None], nodes[:, None, :]]
        spread = np.einsum("ni,nij,nj->n", shares, blocks, shares)
        leverage = np.clip(spread * weights[:, axis] * trust, 0.0, 0.9)
        off = measured.moves[:, axis] - np.einsum("nk,nk->n", shares, solution[nodes, axis])
        foretold = off / (1.0 - leverage)
        surprise += foretold**2 / (spread + measured.sigmas[:, axis] ** 2) / 2
    rows, columns = np.divmod(np.arange(len(variance)), shape[1])
    places = np.stack([columns, rows], axis=1) * STEP_MM
    distance = np.sum((places[:, None] - measured.points[None]) ** 2, axis=2)
    near = np.exp(-distance / (2 * STEP_MM**2)) * trust
    growth = (near @ surprise + 1.0) / (near.sum(axis=1) + 1.0)
    return np.asarray(np.sqrt(variance * np.maximum(growth, 1.0)), np.float64)


def _interpolation(points_mm: Points, shape: tuple[int, int]) -> tuple[NDArray[np.int64], Floats]:
    """For each point the four nodes around it [N, 4] and their shares [N, 4]; beyond the grid its edge goes on."""
    place = points_mm / STEP_MM
    column = np.clip(np.floor(place[:, 0]).astype(np.int64), 0, shape[1] - 2)
    row = np.clip(np.floor(place[:, 1]).astype(np.int64), 0, shape[0] - 2)
    x, y = np.clip(place[:, 0] - column, 0.0, 1.0), np.clip(place[:, 1] - row, 0.0, 1.0)
    first = row * shape[1] + column
    nodes = np.stack([first, first + 1, first + shape[1], first + shape[1] + 1], axis=1)
    return nodes, np.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], axis=1)


def _outer_sum(nodes: NDArray[np.int64], shares: Floats, weights: Floats, size: int) -> Floats:
    values = weights[:, None, None] * shares[:, :, None] * shares[:, None, :]
    places = nodes[:, :, None] * size + nodes[:, None, :]
    total = np.bincount(places.ravel(), values.ravel(), minlength=size * size)
    return np.asarray(total.reshape(size, size), np.float64)


def _sum(nodes: NDArray[np.int64], shares: Floats, values: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(nodes.ravel(), (shares * values[:, None]).ravel(), minlength=size), np.float64)


@lru_cache(maxsize=16)
def _prior(shape: tuple[int, int]) -> Floats:
    """The quadratic form that costs a node for standing off its neighbours, and a little for any move."""
    rows, columns = shape
    size = rows * columns
    index = np.arange(size).reshape(shape)
    along = np.stack([index[:, :-2], index[:, 1:-1], index[:, 2:]], axis=-1).reshape(-1, 3)
    down = np.stack([index[:-2], index[1:-1], index[2:]], axis=-1).reshape(-1, 3)
    across = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]], axis=-1).reshape(-1, 4)
    form = np.eye(size) / DRIFT_MM**2
    for nodes, signs in ((along, (1.0, -2.0, 1.0)), (down, (1.0, -2.0, 1.0)), (across, (1.0, -1.0, -1.0, 1.0))):
        form += _outer_sum(nodes, np.tile(signs, (len(nodes), 1)), np.ones(len(nodes)), size) / CURL_MM**2
    return form
