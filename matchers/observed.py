"""Comparisons as arrays, for fitting: which level each field had, and what the weights make of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchers.comparisons import AS_COMPARED, level_codes
from matchers.fields import Schema
from matchers.records import Comparison
from matchers.weights import Weights

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
LN2 = math.log(2.0)


@dataclass(frozen=True)
class Labelled:
    """A record's candidates as they were compared, and which of them is its person: a place, None for nobody."""

    candidates: tuple[Comparison, ...]
    right: int | None


@dataclass(frozen=True)
class Levels:
    """The parameters in a row: each field's levels, one after the other."""

    names: tuple[tuple[str, str], ...]
    fields: tuple[str, ...]
    shared: NDArray[np.bool_]
    repeats: tuple[tuple[int, int], ...]

    def vector(self, weights: Weights) -> Floats:
        """The weights as a row, and after it cap, floor, repeated for and against, and nobody."""
        table = [weights.table[field][level] for field, level in self.names]
        rest = [weights.household_cap, weights.household_floor, weights.repeated_for, weights.repeated_against]
        return np.array([*table, *rest, weights.nobody])


def list_levels(schema: Schema) -> Levels:
    """The parameters of a schema."""
    codes = level_codes(schema)
    fields = tuple(field.name for field in schema.fields)
    return Levels(
        names=tuple((name, code) for name in fields for code in codes[name]),
        fields=fields,
        shared=np.array([field.shared for field in schema.fields]),
        repeats=tuple((fields.index(one.repeats), n) for n, one in enumerate(schema.fields) if one.repeats),
    )


@dataclass(frozen=True)
class Observed:
    """Pairs, one a row. level: the place of each field's level among the parameters, -1 where it is missing.

    record: which record the pair belongs to, numbered from 0; right: whether it is its person.
    """

    level: Places
    rarity: Floats
    confidence: Floats
    record: Places
    right: NDArray[np.bool_]
    records: int

    def part(self, of: NDArray[np.bool_]) -> Observed:
        """The pairs of the records that are chosen (a flag for each)."""
        kept = of[self.record]
        number = np.cumsum(of) - 1
        return Observed(
            self.level[kept],
            self.rarity[kept],
            self.confidence[kept],
            number[self.record[kept]],
            self.right[kept],
            int(of.sum()),
        )


def observe(labelled: Sequence[Labelled], levels: Levels) -> Observed:
    """The pairs of records and candidates as arrays."""
    place = {name: number for number, name in enumerate(levels.names)}
    column = {name: number for number, name in enumerate(levels.fields)}
    pairs = [
        (number, turn == one.right, comparison)
        for number, one in enumerate(labelled)
        for turn, comparison in enumerate(one.candidates)
    ]
    level = np.full((len(pairs), len(column)), -1, np.int64)
    rarity, confidence = np.zeros(level.shape), np.ones(level.shape)
    for row, (_, _, comparison) in enumerate(pairs):
        for evidence in comparison.evidence:
            if evidence.level == "missing" or evidence.field not in column:
                continue
            at = column[evidence.field]
            level[row, at] = place[evidence.field, AS_COMPARED.get(evidence.level, evidence.level)]
            rarity[row, at] = evidence.rarity
            confidence[row, at] = 1.0 if evidence.confidence is None else evidence.confidence
    return Observed(
        level,
        rarity,
        confidence,
        np.array([number for number, _, _ in pairs], np.int64),
        np.array([right for _, right, _ in pairs], bool),
        len(labelled),
    )


def totals(observed: Observed, levels: Levels, vector: Floats) -> tuple[Floats, Floats]:
    """The total of each pair as `compare` sums it, log2, (n,); its derivative by each parameter, (n, parameters)."""
    count = len(levels.names)
    cap, floor, agreeing, against, _ = vector[count:]
    given = observed.level >= 0
    full = np.where(given, vector[np.maximum(observed.level, 0)] + observed.rarity, 0.0)
    power = observed.confidence * np.exp2(full)
    weight = np.where(given, np.log2(power + 1.0 - observed.confidence), 0.0)
    slope = np.where(given, power / (power + 1.0 - observed.confidence), 0.0)
    by = np.zeros((len(weight), len(vector)))
    shares = [(second, *_repeat(weight, slope, first, second, agreeing, against)) for first, second in levels.repeats]
    shared = weight[:, levels.shared].sum(axis=1)
    inside = (shared > floor) & (shared < cap)
    slope[:, levels.shared] *= inside[:, None]
    for second, by_agreeing, by_against in shares:
        counts = inside if levels.shared[second] else np.ones(len(weight), bool)
        by[:, count + 2] += by_agreeing * counts
        by[:, count + 3] += by_against * counts
    total = weight[:, ~levels.shared].sum(axis=1) + np.clip(shared, floor, cap)
    by[:, count] = shared >= cap
    by[:, count + 1] = shared <= floor
    rows = np.arange(len(weight))
    for field in range(weight.shape[1]):
        at = given[:, field]
        by[rows[at], observed.level[at, field]] += slope[at, field]
    return total, by


def _repeat(
    weight: Floats, slope: Floats, first: int, second: int, agreeing: float, against: float
) -> tuple[Floats, Floats]:
    """Changes the weight of a field that repeats another to what it adds, as `compare.repeated` does.

    The derivatives by the shares for agreeing and against come back.
    """
    one, other = weight[:, first].copy(), weight[:, second].copy()
    both, torn = (one > 0) & (other > 0), (one > 0) & (other <= 0)
    low, heavier = np.minimum(one, other), one >= other
    weight[both, second] = (np.maximum(one, other) + agreeing * low - one)[both]
    weight[torn, second] = against * other[torn]
    slope[both & heavier, second] *= agreeing
    slope[both & ~heavier, first] *= agreeing
    slope[torn, second] *= against
    return np.where(both, low, 0.0), np.where(torn, other, 0.0)
