"""One number a candidate: how likely it is the person meant, given everybody else who might be.

A record means one person or nobody of those it met, so candidates compete: each one's share of the whole. A twin as
likely as the best leaves each one half. Among records of other tables a rival may be the same person once more; whoever
knows that says so, and it does not compete.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

_MOST = 300.0


def share_out(totals: Sequence[float], nobody: float, same: Callable[[int, int], bool] | None = None) -> list[float]:
    """For each candidate the probability (0-1) that it is meant.

    totals: of the comparisons, log2. nobody: see `Weights.nobody`. same: whether two candidates, by their places,
    are one person; None where all are different people.
    """
    return [_share(place, totals, nobody, same) for place in range(len(totals))]


def _share(place: int, totals: Sequence[float], nobody: float, same: Callable[[int, int], bool] | None) -> float:
    own = totals[place]
    rest = math.exp2(min(nobody - own, _MOST))
    for other, total in enumerate(totals):
        if other != place and not (same and same(place, other)):
            rest += math.exp2(min(total - own, _MOST))
    return 1.0 / (1.0 + rest)


def log_odds(totals: Sequence[float], nobody: float) -> list[float]:
    """The same as log2 odds, which tell apart what rounds to one: a candidate's total beyond all else together."""
    if not totals:
        return []
    best = max(range(len(totals)), key=lambda place: totals[place])
    most = max(totals[best], nobody)
    powers = [math.exp2(total - most) for total in totals]
    whole = sum(powers) + math.exp2(nobody - most)
    rest = [whole - power for power in powers]
    rest[best] = sum(powers[:best]) + sum(powers[best + 1 :]) + math.exp2(nobody - most)
    return [total - most - math.log2(other) if other else _MOST for total, other in zip(totals, rest, strict=True)]
