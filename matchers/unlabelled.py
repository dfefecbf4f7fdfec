"""Weights that nobody decided for: expectation and maximisation over records and their candidates.

u, how often a level is met among strangers, is measured on random pairs. m, how often among records of one person, is
what the candidates say, each counted by how likely it is the one meant (`matchers.competition`), again and again until
it stays. Fields that repeat others and what a household shares count in that likelihood as they do in a comparison, so
that dependent agreement is not taken for more people than there are (Fellegi and Sunter 1969; Winkler 1988).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matchers.fit import ordered, put
from matchers.observed import LN2, Floats, Levels, Observed, totals
from matchers.weights import Weights

TURNS, STILL = 50, 1e-3
BELIEVED = 30.0
"""How many pairs the weights in use stand for at each field."""
_MOST_BITS = 14.0


def learn(
    observed: Observed, strangers: Observed, levels: Levels, weights: Weights, version: str, people: int
) -> Weights:
    """The weights that records and candidates show. observed: every candidate of some records, labels not looked at;
    strangers: random pairs; people: how many there are to choose among.
    """
    u = _shares(strangers, levels, np.ones(len(strangers.right)), _guess(levels, weights, 0.0))
    vector = levels.vector(weights)
    vector[-1] = np.log2(people)
    for _ in range(TURNS):
        meant = choose(observed, levels, vector)
        m = _shares(observed, levels, meant, u * np.exp2(np.clip(levels.vector(weights)[: len(u)], -8, 8)))
        found = vector.copy()
        found[: len(u)] = np.clip(np.log2(m / u), -_MOST_BITS, _MOST_BITS)
        found = ordered(found, levels)
        moved = float(np.abs(found - vector).max())
        vector = found
        if moved < STILL:
            break
    origin = {"pairs": len(observed.right), "records": observed.records, "random_pairs": len(strangers.right)}
    return replace(
        put(vector, levels, weights, version, origin), origin={"method": "em", "from": weights.version, **origin}
    )


def choose(observed: Observed, levels: Levels, vector: Floats) -> Floats:
    """For each pair the probability that its candidate is the one meant."""
    total, _ = totals(observed, levels, vector)
    score = LN2 * (total - vector[-1])
    most = np.zeros(observed.records)
    np.maximum.at(most, observed.record, score)
    power = np.exp(score - most[observed.record])
    whole = np.exp(-most) + np.bincount(observed.record, power, minlength=observed.records)
    return np.asarray(power / whole[observed.record])


def _guess(levels: Levels, weights: Weights, share: float) -> Floats:
    """Shares of levels before anything is seen: even."""
    sizes = np.array([sum(field == name for name, _ in levels.names) for field, _ in levels.names])
    return 1.0 / sizes + share


def _shares(observed: Observed, levels: Levels, counts: Floats, guess: Floats) -> Floats:
    """How often each level is met among those where its field is given, the guess counting BELIEVED pairs."""
    seen = np.zeros(len(levels.names))
    for column in range(observed.level.shape[1]):
        given = observed.level[:, column] >= 0
        sure = observed.confidence[given, column]
        np.add.at(seen, observed.level[given, column], counts[given] * sure)
    out = np.empty_like(seen)
    for name in levels.fields:
        own = np.array([field == name for field, _ in levels.names])
        first = guess[own] / guess[own].sum()
        out[own] = (seen[own] + BELIEVED * first) / (seen[own].sum() + BELIEVED)
    return out
