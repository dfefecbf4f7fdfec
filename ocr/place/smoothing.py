"""The smooth bend that goes through what was measured, and how far it may be off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from ocr.place.bend import STEP_MM, Bend, Floats, Fold, Grid, Moves, grid_shape, interpolation, node_sum, outer_sum
from ocr.place.folds import find_fold

CURL_MM = 0.08
"""How far a node usually stands off the line through its neighbours (standard deviation)."""
DRIFT_MM = 3.0
"""How large a move may be at all, where nothing was measured near."""
OUTLIER = 3.0
"""Standard deviations from which a measured move weighs less and less."""
ROUNDS = 5
LOST_MM = 1.5
FOUND = 0.4
"""Where a smaller share of the print is found than this, the page may lie off by up to LOST_MM."""
EVEN_MM = 0.02  # what remains on paper however much print there is: ink spreads, scanners tremble
MOST_FOLDS = 3
GROSS_MM = 1.6  # farther off its neighbours than this, a patch was mistaken for another


@dataclass(frozen=True, eq=False)
class _Fit:
    """Moves of the nodes [n, 2], the normal matrix of each axis, and how far each measured move is trusted."""

    nodes: Floats
    normals: tuple[Floats, Floats]
    trust: Floats


@dataclass(frozen=True, eq=False)
class Smoothed:
    """A smooth bend through what was measured, the steps of its folds taken out, and how that was fitted."""

    bend: Bend
    measured: Moves
    fit: _Fit

    @property
    def trusted(self) -> NDArray[np.bool_]:
        """Which of the measured moves agree with it [N]."""
        return self.fit.trust > 0.5

    @cached_property
    def errors(self) -> Grid:
        """The estimated error of its moves, a grid of one value; most bends are only tried, and nobody asks."""
        shape = self.bend.grid.values.shape[0], self.bend.grid.values.shape[1]
        return Grid(_errors(self.measured, self.fit, shape).reshape(*shape, 1))


def smooth(measured: Moves, width_mm: float, height_mm: float, folds: tuple[Fold, ...] = ()) -> Smoothed:
    """The bend that goes through the measured moves, as far as they agree with their neighbours, with these folds."""
    shape = grid_shape(width_mm, height_mm)
    rest = unfolded(measured, folds)
    fit = _fit(rest, shape)
    return Smoothed(Bend(Grid(fit.nodes.reshape(*shape, 2)), folds), rest, fit)


def find_folds(measured: Moves, smoothed: Smoothed) -> tuple[Fold, ...]:
    """The folds at which the measured moves step, on top of a smooth bend; `smoothed` is that bend without folds."""
    rows, columns, _ = smoothed.bend.grid.values.shape
    off = np.abs(measured.moves - smoothed.bend.grid.at(measured.points))
    kept = np.max(off, axis=1) < GROSS_MM
    folds: tuple[Fold, ...] = ()
    while len(folds) < MOST_FOLDS:
        fold = find_fold(unfolded(measured, folds), kept, _prior((rows, columns)), (rows, columns))
        if fold is None:
            break
        folds = (*folds, fold)
    return folds


def unfolded(measured: Moves, folds: tuple[Fold, ...]) -> Moves:
    """What was measured, without the steps of the folds."""
    steps = sum((np.outer(fold.share(measured.points), fold.move) for fold in folds), np.zeros_like(measured.moves))
    return replace(measured, moves=measured.moves - steps)


def _fit(measured: Moves, shape: tuple[int, int]) -> _Fit:
    places, shares = interpolation(measured.points, shape)
    weights = 1.0 / measured.sigmas**2
    prior = _prior(shape)
    trust = np.ones(len(weights))
    nodes = np.zeros((len(prior), 2))
    normals = [prior, prior]
    for _ in range(ROUNDS):
        for axis in range(2):
            held = weights[:, axis] * trust
            normals[axis] = prior + outer_sum(places, shares, held, len(prior))
            nodes[:, axis] = np.linalg.solve(
                normals[axis], node_sum(places, shares, held * measured.moves[:, axis], len(prior))
            )
        off = measured.moves - np.einsum("nk,nkd->nd", shares, nodes[places])
        trust = 1.0 / (1.0 + np.sum(weights * off**2, axis=1) / 2 / OUTLIER**2)
    return _Fit(nodes, (normals[0], normals[1]), trust)


def _errors(measured: Moves, fit: _Fit, shape: tuple[int, int]) -> Floats:
    """What each node's move may be off by: its own uncertainty, grown where measured places, each foretold by the
    others alone, came out farther off than their uncertainty, and where print was looked for and not found."""
    places, shares = interpolation(measured.points, shape)
    variance = np.zeros(shape[0] * shape[1])
    surprise = np.zeros(len(fit.trust))
    for axis, normal in enumerate(fit.normals):
        inverse = np.linalg.inv(normal)
        variance += np.diag(inverse)
        blocks = inverse[places[:, :, None], places[:, None, :]]
        spread = np.einsum("ni,nij,nj->n", shares, blocks, shares)
        variances = measured.sigmas[:, axis] ** 2
        leverage = np.clip(spread * fit.trust / variances, 0.0, 0.9)
        off = measured.moves[:, axis] - np.einsum("nk,nk->n", shares, fit.nodes[places, axis])
        surprise += (off / (1.0 - leverage)) ** 2 / (spread + variances) / 2
    weights = _nearness(shape, measured.points) * fit.trust
    growth = (weights @ surprise + 1.0) / (weights.sum(axis=1) + 1.0)
    looked = _nearness(shape, measured.tried).sum(axis=1)
    found = (weights.sum(axis=1) + 1e-3) / (looked + 1e-3)
    lost = LOST_MM * np.clip(1.0 - found / FOUND, 0.0, 1.0)
    return np.asarray(np.sqrt(variance * np.maximum(growth, 1.0) + lost**2 + EVEN_MM**2), np.float64)


def _nearness(shape: tuple[int, int], points: Floats) -> Floats:
    """How near each node is to each point [nodes, N]: 1.0 at it, fading over the distance between nodes."""
    down, across = (
        np.exp(-((np.arange(count)[:, None] * STEP_MM - points[:, axis]) ** 2) / (2 * STEP_MM**2))
        for axis, count in ((1, shape[0]), (0, shape[1]))
    )
    return np.asarray((down[:, None] * across[None]).reshape(-1, len(points)), np.float64)


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
        form += outer_sum(nodes, np.tile(signs, (len(nodes), 1)), np.ones(len(nodes)), size) / CURL_MM**2
    return form
