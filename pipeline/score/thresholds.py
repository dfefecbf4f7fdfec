"""From which confidence on readings are accepted, so that few of the accepted ones are wrong. Pure.

A sort of field has too few readings to show one error in a thousand by itself. So one level of confidence is chosen for
all, above which the share of wrong ones keeps the target by its exact one-sided 95 % bound; that is fair to each sort,
and accepts the most, as far as the confidence is calibrated. Where a sort's own errors above that level say otherwise,
its threshold rises. The sort's own bounds are kept beside: they say how much data stands behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ocr.confidence.calibration import Threshold
from pipeline.score.bounds import at_least, at_most, upper_bound

LEVEL = 0.95
DOUBT = 0.1
"""A sort whose errors would be so unlikely, if it kept the target, is not believed to keep it."""


@dataclass(frozen=True)
class Outcome:
    """A reading that acceptance could take. confidence: foretold by a fit to other hands; 1.0 for ink that was taken
    for none, which is accepted whatever the threshold."""

    sort: str
    confidence: float
    right: bool


def choose(outcomes: Sequence[Outcome], target: float) -> dict[str, Threshold]:
    """The threshold of each sort for this share of wrong ones, and what stands behind it."""
    level = common_level(outcomes, target)
    sorts = sorted({one.sort for one in outcomes})
    return {sort: _of_sort([one for one in outcomes if one.sort == sort], target, level) for sort in sorts}


def common_level(outcomes: Sequence[Outcome], target: float) -> float | None:
    """The lowest confidence at and above which the readings keep the target by their bound; None for none."""
    kept = [confidence for confidence, total, wrong in _from_above(outcomes) if _keeps(wrong, total, target)]
    return kept[-1] if kept else None


def _keeps(wrong: int, total: int, target: float) -> bool:
    """Whether so few wrong ones would be unlikely, were the true share above the target: `upper_bound` is below it."""
    return wrong <= target * total and at_most(wrong, total, target) <= 1 - LEVEL


def _of_sort(outcomes: Sequence[Outcome], target: float, level: float | None) -> Threshold:
    """The lowest confidence from the common level up at which the sort's own errors do not speak against it."""
    if level is None:
        return Threshold(None, 0, 0, 1.0)
    # No threshold keeps out ink that was not seen: it speaks for the level of all, not for that of its sort.
    steps = [step for step in _from_above([one for one in outcomes if one.confidence < 1.0]) if step[0] >= level]
    for place in range(len(steps) - 1, -1, -1):
        confidence, total, wrong = steps[place]
        if at_least(wrong, total, target) >= DOUBT:
            # Where nothing speaks against it the threshold is the level itself, not the next reading above it.
            chosen = level if place == len(steps) - 1 else confidence
            return Threshold(round(chosen, 6), total, wrong, round(upper_bound(wrong, total), 5))
    return Threshold(None, 0, 0, 1.0) if steps else Threshold(round(level, 6), 0, 0, 1.0)


def _from_above(outcomes: Sequence[Outcome]) -> list[tuple[float, int, int]]:
    """For each confidence from the highest down: it, and how many readings and wrong ones have it or more."""
    steps, total, wrong = [], 0, 0
    ordered = sorted(outcomes, key=lambda one: one.confidence, reverse=True)
    for confidence, group in groupby(ordered, key=lambda one: one.confidence):
        for one in group:
            total, wrong = total + 1, wrong + (not one.right)
        steps.append((confidence, total, wrong))
    return steps
