"""Pairs in the light of third records: who has two partners that cannot be one person has one too many.

For three records there are five ways to be persons (all apart, one pair, all one). The odds that two of them are one
follow from the scores of the three pairs: a third that matches both supports them, one that matches the first and
surely not the second competes. So twins compete for one record, and a bad copy is held by a good one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchers.em import Floats
from matchers.tables.blocks import Pairs, ranges

PARTNERS = 6
"""Of a record's partners the best so many are held against each other."""
Score = Callable[[Pairs], Floats]


@dataclass(frozen=True)
class Weighed:
    """Pairs with their own score and the score in the light of third records, log2 odds both."""

    pairs: Pairs
    alone: Floats
    scores: Floats


def weigh_together(pairs: Pairs, scores: Floats, size: int, least: float, score: Score) -> Weighed:
    """The pairs that score at least `least` alone or together. score: for pairs that were no candidates."""
    near = scores >= least
    pairs, scores = pairs[near], scores[near]
    first, second, third = _corners(pairs, scores, size)
    numbers = pairs[:, 0] * size + pairs[:, 1]
    opposite = np.minimum(second, third) * size + np.maximum(second, third)
    new = np.setdiff1d(opposite, numbers)
    new_pairs = np.stack(np.divmod(new, size), axis=1)
    numbers, alone = np.concatenate([numbers, new]), np.concatenate([scores, score(new_pairs)])
    order = np.argsort(numbers)
    numbers, alone = numbers[order], alone[order]
    sides = [_number(numbers, a, b, size) for a, b in ((first, second), (first, third), (second, third))]
    together = _adjusted(alone, sides)
    keep = (together >= least) | (alone >= least)
    return Weighed(np.stack(np.divmod(numbers[keep], size), axis=1), alone[keep], together[keep])


def _number(
    numbers: NDArray[np.int64], left: NDArray[np.int64], right: NDArray[np.int64], size: int
) -> NDArray[np.int64]:
    return np.asarray(np.searchsorted(numbers, np.minimum(left, right) * size + np.maximum(left, right)), np.int64)


def _corners(pairs: Pairs, scores: Floats, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Every record with each two of its best partners."""
    centre = np.concatenate([pairs[:, 0], pairs[:, 1]])
    partner = np.concatenate([pairs[:, 1], pairs[:, 0]])
    order = np.lexsort((partner, -np.concatenate([scores, scores]), centre))
    centre, partner = centre[order], partner[order]
    starts = np.searchsorted(centre, np.arange(size))
    rank = np.arange(len(centre)) - starts[centre] if len(centre) else np.empty(0, np.int64)
    centre, partner = centre[rank < PARTNERS], partner[rank < PARTNERS]
    ends = np.searchsorted(centre, centre, side="right")
    following = ends - np.arange(len(centre)) - 1
    second = np.repeat(np.arange(len(centre)), following)
    third = ranges(np.arange(len(centre)) + 1, following)
    return centre[second], partner[second], partner[third]


def _adjusted(alone: Floats, sides: list[NDArray[np.int64]]) -> Floats:
    """Each side of each triangle by the other two; of several triangles the worst rival and the best support count.

    Rivals come first: a third that has a better partner of its own supports nobody else.
    """
    rivalled: Floats = alone + np.minimum(_changes(alone, sides, np.minimum), 0)
    return np.asarray(rivalled + np.maximum(_changes(rivalled, sides, np.maximum), 0), np.float64)


def _changes(scores: Floats, sides: list[NDArray[np.int64]], worst_or_best: np.ufunc) -> Floats:
    """Per pair the change that a triangle brings: five ways of three records to be persons, see above."""
    found = np.zeros(len(scores))
    for place in range(3):
        own, other, last = (sides[(place + turn) % 3] for turn in range(3))
        both = _log2_sum(0.0, scores[other] + scores[last])
        worst_or_best.at(found, own, both - _log2_sum(_log2_sum(0.0, scores[other]), scores[last]))
    return found


def _log2_sum(left: Floats | float, right: Floats) -> Floats:
    return np.asarray(np.logaddexp2(left, right))
