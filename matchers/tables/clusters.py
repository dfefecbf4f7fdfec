"""Who is one person with whom: links joined to clusters, the surest first, and never by a chain of weak ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from matchers.em import Floats
from matchers.tables.blocks import Pairs

UNSEEN = -2.0
"""What two records that were never compared say against being one person, log2."""
APART = -8.0
"""A pair that scores no more than this is of two persons, whoever else links them."""


def find_clusters(
    size: int, pairs: Pairs, scores: Floats, links: NDArray[np.bool_], alone_from: int | None = None
) -> NDArray[np.int64]:
    """Per record the number of its cluster, by first record; a record that nobody links is its own.

    pairs, scores: all that were weighed, so that what speaks against is known too. links: which of them link.
    alone_from: records before this number never share a cluster; None where they may.
    """
    known = {(a, b): score for (a, b), score in zip(pairs.tolist(), scores.tolist(), strict=True)}
    cluster = list(range(size))
    members: dict[int, list[int]] = defaultdict(list)
    order = sorted(np.flatnonzero(links).tolist(), key=lambda place: (-scores[place], *pairs[place]))
    for place in order:
        left, right = (cluster[record] for record in pairs[place].tolist())
        if left == right:
            continue
        left, right = min(left, right), max(left, right)
        ours, theirs = members.get(left, [left]), members.get(right, [right])
        if _may_join(ours, theirs, known, alone_from):
            members[left] = ours + theirs
            members.pop(right, None)
            for record in theirs:
                cluster[record] = left
    return np.array(cluster, np.int64)


def _may_join(
    ours: Sequence[int], theirs: Sequence[int], known: Mapping[tuple[int, int], float], alone_from: int | None
) -> bool:
    """True when all pairs across speak for it together, none surely against, and no two must stand alone."""
    if alone_from is not None and min(ours) < alone_from and min(theirs) < alone_from:
        return False
    across = [known.get((min(a, b), max(a, b)), UNSEEN) for a in ours for b in theirs]
    return min(across) > APART and sum(across) > 0
