"""Which pairs of records are compared: those that share a feature, or two of different columns.

Rules run from the narrowest to the widest. Of each, blocks are taken from the smallest up as long as the rule keeps
to its share of what may be compared; larger ones are passed over and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from matchers.tables.columns import Records
from matchers.tables.features import Feature, Hashes, features_of

Pairs = NDArray[np.int64]
"""Two columns of record numbers, the first the smaller."""
PAIRS_A_RECORD = 30
LEAST_BUDGET = 400_000
LARGEST_BUDGET = 12_000_000
MAX_RULES = 72
KEPT_A_RECORD = 12
LEAST_KEPT = 200_000
SLACK_BITS = 4.0
_CHUNK = 400_000
"""Pairs looked at together: a bound on memory, of no effect on what is found."""
_FEW_COLUMNS = 3
"""With no more than these, sounding alike or beginning alike is enough to meet."""
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Rule:
    """What two records must share: the features' columns, and its hashes (a row per record, 0 for none)."""

    columns: tuple[str, ...]
    hashes: Hashes


@dataclass(frozen=True)
class Blocked:
    """What one rule brought: pairs before others' are joined, blocks passed over, share of its entries in them."""

    rule: str
    pairs: int
    largest: int
    capped: int
    capped_share: float


@dataclass(frozen=True)
class Candidates:
    """The pairs to compare, each once, and what each rule brought."""

    pairs: Pairs
    rules: tuple[Blocked, ...]


