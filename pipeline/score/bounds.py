"""How sure a count is: bounds of a share, quantiles, ratios. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence


def clopper_pearson(hits: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """The exact two-sided bounds of a share: with less than (1 - level) / 2 chance the truth lies below, and as
    little above. (0, 1) without trials. C. J. Clopper and E. S. Pearson, Biometrika 26 (1934).
    """
    if not 0 <= hits <= trials:
        raise ValueError("hits must be between nought and the number of trials")
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else _solve(lambda share: at_least(hits, trials, share) - tail)
    high = 1.0 if hits == trials else _solve(lambda share: tail - at_most(hits, trials, share))
    return low, high


def upper_bound(hits: int, trials: int, level: float = 0.95) -> float:
    """The exact one-sided bound: with this level the true share is not above it; 1.0 without trials.

    For no hit in n trials it is about 3 / n.
    """
    if not 0 <= hits <= trials:
        raise ValueError("hits must be between nought and the number of trials")
    return 1.0 if hits == trials else _solve(lambda share: 1 - level - at_most(hits, trials, share))


def at_most(hits: int, trials: int, share: float) -> float:
    """The chance of at most so many hits when each trial hits with this share."""
    if share <= 0:
        return 1.0
    if share >= 1:
        return 1.0 if hits >= trials else 0.0
    return min(1.0, math.fsum(_exactly(k, trials, share) for k in range(hits + 1)))


def at_least(hits: int, trials: int, share: float) -> float:
    """The chance of at least so many hits."""
    return 1.0 - at_most(hits - 1, trials, share) if hits > 0 else 1.0


def _exactly(hits: int, trials: int, share: float) -> float:
    ways = math.lgamma(trials + 1) - math.lgamma(hits + 1) - math.lgamma(trials - hits + 1)
    return math.exp(ways + hits * math.log(share) + (trials - hits) * math.log1p(-share))


def _solve(rising: Callable[[float], float]) -> float:
    """Where a rising function of the share crosses nought, by halving; to a billionth."""
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return high


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed (0 < share <= 1)."""
    if not values:
        raise ValueError("no values")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def ratio(part: float, whole: float) -> float | None:
    """part / whole to four places; None where there is nothing to divide by."""
    return round(part / whole, 4) if whole else None
