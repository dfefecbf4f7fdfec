"""Fitting `ocr.confidence.calibration` to readings of which it is known whether they were right. Pure.

A logistic regression with a level and a share of `surplus` of its own for each group, both drawn towards those of all
(ridge), so that a group of few fields says little of its own; weights of signs stay at or above nought.
Thresholds are chosen on confidences that were foretold for writers whom the fit had not seen (`foretell`), since on the
fields it was fitted to every calibration flatters itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ocr.confidence.calibration import Calibration, Group
from ocr.signs import SIGNS, Signs

Floats = NDArray[np.float64]
FOLDS = 5
RIDGE, OWN_RIDGE = 0.2, 1.0
"""How strongly weights of all, and what is a group's own, are drawn to nought: as so many readings of weight one."""
FEWEST = 20
"""A group of fewer readings is not fitted: its engines' own confidence stands."""
_SURPLUS = SIGNS.index("surplus")


@dataclass(frozen=True)
class Case:
    """One reading: its signs, whether it was right, and whose hand it is (fits are tried on other hands)."""

    signs: Signs
    right: bool
    writer: str


def fit(cases: Sequence[Case]) -> Calibration:
    """The calibration of these readings; of groups with fewer than FEWEST readings it knows nothing."""
    groups = _groups(cases)
    known = [case for case in cases if case.signs.group in groups]
    pages = [case.signs.page for case in known if case.signs.page is not None]
    usual = round(float(np.mean(pages)), 4) if pages else 0.0
    if not known:
        return Calibration(dict.fromkeys(SIGNS, 0.0), {}, usual)
    names = sorted(groups)
    numbers = np.array([case.signs.numbers(usual) for case in known])
    place = np.array([names.index(case.signs.group) for case in known])
    weights, levels, slopes = _solve(numbers, place, np.array([case.right for case in known], np.float64), len(names))
    return Calibration(
        {name: round(float(weight), 5) for name, weight in zip(SIGNS, weights, strict=True)},
        {
            name: Group(round(float(levels[n]), 5), round(float(slopes[n]), 5), *groups[name])
            for n, name in enumerate(names)
        },
        usual,
    )


def _groups(cases: Sequence[Case]) -> dict[str, tuple[int, int]]:
    """Readings and wrong ones of each group that is large enough."""
    found: dict[str, tuple[int, int]] = {}
    for case in cases:
        fields, wrong = found.get(case.signs.group, (0, 0))
        found[case.signs.group] = (fields + 1, wrong + (not case.right))
    return {name: counts for name, counts in found.items() if counts[0] >= FEWEST}


def _solve(numbers: Floats, place: NDArray[np.int64], right: Floats, groups: int) -> tuple[Floats, Floats, Floats]:
    """Weights of all, and level and slope of each group, by Newton steps that stop at the bounds.

    The parameters: weights, a common level, levels and slopes of the groups.
    """
    count, signs = numbers.shape
    own = np.zeros((count, groups))
    own[np.arange(count), place] = 1.0
    design = np.hstack([numbers, np.ones((count, 1)), own, own * numbers[:, [_SURPLUS]]])
    ridge = np.array([RIDGE] * signs + [1e-4] + [OWN_RIDGE] * groups + [OWN_RIDGE * 10] * groups)
    bounded = np.array([True] * signs + [False] * (1 + 2 * groups))
    found = np.zeros(design.shape[1])
    for _ in range(60):
        step = _step(design, right, ridge, found, bounded)
        found = np.where(bounded, np.maximum(0.0, found + step), found + step)
        if np.abs(step).max() < 1e-6:
            break
    levels = found[signs] + found[signs + 1 : signs + 1 + groups]
    return found[:signs], levels, found[signs + 1 + groups :]


def _step(design: Floats, right: Floats, ridge: Floats, found: Floats, bounded: NDArray[np.bool_]) -> Floats:
    """A damped Newton step among the parameters that are free: those at their bound stay where the slope pushes out."""
    chance = 1.0 / (1.0 + np.exp(-np.clip(design @ found, -30, 30)))
    slope = design.T @ (right - chance) - ridge * found
    free = ~(bounded & (found <= 0.0) & (slope <= 0.0))
    part = design[:, free]
    curve = (part * (chance * (1 - chance))[:, None]).T @ part + np.diag(ridge[free])
    step = np.zeros_like(found)
    step[free] = np.linalg.solve(curve, slope[free])
    return np.asarray(step * min(1.0, 2.0 / max(1e-12, float(np.abs(step).max()))))


def foretell(cases: Sequence[Case]) -> Floats:
    """The confidence of each reading by a fit to other writers' readings only [len(cases)]."""
    fold = np.array([crc32(case.writer.encode()) % FOLDS for case in cases])
    out = np.zeros(len(cases))
    for one in range(FOLDS):
        fitted = fit([case for case, of in zip(cases, fold, strict=True) if of != one])
        for n in np.flatnonzero(fold == one):
            out[n] = fitted.probability(cases[n].signs)
    return out
