"""What a table says of itself: how strangers compare in each field, and how common each value is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from matchers.em import EmField, Floats
from matchers.fields import FieldType
from matchers.tables.blocks import Pairs
from matchers.tables.columns import Column, Records
from matchers.tables.comparing import MISSING, Levels, TableField
from matchers.weights import starting_odds

SAMPLE = 60_000
WITHIN = 15_000
_FEWEST = 0.5
_STATES = 3
"""Whether the field that this one follows is not given, agrees or differs: 0, 1, 2."""
_TWIN_DATES = 0.01
"""Of pairs within a household, those with one birth date: about one birth in a hundred is of twins."""
_GIVEN = {FieldType.GIVEN_NAME, FieldType.GIVEN_KANA}
_HOME = {FieldType.ADDRESS, FieldType.BUILDING, FieldType.POSTAL_CODE}
_SHARED = {*_HOME, FieldType.FAMILY_NAME, FieldType.FAMILY_KANA, FieldType.PHONE, FieldType.EMAIL, FieldType.ACCOUNT}


def possible_pairs(records: Records) -> float:
    """How many pairs there are, compared or not."""
    if records.right_from is None:
        return records.size * (records.size - 1) / 2
    return float(records.right_from * (records.size - records.right_from))


def random_pairs(records: Records, rng: np.random.Generator) -> Pairs:
    """Pairs drawn at random, a record never with itself; of a small table no more than there are."""
    split, size = records.right_from, int(min(SAMPLE, possible_pairs(records)))
    left = rng.integers(0, split or records.size, size)
    right = rng.integers(split or 0, records.size, size)
    return _ordered(left, right)


def pairs_within(column: Column, records: Records, rng: np.random.Generator) -> Pairs:
    """Random pairs that share the column's value, as often as chance brings them together."""
    order = np.argsort(column.codes, kind="stable")
    counts = column.counts.copy()
    starts = np.r_[0, np.cumsum(counts)[:-1]]
    counts[0] = 0
    chances = counts * (counts - 1.0)
    if not chances.sum():
        return np.empty((0, 2), np.int64)
    drawn = rng.choice(len(counts), min(WITHIN, 10 * records.size), p=chances / chances.sum())
    left, right = (order[starts[drawn] + rng.integers(0, counts[drawn])] for _ in range(2))
    pairs = _ordered(left, right)
    split = records.right_from
    return pairs if split is None else pairs[(pairs[:, 0] < split) & (pairs[:, 1] >= split)]


def _ordered(left: NDArray[np.int64], right: NDArray[np.int64]) -> Pairs:
    both = np.stack([np.minimum(left, right), np.maximum(left, right)], axis=1)
    return np.asarray(both[left != right], np.int64)


def categories(fields: Sequence[TableField], levels: Levels) -> Levels:
    """The levels as the learner takes them: a field that follows another has its levels three times, by how that
    one compares; MISSING stays.
    """
    found = levels.copy()
    for place, field in enumerate(fields):
        if field.parent is not None:
            parent = levels[:, field.parent]
            state = np.where(parent == MISSING, 0, np.where(parent == fields[field.parent].number("exact"), 1, 2))
            found[:, place] = np.where(
                levels[:, place] == MISSING, MISSING, state * len(field.codes) + levels[:, place]
            )
    return found


def describe(
    field: TableField,
    place: int,
    strangers: tuple[Levels, Floats],
    within: tuple[Levels, Floats] | None,
    agreement: float,
) -> EmField:
    """The field for the learner. strangers, within: categories of random pairs, and of those that share the parent's
    value, each with how sure it is that they are strangers; agreement: the chance of strangers to share a value.
    """
    kind, size = field.column.type, len(field.codes)
    odds = starting_odds(kind)
    one, chance = (np.array([odds[code][side] for code in field.codes]) for side in (0, 1))
    states = range(_STATES if field.parent is not None else 1)
    seen = _count(strangers, place, size * len(states))
    among = [_shares(field, seen[state * size : (state + 1) * size], chance, agreement) for state in states]
    if within is not None:
        agreeing = _count(within, place, size * len(states))[size : 2 * size]
        among[1] = _smooth(agreeing, chance)
    shares = np.concatenate(among)
    first = np.concatenate([_smooth(np.zeros(size), _first_guess(field, one, state)) for state in states])
    household = np.concatenate([_among_relatives(kind, field, part, chance) for part in among])
    held = np.tile(np.array([code == "swapped" for code in field.codes]), len(states))
    return EmField(np.repeat(states, size), shares, first, household, kind in _SHARED, kind in _HOME, held)


def _among_relatives(kind: FieldType, field: TableField, shares: Floats, chance: Floats) -> Floats:
    """How two members of a household compare in what is each one's own: like strangers, but for twins, for names that
    resemble each other, and for the few called as their parents are.
    """
    if kind in _GIVEN:
        shares = np.maximum(shares, chance)
    if kind is FieldType.DATE:
        shares = shares.copy()
        shares[field.number("exact")] = max(shares[field.number("exact")], _TWIN_DATES)
    return np.asarray(shares / shares.sum())


def _shares(field: TableField, seen: Floats, chance: Floats, agreement: float) -> Floats:
    """How strangers compare: agreement as counted over the whole table, the rest as in the random pairs."""
    exact, swapped = field.number("exact"), field.number("swapped")
    shares = _smooth(seen, chance)
    rest = np.delete(np.arange(len(shares)), exact)
    shares[exact] = agreement
    shares[rest] *= (1 - agreement) / shares[rest].sum()
    if swapped != MISSING:
        # Whoever is written the other way round is seen to be, so it agrees as much as any agreement does.
        shares[swapped] = starting_odds(field.column.type)["swapped"][0] * agreement
    return shares


def _smooth(seen: Floats, guess: Floats) -> Floats:
    """Shares of what was seen, with the guess standing in for what is too rare to be."""
    total = seen + _FEWEST * guess / guess.sum()
    return np.asarray(total / total.sum())


def _first_guess(field: TableField, one: Floats, state: int) -> Floats:
    """How two records of one person compare: by hand; a field agrees oftener after the one that it follows agrees."""
    factor = np.ones(len(one))
    factor[field.number("exact")] = {0: 1.0, 1: 3.0, 2: 0.3}[state]
    return one * factor


def _count(sample: tuple[Levels, Floats], place: int, size: int) -> Floats:
    found, weights = sample[0][:, place], sample[1]
    given = found != MISSING
    return np.asarray(np.bincount(found[given], weights[given], minlength=size), np.float64)


def value_chances(column: Column, records: Records, same: NDArray[np.float64]) -> tuple[Floats, float]:
    """Per value the chance that a stranger of somebody who has it has it too; and that chance over all values.

    same: per value the expected pairs of one person that agree on it, which are no strangers.
    """
    size, split = len(column.values), records.right_from
    sides = (column.codes, column.codes) if split is None else (column.codes[:split], column.codes[split:])
    left, right = (np.bincount(codes, minlength=size).astype(float) for codes in sides)
    left[0] = right[0] = 0
    meets = left * (right - 1) / 2 if split is None else left * right
    strangers = np.maximum(meets - same, 0)
    others = max((left.sum() + right.sum()) / 2, 1.0)
    possible = max(left.sum() * right.sum() / (2 if split is None else 1), 1.0)
    holders = left / 2 if split is None else (left + right) / 2
    chances = (strangers / np.maximum(holders, 0.5) + _FEWEST) / others
    return np.minimum(chances, 1.0), float((strangers.sum() + _FEWEST) / possible)
