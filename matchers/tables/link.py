"""One table or two in, the pairs worth a look out: blocking, learning, scoring, third records, clusters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import numpy as np
from numpy.typing import NDArray

from matchers.em import Floats
from matchers.fields import FieldType
from matchers.tables.blocks import Blocked, Pairs, find_candidates
from matchers.tables.clusters import find_clusters
from matchers.tables.columns import Column, Records, code_columns
from matchers.tables.doubts import differ_at_all, told_apart
from matchers.tables.scoring import Model, score_more, score_pairs
from matchers.tables.triangles import Weighed, weigh_together

LINK_BITS = 10.0
"""A pair links from odds of a thousand to one, by the table's own weights."""
REVIEW_BITS = -7.0
"""Below one in a hundred nobody need look."""

TWO_PERSONS = -20.0
"""What is said of a pair that is known to be two persons."""


class PairOutcome(StrEnum):
    """What to do with a pair."""

    LINK = "link"
    REVIEW = "review"


class Stage(StrEnum):
    """What is being done, for whoever shows progress."""

    FOLD = "fold"
    BLOCK = "block"
    SCORE = "score"
    SETTLE = "settle"


Tell = Callable[[Stage, int, int], None]
"""Is told the stage, how much of it is done, and of how much."""


@dataclass(frozen=True)
class Links:
    """What was found. pairs: record numbers, those of a second table after those of the first; scores: log2 odds;
    linked: which pairs are links, the rest being for review; clusters: per record the number of its cluster.
    """

    pairs: Pairs
    scores: Floats
    linked: NDArray[np.bool_]
    clusters: NDArray[np.int64]
    candidates: int
    blocking: tuple[Blocked, ...]


def link_tables(
    columns: Mapping[str, FieldType],
    left: Mapping[str, Sequence[str]],
    right: Mapping[str, Sequence[str]] | None = None,
    *,
    duplicates: bool = False,
    seed: int = 0,
    tell: Tell = lambda stage, done, of: None,
) -> Links:
    """The pairs of one person, between two tables or within one. left, right: the cells by column, all as long.

    duplicates: whether a record of the right table may be several of the left one. The same tables and seed give the
    same answer.
    """
    records = _records(columns, left, right, tell)
    found = find_candidates(records, on_rule=partial(tell, Stage.BLOCK))
    scored = score_pairs(records, found.pairs, seed, on_field=partial(tell, Stage.SCORE))
    alone_from = None if duplicates else records.right_from
    weighed = weigh_together(
        scored.pairs, scored.scores, records.size, REVIEW_BITS, partial(_third, scored.model, alone_from or 0)
    )
    linked, clusters = _settle(weighed, records, told_apart(scored.model, weighed.pairs), alone_from)
    tell(Stage.SETTLE, 1, 1)
    shown = np.flatnonzero(_across(weighed.pairs, records) & (weighed.scores >= REVIEW_BITS))
    shown = shown[np.lexsort((*weighed.pairs[shown].T[::-1], -weighed.scores[shown]))]
    return Links(weighed.pairs[shown], weighed.scores[shown], linked[shown], clusters, len(found.pairs), found.rules)


def _settle(
    weighed: Weighed, records: Records, doubted: NDArray[np.bool_], alone_from: int | None
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which pairs are links, and per record its cluster. A link that its cluster could not take is none."""
    pairs, scores = weighed.pairs, weighed.scores
    across = _across(pairs, records)
    linked = across & ~doubted & (scores >= LINK_BITS)
    if alone_from is not None:
        linked &= _best_of_right(pairs, np.where(across, scores, -np.inf))
    apart = np.where(doubted, np.minimum(scores, TWO_PERSONS), scores)
    clusters = find_clusters(records.size, pairs, apart, linked, alone_from)
    return linked & (clusters[pairs[:, 0]] == clusters[pairs[:, 1]]), clusters


def _third(model: Model, alone_from: int, pairs: Pairs) -> Floats:
    """The scores of pairs that no rule brought together. In a table without duplicates whoever differs at all in what
    is one's own is somebody else.
    """
    scores = score_more(model, pairs)
    alone = (pairs < alone_from).all(axis=1)
    return np.where(alone & differ_at_all(model, pairs), np.minimum(scores, TWO_PERSONS), scores)


def _records(
    columns: Mapping[str, FieldType],
    left: Mapping[str, Sequence[str]],
    right: Mapping[str, Sequence[str]] | None,
    tell: Tell,
) -> Records:
    size = len(next(iter(left.values())))
    coded: list[Column] = []
    for done, (name, kind) in enumerate(columns.items(), start=1):
        coded += code_columns(name, kind, [*left[name], *(right[name] if right else ())])
        tell(Stage.FOLD, done, len(columns))
    whole = size + (len(next(iter(right.values()))) if right else 0)
    return Records(coded, whole, size if right is not None else None)


def _across(pairs: Pairs, records: Records) -> NDArray[np.bool_]:
    if records.right_from is None:
        return np.ones(len(pairs), np.bool_)
    return (pairs[:, 0] < records.right_from) & (pairs[:, 1] >= records.right_from)


def _best_of_right(pairs: Pairs, scores: Floats) -> NDArray[np.bool_]:
    """Which pairs are the only best one of their right record; two that are equally good are none."""
    best = np.full(int(pairs[:, 1].max(initial=-1)) + 1, -np.inf)
    np.maximum.at(best, pairs[:, 1], scores)
    first = scores >= best[pairs[:, 1]]
    many = np.bincount(pairs[first, 1], minlength=len(best))
    return np.asarray(first & (many[pairs[:, 1]] == 1))
