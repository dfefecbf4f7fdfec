"""What an erasure took away, counted as it goes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Cut:
    """What one write took away. counts: by table, and by kind of file. blobs: whose rows let go of them."""

    counts: Counter[str] = field(default_factory=Counter)
    blobs: set[str] = field(default_factory=set)
    arrivals: list[str] = field(default_factory=list)
