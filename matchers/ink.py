"""The ink as evidence: what the picture of a name says of a candidate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

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
