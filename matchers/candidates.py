"""From blocks to candidates: whom to compare, best first, and what each blocking rule is worth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log2

from matchers.blocking import rule_of

CAP = 500
"""Members above which a block is left out: those in it share next to nothing, and are found by other keys."""
MOST = 40
"""Candidates that are compared. Of the true ones that share a key with a record, all were among the first 40, with
100,000 people and with a million (decision 0035)."""
_LARGEST = 21.0  # log2 of a block that says nothing: two million people


@dataclass(frozen=True)
class Near:
    """ids: whom to compare, likeliest first. capped: the keys whose blocks were too large to be used."""

    ids: tuple[str, ...]
    capped: tuple[str, ...]


def choose_candidates(blocks: Mapping[str, Sequence[str]], *, cap: int = CAP, most: int = MOST) -> Near:
    """The ids that share keys, those first that share the most and the rarest; equal ones by id.

    blocks: key -> ids under it; a caller that reads no more than `cap` + 1 of each loses nothing.
    """
    shared: dict[str, float] = defaultdict(float)
    capped = tuple(sorted(key for key, ids in blocks.items() if len(ids) > cap))
    for key in blocks.keys() - set(capped):
        for one in blocks[key]:
            shared[one] += _LARGEST - log2(len(blocks[key]))
    ranked = sorted(shared, key=lambda one: (-shared[one], one))
    return Near(tuple(ranked[:most]), capped)


@dataclass(frozen=True)
class RuleWorth:
    """What one rule does. found: shares a true pair has this key; only: that no other rule finds; pairs: candidates it
    brings for one record, on the average; keys: rows for one stored record; largest: its largest block."""

    found: float
    only: float
    pairs: float
    keys: float
    largest: int


@dataclass(frozen=True)
class BlockingReport:
    """recall: share of records whose person is among the candidates; shared: among all who share a key, however large
    its block. candidates: for one record, the 95th percentile. capped: rule -> records that met a block left out."""

    records: int
    recall: float
    shared: float
    candidates: int
    rules: Mapping[str, RuleWorth]
    capped: Mapping[str, int]


def measure_blocking(
    stored: Mapping[str, Iterable[str]],
    asked: Sequence[tuple[str, Iterable[str]]],
    *,
    cap: int = CAP,
    most: int = MOST,
) -> BlockingReport:
    """What the keys find and cost. stored: id -> keys; asked: the id of the person a record is of, and its keys."""
    blocks: dict[str, list[str]] = defaultdict(list)
    for one, keys in stored.items():
        for key in keys:
            blocks[key].append(one)
    counts = _Counts(Counter(), Counter(), Counter(), Counter())
    hits = sharing = 0
    sizes = []
    for person, keys in asked:
        met = {key: blocks[key] for key in keys if key in blocks}
        near = choose_candidates(met, cap=cap, most=most)
        hits += person in near.ids
        sharing += counts.add(person, met, near)
        sizes.append(len(near.ids))
    total = max(len(asked), 1)
    return BlockingReport(
        records=len(asked),
        recall=hits / total,
        shared=sharing / total,
        candidates=sorted(sizes)[int(0.95 * len(sizes))] if sizes else 0,
        rules=_worth(blocks, counts, total, max(len(stored), 1)),
        capped=dict(sorted(counts.capped.items())),
    )


@dataclass(frozen=True)
class _Counts:
    found: Counter[str]
    only: Counter[str]
    pairs: Counter[str]
    capped: Counter[str]

    def add(self, person: str, met: Mapping[str, Sequence[str]], near: Near) -> bool:
        """Counts one record; whether its person shares a key with it."""
        rules = {rule_of(key) for key, ids in met.items() if person in ids}
        self.found.update(rules)
        if len(rules) == 1:
            self.only.update(rules)
        for key, ids in met.items():
            self.pairs[rule_of(key)] += len(ids)
        self.capped.update({rule_of(key) for key in near.capped})
        return bool(rules)


def _worth(blocks: Mapping[str, Sequence[str]], counts: _Counts, asked: int, stored: int) -> dict[str, RuleWorth]:
    rows: Counter[str] = Counter()
    largest: dict[str, int] = defaultdict(int)
    for key, ids in blocks.items():
        rule = rule_of(key)
        rows[rule] += len(ids)
        largest[rule] = max(largest[rule], len(ids))
    return {
        rule: RuleWorth(
            counts.found[rule] / asked,
            counts.only[rule] / asked,
            counts.pairs[rule] / asked,
            rows[rule] / stored,
            largest[rule],
        )
        for rule in sorted(rows)
    }
