"""Where a score is sure enough: thresholds for a target precision, with the bound that stands behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

SURE = 0.95


@dataclass(frozen=True)
class Threshold:
    """A score at and above which links are taken; what that gave on the data it was chosen on.

    taken, wrong: links at or above it. truths: all true links there were. bound: the precision that is not undercut
    with a confidence of 95 %, a one-sided exact bound.
    """

    score: float
    taken: int
    wrong: int
    truths: int

    @property
    def precision(self) -> float:
        """The share of the links taken that are right; 1.0 where none is taken."""
        return 1.0 - self.wrong / self.taken if self.taken else 1.0

    @property
    def recall(self) -> float:
        """The share of the true links that are taken."""
        return (self.taken - self.wrong) / self.truths if self.truths else 0.0

    @property
    def bound(self) -> float:
        """The precision at least, with a confidence of 95 %."""
        return 1.0 - most_wrong(self.wrong, self.taken)


def choose_threshold(scored: Sequence[tuple[float, bool]], truths: int, target: float = 0.999) -> Threshold:
    """The lowest threshold whose precision keeps the target by its bound; above all scores if none does.

    scored: the score of the best candidate of each record, and whether it is right. Equal scores go together.
    """
    ranked = sorted(scored, reverse=True)
    none = Threshold(math.inf, 0, 0, truths)
    best = latest = none
    wrong = 0
    for taken, (score, right) in enumerate(ranked, start=1):
        if not right:  # of so many wrong ones, the most taken has the best bound
            best, wrong = _kept(latest, best, target), wrong + 1
        if taken == len(ranked) or ranked[taken][0] < score:
            latest = Threshold(score, taken, wrong, truths)
        if wrong > (1.0 - target) * len(ranked):
            break
    return _kept(latest, best, target)


def _kept(found: Threshold, best: Threshold, target: float) -> Threshold:
    return found if found.taken > best.taken and found.bound >= target else best


def judge_threshold(scored: Sequence[tuple[float, bool]], truths: int, score: float) -> Threshold:
    """What a threshold chosen elsewhere gives here."""
    taken = [right for own, right in scored if own >= score]
    return Threshold(score, len(taken), taken.count(False), truths)


def most_wrong(wrong: int, taken: int) -> float:
    """The largest share of wrong ones under which so few are met in one case of twenty (Clopper and Pearson)."""
    if wrong >= taken:
        return 1.0
    low, high = wrong / taken, 1.0
    for _ in range(60):
        share = (low + high) / 2
        low, high = (share, high) if _at_most(wrong, taken, share) > 1.0 - SURE else (low, share)
    return high


def _at_most(wrong: int, taken: int, share: float) -> float:
    """How probable it is to meet at most so many."""
    logs = (
        math.lgamma(taken + 1) - math.lgamma(k + 1) - math.lgamma(taken - k + 1)
        + k * math.log(share) + (taken - k) * math.log1p(-share)
        for k in range(wrong + 1)
    )  # fmt: skip
    return sum(math.exp(value) for value in logs)
