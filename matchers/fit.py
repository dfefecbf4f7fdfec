"""Weights fitted to decisions: logistic regression over levels, held to the weights that were in use.

Each record chooses among its candidates and nobody, with the odds that `matchers.competition` gives; the fit makes the
choices that were right likeliest. The weights in use pull at each parameter like an observation of it, so that a few
hundred decisions move what they speak of and leave the rest. More agreement never weighs less: see `ordered`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from matchers.descent import minimise
from matchers.fields import PERSON, Schema
from matchers.observed import LN2, Floats, Labelled, Levels, Observed, list_levels, observe, totals
from matchers.weights import Weights

STEADY = 0.5
"""How strongly the weights in use pull, in nats a squared bit; those of levels nobody decided on stay as they are."""


@dataclass(frozen=True)
class Fitted:
    """New weights, and the mean loss a record in nats, before and after."""

    weights: Weights
    before: float
    after: float
    records: int


def fit(
    labelled: Sequence[Labelled],
    weights: Weights,
    version: str,
    origin: Mapping[str, Any],
    *,
    schema: Schema = PERSON,
    steady: float = STEADY,
) -> Fitted:
    """The weights fitted to records whose person is known. Comparisons with ink are taken without it."""
    levels = list_levels(schema)
    return fit_observed(observe(labelled, levels), levels, weights, version, origin, steady=steady)


def fit_observed(
    observed: Observed, levels: Levels, weights: Weights, version: str, origin: Mapping[str, Any], *, steady: float
) -> Fitted:
    """As `fit`, of pairs that are arrays already."""
    start = levels.vector(weights)
    pull = _pulls(levels, steady)

    def objective(vector: Floats) -> tuple[float, Floats]:
        value, slope = loss(observed, levels, vector)
        away = vector - start
        return value + 0.5 * float((pull * away**2).sum()), slope + pull * away

    found = ordered(_bounded(minimise(objective, start), levels), levels)
    count = max(observed.records, 1)
    behind = {**origin, "records": observed.records, "pairs": len(observed.right)}
    return Fitted(
        put(found, levels, weights, version, behind),
        loss(observed, levels, start)[0] / count,
        loss(observed, levels, found)[0] / count,
        observed.records,
    )


def loss(observed: Observed, levels: Levels, vector: Floats) -> tuple[float, Floats]:
    """Minus the log likelihood of the right choices, in nats, and its derivative."""
    total, by = totals(observed, levels, vector)
    score, nobody = LN2 * total, LN2 * vector[-1]
    most = np.full(observed.records, nobody)
    np.maximum.at(most, observed.record, score)
    power = np.exp(score - most[observed.record])
    none = np.exp(nobody - most)
    whole = none + np.bincount(observed.record, power, minlength=observed.records)
    share, share_none = power / whole[observed.record], none / whole
    found = np.bincount(observed.record, observed.right, minlength=observed.records) > 0
    value = -float((score - most[observed.record] - np.log(whole)[observed.record])[observed.right].sum())
    value -= float((nobody - most - np.log(whole))[~found].sum())
    slope = LN2 * ((share - observed.right) @ by)
    slope[-1] += LN2 * float((share_none - ~found).sum())
    return value, slope


def _pulls(levels: Levels, steady: float) -> Floats:
    """Shares (repeated for and against) move on a scale of a tenth, all else on one of bits; sex hardly moves: half of
    all people share it, and what it gained would be a part of every total.
    """
    own = [steady * (_HELD if field in _COARSE else 1.0) for field, _ in levels.names]
    return np.array([*own, steady, steady, 100 * steady, 100 * steady, steady])


_COARSE, _HELD = frozenset({"sex"}), 100.0


def _bounded(vector: Floats, levels: Levels) -> Floats:
    count = len(levels.names)
    bounded = vector.copy()
    bounded[count] = max(bounded[count], 0.0)
    bounded[count + 1] = min(bounded[count + 1], 0.0)
    bounded[count + 2 : count + 4] = np.clip(bounded[count + 2 : count + 4], 0.0, 1.0)
    return bounded


def ordered(vector: Floats, levels: Levels) -> Floats:
    """The nearest weights that fall with the agreement: levels out of order are given their mean.

    "swapped", "former", "nickname", "first_only" and "initial" are other ways to agree rather than less agreement, and
    only stay below "exact".
    """
    out = vector.copy()
    for field in levels.fields:
        chain = [n for n, (name, level) in enumerate(levels.names) if name == field and level not in _OTHER_WAYS]
        chain.sort(key=lambda n: levels.names[n][1] == "else")
        out[chain] = _falling(out[chain])
        aside = [n for n, (name, level) in enumerate(levels.names) if name == field and level in _OTHER_WAYS]
        out[aside] = np.clip(out[aside], out[chain[-1]], out[chain[0]])
    return out


_OTHER_WAYS = frozenset({"swapped", "former", "nickname", "first_only", "initial"})


def _falling(values: Floats) -> Floats:
    """Isotonic regression, falling, by pooling neighbours that violate the order."""
    pools: list[tuple[float, int]] = []
    for value in values:
        pools.append((float(value), 1))
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            (high, many), (low, few) = pools[-2], pools[-1]
            pools[-2:] = [((high * many + low * few) / (many + few), many + few)]
    return np.array([mean for mean, size in pools for _ in range(size)])


def put(vector: Floats, levels: Levels, old: Weights, version: str, origin: Mapping[str, Any]) -> Weights:
    count = len(levels.names)
    table: dict[str, dict[str, float]] = {name: dict(codes) for name, codes in old.table.items()}
    for (field, level), weight in zip(levels.names, vector[:count], strict=True):
        table[field][level] = round(float(weight), 4)
    cap, floor, agreeing, against, nobody = (round(float(value), 4) for value in vector[count:])
    return replace(
        old, version=version, table=table, household_cap=cap, household_floor=floor, repeated_for=agreeing,
        repeated_against=against, nobody=nobody, origin={"method": "logistic", "from": old.version, **origin},
    )  # fmt: skip
