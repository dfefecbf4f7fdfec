"""From which confidence on readings are accepted, so that few of the accepted ones are wrong. Pure.

Each sort has a threshold of its own, and all of them together keep the target, by the exact one-sided 95 % bound of
what was wrong: one sort has too few readings to show one error in a thousand by itself. A wrong reading has one price
in accepted readings, the same for all sorts; each sort takes what is worth it, and the price is the lowest that keeps
the target. How many wrong ones a sort would let through is told by the confidence of its readings, which was fitted to
all, and by what was wrong among its own. The sort's own bounds are kept beside: they say how much data is behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ocr.confidence.calibration import Threshold
from pipeline.score.bounds import at_most, upper_bound

LEVEL = 0.95
TOLD = 0.8
"""How much of the wrong ones to be expected is what the confidences tell; the rest is what was seen of the sort. Chosen
on sheets for tuning, one half of the writers for the thresholds and the other half to try them."""
LEEWAY = 0.8  # of the target: so many wrong ones are to be expected at most
_DEAREST, _STEP = 20_000.0, 0.95  # prices that are tried, from the dearest down
_CHEAPEST = 2.0


@dataclass(frozen=True)
class Outcome:
    """A reading that acceptance could take. confidence: foretold by a fit to other hands; 1.0 for ink that was taken
    for none, which is accepted whatever the threshold."""

    sort: str
    confidence: float
    right: bool


@dataclass(frozen=True)
class _Step:
    """What a threshold lets through: readings, wrong ones among them, and how many would be expected."""

    confidence: float
    accepted: int = 0
    wrong: int = 0
    expected: float = 0.0


_Choice = dict[str, _Step | None]


def choose(outcomes: Sequence[Outcome], target: float) -> dict[str, Threshold]:
    """The threshold of each sort for this share of wrong ones, and what stands behind it."""
    sorts = {sort: _steps([one for one in outcomes if one.sort == sort]) for sort in sorted({o.sort for o in outcomes})}
    best: _Choice = dict.fromkeys(sorts)
    price = _DEAREST
    while price > _CHEAPEST:
        choice = {sort: _worth(steps, price) for sort, steps in sorts.items()}
        if _keeps(choice, target) and _accepted(choice) > _accepted(best):
            best = choice
        price *= _STEP
    return {sort: _threshold(step) for sort, step in best.items()}


def _steps(outcomes: Sequence[Outcome]) -> list[_Step]:
    """What each confidence lets through as a threshold, from the highest down."""
    steps, step = [], _Step(1.0)
    ordered = sorted(outcomes, key=lambda one: one.confidence, reverse=True)
    for confidence, group in groupby(ordered, key=lambda one: one.confidence):
        for one in group:
            more = TOLD * (1 - one.confidence) + (1 - TOLD) * (not one.right)
            step = _Step(confidence, step.accepted + 1, step.wrong + (not one.right), step.expected + more)
        steps.append(step)
    return steps


def _worth(steps: Sequence[_Step], price: float) -> _Step | None:
    """The step that gives most when each wrong reading costs so many accepted ones; None where none gives any."""
    best = max(steps, key=lambda step: step.accepted - price * step.expected)
    return best if best.accepted > price * best.expected else None


def _accepted(choice: _Choice) -> int:
    return sum(step.accepted for step in choice.values() if step)


def _keeps(choice: _Choice, target: float) -> bool:
    """Whether all sorts together keep the target: by the bound of what was wrong, and by what is to be expected."""
    taken = [step for step in choice.values() if step]
    total, wrong = sum(step.accepted for step in taken), sum(step.wrong for step in taken)
    if wrong > target * total or sum(step.expected for step in taken) > LEEWAY * target * total:
        return False
    return at_most(wrong, total, target) <= 1 - LEVEL


def _threshold(step: _Step | None) -> Threshold:
    if step is None:
        return Threshold(None, 0, 0, 1.0)
    return Threshold(
        round(step.confidence, 6), step.accepted, step.wrong, round(upper_bound(step.wrong, step.accepted), 5)
    )
