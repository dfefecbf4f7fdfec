"""Finding a minimum: L-BFGS with backtracking, enough for a few hundred smooth parameters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Objective = Callable[[Floats], tuple[float, Floats]]
_REMEMBERED, _ENOUGH, _SHRINK = 8, 1e-4, 0.5


def minimise(objective: Objective, start: Floats, turns: int = 150, still: float = 1e-7) -> Floats:
    """Where the objective (its value and derivative) is least, seen from `start`.

    Ends after so many turns, or when one lowers the value by less than the share `still` of it.
    """
    point, (value, slope) = start.copy(), objective(start)
    steps: list[tuple[Floats, Floats]] = []
    for _ in range(turns):
        direction = -_curved(slope, steps)
        if direction @ slope >= 0:
            direction, steps = -slope, []
        size = 1.0 if steps else min(1.0, 1.0 / (np.abs(slope).max() + 1e-12))
        found = _search(objective, point, value, slope, direction, size)
        if found is None:
            break
        there, low, slope_there = found
        if (there - point) @ (slope_there - slope) > 1e-12:
            steps = [*steps[1 - _REMEMBERED :], (there - point, slope_there - slope)]
        done = value - low < still * abs(value)
        point, value, slope = there, low, slope_there
        if done:
            break
    return point


def _search(
    objective: Objective, point: Floats, value: float, slope: Floats, direction: Floats, size: float
) -> tuple[Floats, float, Floats] | None:
    for _ in range(30):
        there = point + size * direction
        low, slope_there = objective(there)
        if low <= value + _ENOUGH * size * float(direction @ slope):
            return there, low, slope_there
        size *= _SHRINK
    return None


def _curved(slope: Floats, steps: list[tuple[Floats, Floats]]) -> Floats:
    """The derivative through the inverse of the curvature that the last steps showed."""
    out, kept = slope.copy(), []
    for step, change in reversed(steps):
        share = (step @ out) / (change @ step)
        out = out - share * change
        kept.append(share)
    if steps:
        step, change = steps[-1]
        out = out * ((step @ change) / (change @ change))
    for (step, change), share in zip(steps, reversed(kept), strict=True):
        out = out + (share - (change @ out) / (change @ step)) * step
    return out
