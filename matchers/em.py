"""Weights learned from a table itself, with nobody's help: expectation and maximisation over four kinds of pairs.

Two records are of the same person at the same home, of the same person who moved, of two members of one household,
or of strangers (Fellegi and Sunter 1969; Winkler 1988 for the learning). Members of a household agree in what they
share and else like strangers, so that shared evidence bounds itself; who moved disagrees in the whole home at once,
so that three fields of it do not count thrice.

How strangers compare is measured on random pairs and stays fixed; the rest is learned from the candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TURNS = 60
_PRIOR_PAIRS = 20.0
"""How many pairs the first guess weighs: a level seen less often keeps close to it."""
_FAR = 5.0
_OFTEN = 0.15
"""No level is rarer than the guess by more than this factor, since what a table never shows may still happen in it;
nor commoner, so that neighbours who share a street are not taken for one person by their number."""


@dataclass(frozen=True)
class EmField:
    """One field for the learner, categories numbered from 0.

    strangers: share of each category among strangers; first: the first guess for one person. Both sum to 1 within
    each group. household: the first guess for two
    members of one household, of what they do not share. home: whether it goes with the home.
    held: categories that keep to the first guess.
    """

    groups: NDArray[np.int64]
    strangers: Floats
    first: Floats
    household: Floats
    shared: bool
    home: bool
    held: NDArray[np.bool_]


@dataclass(frozen=True)
class Learned:
    """same, household: per field the share of each category among pairs of one person, of one household.

    rates: of all possible pairs, how many are of one person at home, of one who moved, of one household.
    """

    same: tuple[Floats, ...]
    household: tuple[Floats, ...]
    rates: tuple[float, float, float]


def learn(patterns: NDArray[np.int16], counts: Floats, all_pairs: float, fields: Sequence[EmField]) -> Learned:
    """What the candidates say. patterns: distinct rows, a category per field, -1 where it is not given;
    counts: how many pairs show the row; all_pairs: how many there are altogether, compared or not.
    """
    same = tuple(field.first for field in fields)
    guess = 0.5 * min(counts.sum(), np.sqrt(all_pairs)) / all_pairs
    rates = (0.8 * guess, 0.1 * guess, 0.1 * guess)
    learned = Learned(same, tuple(field.first if field.shared else field.household for field in fields), rates)
    for _ in range(TURNS):
        shares = posteriors(patterns, fields, learned)
        weighted = shares * counts[:, None]
        sums = weighted.sum(axis=0) / all_pairs
        person = weighted[:, 0] + weighted[:, 1]
        same = tuple(
            _again(patterns[:, place], weighted[:, 0] if field.home else person, field, field.first)
            for place, field in enumerate(fields)
        )
        household = tuple(
            same[place] if field.shared else _again(patterns[:, place], weighted[:, 2], field, field.household)
            for place, field in enumerate(fields)
        )
        before, learned = learned, Learned(same, household, (float(sums[0]), float(sums[1]), float(sums[2])))
        if np.allclose(before.rates, learned.rates, rtol=1e-4, atol=0):
            break
    return learned


def _again(categories: NDArray[np.int16], weights: Floats, field: EmField, guess: Floats) -> Floats:
    """The shares of the categories by these weights, with the first guess weighing as many pairs as it does."""
    given = categories >= 0
    seen = np.bincount(categories[given], weights[given], minlength=len(field.first))
    total = seen + _PRIOR_PAIRS * guess
    sums = np.bincount(field.groups, total)[field.groups]
    shares = np.clip(total / sums, guess / _FAR, np.maximum(guess * _FAR, _OFTEN))
    return np.asarray(np.where(field.held, guess, shares), np.float64)


def posteriors(patterns: NDArray[np.int16], fields: Sequence[EmField], learned: Learned) -> Floats:
    """Per pattern how likely it is each of: same person at home, moved, household; the rest are strangers."""
    logs = np.stack(
        [
            np.log(rate + 1e-30) + ratio
            for rate, ratio in zip(learned.rates, _ratios(patterns, fields, learned), strict=True)
        ],
        axis=1,
    )
    strangers = np.log1p(-min(sum(learned.rates), 0.5))
    most = np.maximum(logs.max(axis=1), strangers)
    shares = np.exp(logs - most[:, None])
    return np.asarray(shares / (shares.sum(axis=1) + np.exp(strangers - most))[:, None])


def _ratios(patterns: NDArray[np.int16], fields: Sequence[EmField], learned: Learned) -> tuple[Floats, Floats, Floats]:
    """Log likelihood of each pattern over that among strangers, for home, moved and household."""
    home, moved, household = (np.zeros(len(patterns)) for _ in range(3))
    for place, field in enumerate(fields):
        same, house = class_ratios(field, learned, place)
        categories = patterns[:, place]
        at = np.where(categories >= 0, categories, 0)
        given = categories >= 0
        home += np.where(given, same[at], 0.0)
        if not field.home:
            moved += np.where(given, same[at], 0.0)
        household += np.where(given, house[at], 0.0)
    return home, moved, household


def class_ratios(field: EmField, learned: Learned, place: int) -> tuple[Floats, Floats]:
    """Per category the log likelihood over that among strangers: for one person, and for one household."""
    strangers = np.log(field.strangers)
    return np.log(learned.same[place]) - strangers, np.log(learned.household[place]) - strangers