def find_candidates(records: Records, *, on_rule: Callable[[int, int], None] = lambda done, of: None) -> Candidates:
    """The pairs of records that share enough to be compared, within a budget that grows with the records."""
    budget = min(max(PAIRS_A_RECORD * records.size, LEAST_BUDGET), LARGEST_BUDGET)
    features = [feature for column in records.columns for feature in features_of(column)]
    kinds = [_kinds(feature) for feature in features]
    plans = _plans(features, kinds)
    found = np.empty(0, np.int64)
    fresh: list[NDArray[np.int64]] = []
    said: list[Blocked] = []
    for number, plan in enumerate(plans):
        share = max(budget // 8, 2 * (budget - found.size) // (len(plans) - number))
        pairs, blocked = _pairs_of(_rule(plan), records, min(share, 2 * budget - found.size))
        fresh.append(pairs)
        if sum(map(len, fresh)) > budget // 8 or number + 1 == len(plans):
            found, fresh = np.unique(np.concatenate([found, *fresh])), []
        said.append(blocked)
        on_rule(number + 1, len(plans))
    pairs = np.stack(np.divmod(found, records.size), axis=1)
    return Candidates(pairs[_promising(features, kinds, pairs, records)], tuple(said))


def _promising(
    features: Sequence[Feature], kinds: Sequence[float], pairs: Pairs, records: Records
) -> NDArray[np.bool_]:
    """Which pairs share enough to be anybody: as many bits, about, as it takes to tell the records apart.

    Per column the rarest feature that is shared counts, by how rarely strangers share it.
    """
    bits: dict[str, NDArray[np.float32]] = {}
    for feature, kind in zip(features, kinds, strict=True):
        shared = _share(feature.hashes, pairs) * np.float32(np.log2(max(kind, 1.0)))
        bits[feature.column] = np.maximum(bits.get(feature.column, np.float32(0)), shared)
    total = np.sum(list(bits.values()), axis=0)
    least = float(np.log2(max(records.size, 2))) - SLACK_BITS
    kept = max(KEPT_A_RECORD * records.size, LEAST_KEPT)
    if kept < len(pairs):
        least = max(least, float(np.partition(total, len(pairs) - kept)[len(pairs) - kept]))
    return np.asarray(total >= least, np.bool_)


def _share(hashes: Hashes, pairs: Pairs) -> NDArray[np.float32]:
    """1 where the two records share a hash, else 0."""
    found = [_share_chunk(hashes, pairs[start : start + _CHUNK]) for start in range(0, len(pairs), _CHUNK)]
    return np.concatenate(found) if found else np.empty(0, np.float32)


def _share_chunk(hashes: Hashes, pairs: Pairs) -> NDArray[np.float32]:
    left, right = hashes[pairs[:, 0]], hashes[pairs[:, 1]]
    shared = np.zeros(len(pairs), np.bool_)
    for slot in range(hashes.shape[1]):
        shared |= ((left[:, slot, None] == right) & (right != 0)).any(axis=1)
    return shared.astype(np.float32)


def _plans(features: Sequence[Feature], kinds: Sequence[float]) -> list[tuple[Feature, ...]]:
    """One feature alone, or two of different columns; the more different values, the earlier."""
    by_id = {id(one): kind for one, kind in zip(features, kinds, strict=True)}
    few = len({one.column for one in features}) <= _FEW_COLUMNS
    alone: list[tuple[Feature, ...]] = [(one,) for one in features if one.whole or few]
    loose = [one for one in features if not one.whole]
    both: list[tuple[Feature, ...]] = [(a, b) for a, b in combinations(loose, 2) if a.column != b.column]
    ranked = sorted(alone + both, key=lambda plan: -sum(float(np.log2(by_id[id(one)] + 1)) for one in plan))
    return ranked[:MAX_RULES]


def _kinds(feature: Feature) -> float:
    """How many equally common values would make as many meet by chance."""
    entries = feature.hashes[feature.hashes > 0]
    if not entries.size:
        return 0.0
    _, counts = np.unique(entries, return_counts=True)
    return float(entries.size**2 / np.square(counts.astype(float)).sum())


def _rule(plan: tuple[Feature, ...]) -> Rule:
    columns = tuple(one.column for one in plan)
    if len(plan) == 1:
        return Rule(columns, plan[0].hashes)
    first, second = plan[0].hashes, plan[1].hashes
    both = (first[:, :, None] * _MIX) ^ (second[:, None, :] + _MIX)
    both[(first[:, :, None] == 0) | (second[:, None, :] == 0)] = 0
    return Rule(columns, both.reshape(len(first), -1))


def _pairs_of(rule: Rule, records: Records, budget: int) -> tuple[Pairs, Blocked]:
    """The rule's pairs as one number each (first * size + second), within the budget."""
    rows, slots = np.nonzero(rule.hashes)
    keys = rule.hashes[rows, slots]
    order = np.argsort(keys, kind="stable")
    keys, rows = keys[order], rows[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if keys.size else np.empty(0, np.int64)
    sizes = np.diff(np.r_[starts, keys.size])
    lefts = (
        sizes
        if records.right_from is None
        else np.add.reduceat(rows < records.right_from, starts, dtype=np.int64)
        if keys.size
        else sizes
    )
    meets = sizes * (sizes - 1) // 2 if records.right_from is None else lefts * (sizes - lefts)
    kept = _smallest(sizes, meets, budget)
    pairs = _within(rows, starts[kept], sizes[kept], lefts[kept], joined=records.right_from is not None)
    first, second = np.minimum(*pairs), np.maximum(*pairs)
    numbers = np.unique((first * records.size + second)[first != second])
    capped = ~kept & (meets > 0)
    share = float(sizes[capped].sum() / max(keys.size, 1))
    largest = int(sizes[kept].max(initial=0))
    return numbers, Blocked(" + ".join(rule.columns), int(numbers.size), largest, int(capped.sum()), share)


def _smallest(sizes: NDArray[np.int64], meets: NDArray[np.int64], budget: int) -> NDArray[np.bool_]:
    """The blocks up to the largest size at which all pairs together keep within the budget."""
    by_size = np.bincount(sizes, weights=meets) if sizes.size else np.zeros(1)
    fits = np.cumsum(by_size) <= budget
    return fits[sizes] if sizes.size else np.zeros(0, np.bool_)


def _within(
    rows: NDArray[np.int64],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    lefts: NDArray[np.int64],
    *,
    joined: bool,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Both sides of every pair inside the blocks. With two tables the left ones stand first in each block."""
    heads = ranges(starts, lefts)
    block = np.repeat(np.arange(starts.size), lefts)
    ends = (starts + sizes)[block]
    begins = (starts + lefts)[block] if joined else heads + 1
    partners = ends - begins
    return rows[np.repeat(heads, partners)], rows[ranges(begins, partners)]


def ranges(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """start, start + 1, … of each range, one after the other."""
    total = int(lengths.sum())
    shifts = np.repeat(starts - np.r_[0, np.cumsum(lengths)[:-1]] if starts.size else starts, lengths)
    return np.asarray(np.arange(total) + shifts, np.int64)
