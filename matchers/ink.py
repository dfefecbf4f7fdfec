"""The ink as evidence: what the picture of a name says of a candidate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matchers.normalise import NormalisedPerson, Words

INK_FIELDS = ("name", "kana")
PICTURE_OF = {"family": "name", "given": "name", "kana_family": "kana", "kana_given": "kana"}
"""Which picture a part was read from."""
INK_OF = {"given": "name", "kana_given": "kana"}
"""The part of a name with which the ink is counted: it is the person's own."""
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


OTHER_FORM = 6.0
"""How much rarer than the registered name another form is, log2: one in some sixty is swapped or a maiden name."""


def forms_of(person: NormalisedPerson, picture: str) -> tuple[str, ...]:
    """What the person may have written in the field of a picture ("name" or "kana"), the usual form first.

    The name as registered, with its parts changed over, former names and names in use; of the kana both orders. ()
    where nothing is registered.
    """
    if picture == "kana":
        return tuple(filter(None, (person.kana.whole, *_turned(person.kana))))
    name = person.written if person.written.whole else person.name
    return tuple(filter(None, (name.whole, *_turned(name), *(one.whole for one in (*person.former, *person.aliases)))))


def _turned(words: Words) -> tuple[str, ...]:
    return (words.given + words.family,) if words.family and words.given else ()


def likeliest(scores: Sequence[float]) -> float:
    """The log2 ratio for `compare` from the scores (natural logarithms) of a person's forms, in their order.

    The likeliest form counts, those that are not the usual one at a cost.
    """
    return max(score / math.log(2.0) - OTHER_FORM * (place > 0) for place, score in enumerate(scores))


def combine(read: float, ink: float) -> float:
    """The weight of a free reading and of the ink it was read from, which are one picture and count once.

    What supports most counts; the ink against a reading that differs anyway says little more.
    """
    if ink >= 0:
        return max(read, ink)
    return read + ink if read > 0 else min(read, ink)


def fit_ink(ratios: Sequence[float], right: Sequence[bool], most: float = 9.0, least: float = -3.0) -> InkCurve:
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
