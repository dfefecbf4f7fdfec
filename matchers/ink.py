"""The ink as evidence: what the picture of a name says of a candidate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from matchers.records import FieldEvidence

INK_FIELDS = ("name", "kana")
_READ_FROM = {"name": ("family", "given"), "kana": ("kana_family", "kana_given")}
_NEUTRAL_BITS = 1.0


@dataclass(frozen=True)
class InkCurve:
    """How a likelihood ratio of the ink becomes a weight: `bits` + `slope` * ratio, within `floor` and `cap` (log2).

    The recogniser's likelihoods are sharper than its errors, hence a slope, which `matchers.fit` fits.
    """

    bits: float
    slope: float
    floor: float
    cap: float

    def weight(self, ratio: float) -> float:
        """The weight of log2 P(picture | candidate) / P(picture | best other reading)."""
        return min(max(self.bits + self.slope * ratio, self.floor), self.cap)

    def level(self, ratio: float) -> str:
        """How staff are told: "supports", "neutral" or "against"."""
        weight = self.weight(ratio)
        if abs(weight) < _NEUTRAL_BITS:
            return "neutral"
        return "supports" if weight > 0 else "against"


def with_ink(
    found: list[FieldEvidence], ink: Mapping[str, float], curves: Mapping[str, InkCurve]
) -> list[FieldEvidence]:
    """The evidence with the ink's.

    Reading and ink come from one picture and count once: the ink adds what it says beyond the free reading of the
    given name, and where it supports, a free reading that differs is superseded.
    """
    for name in INK_FIELDS:
        if name in ink:
            found = _one(found, name, curves[name].weight(ink[name]), curves[name].level(ink[name]))
    return found


def _one(found: list[FieldEvidence], name: str, weight: float, level: str) -> list[FieldEvidence]:
    parts = _READ_FROM[name]
    read = next((one.weight for one in found if one.field == parts[1]), 0.0)
    if weight >= 0:
        found = [replace(one, weight=0.0) if one.field in parts and one.weight < 0 else one for one in found]
        added = max(0.0, weight - max(0.0, read))
    else:
        added = weight if read > 0 else min(0.0, weight - read)
    return [*found, FieldEvidence(f"ink_{name}", level, added)]


def fit_ink(ratios: Sequence[float], right: Sequence[bool], most: float = 9.0, least: float = -6.0) -> InkCurve:
    """The curve that known pictures show: logistic regression of whether a candidate was written on its ratio.

    ratios and right: of candidates with other names than each other, whatever their number; `bits` is freed of how
    many of either there were. Ratios beyond `_FAR` say no more than it: far off is far off, and a torn line is too.
    """
    value = np.maximum(np.asarray(ratios, np.float64), _FAR)
    truth = np.asarray(right, np.float64)
    scale = np.array([1.0, 0.1])
    rows = np.stack([np.ones_like(value), value], axis=1)
    found = np.zeros(2)
    for _ in range(_TURNS):
        share = 1.0 / (1.0 + np.exp(-rows @ found))
        slope = rows.T @ (truth - share) - _PULL * found * scale
        curve = (rows * (share * (1.0 - share))[:, None]).T @ rows + _PULL * np.diag(scale)
        found = found + np.linalg.solve(curve, slope)
    prior = math.log((truth.sum() + 0.5) / ((1.0 - truth).sum() + 0.5))
    bits, per_ratio = (found[0] - prior) / math.log(2.0), max(found[1], 0.0) / math.log(2.0)
    return InkCurve(
        round(float(bits), 3), round(float(per_ratio), 4), least, min(most, max(round(float(bits), 3), 0.0))
    )


_FAR, _TURNS, _PULL = -80.0, 30, 0.01
