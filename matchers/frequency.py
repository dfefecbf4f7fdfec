"""How common values are: two who share 勅使河原 are sooner one person than two who share 佐藤."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_FEWEST = 0.5


@dataclass(frozen=True)
class ValueShares:
    """The shares of a field's values among all people.

    counts: how often each was seen, of `total` in all. agreement: the chance that two different people share the
    value (the sum of the squared shares), which is what the weight of an agreement stands for.
    most: the bound of the adjustment, log2.
    """

    counts: Mapping[str, int]
    total: int
    agreement: float
    most: float = 4.0

    def bits(self, value: str) -> float:
        """What agreeing on this value adds to the weight of agreeing: log2(agreement / share), within `most`.

        A value never seen counts as half a person's. 0 where nothing was counted.
        """
        if not self.total:
            return 0.0
        share = max(self.counts.get(value, 0), _FEWEST) / self.total
        return min(max(math.log2(self.agreement / share), -self.most), self.most)


Frequencies = Mapping[str, ValueShares]
"""Per field, by the values that are compared (`NormalisedPerson.name.family` and so on)."""


def value_shares(counts: Mapping[str, int], most: float = 4.0) -> ValueShares:
    """The shares from counts of each value; the caller counts its roster or its table."""
    total = sum(counts.values())
    agreement = sum((count / total) ** 2 for count in counts.values()) if total else 0.0
    return ValueShares(counts, total, agreement, most)


def count_values(values: Iterable[str]) -> dict[str, int]:
    """How often each value occurs; "" is not counted."""
    found: dict[str, int] = {}
    for value in values:
        if value:
            found[value] = found.get(value, 0) + 1
    return found
