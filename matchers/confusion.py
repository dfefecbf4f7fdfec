"""What readers take for what: a table of confusions measured on readings of known texts.

`data/confusions.tsv` (made by `training/confusions.py`) says how many bits of surprise it is that a character was read
as another one, or dropped, or put in. One reading is off by the table's own chance; people who mistype or mishear
are not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).parent / "data" / "confusions.tsv"
UNSEEN_BITS = float("inf")
"""What was not seen is no look-alike."""


_LEAST_BITS = 3.0
"""No confusion is so common that it surprises less."""


class Script(StrEnum):
    """Kinds of writing with a table of their own."""

    KANA = "kana"
    NAME = "name"
    DIGITS = "digits"


@cache
def confusions(script: Script) -> Mapping[tuple[str, str], float]:
    """Bits for each (written, read); "" for a character dropped or put in. Both directions hold the smaller."""
    found: dict[tuple[str, str], float] = {}
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        kind, written, read, bits = line.split("\t")[:4]
        if kind == script:
            for pair in ((written, read), (read, written)):
                found[pair] = min(found.get(pair, UNSEEN_BITS), float(bits))
    return found


def look_alike_bits(left: str, right: str, script: Script, most: float) -> float:
    """Bits of surprise that one text was read as the other; infinite as soon as it is above `most`."""
    if left.isascii() and right.isascii() and script is not Script.DIGITS:
        return UNSEEN_BITS
    if abs(len(left) - len(right)) * _LEAST_BITS > most:
        return UNSEEN_BITS
    table = confusions(script)
    gap = [table.get((char, ""), UNSEEN_BITS) for char in right]
    row = [0.0]
    for bits in gap:
        row.append(row[-1] + bits)
    for char in left:
        gone = table.get((char, ""), UNSEEN_BITS)
        after = [row[0] + gone]
        for place, other in enumerate(right):
            swap = 0.0 if char == other else table.get((char, other), UNSEEN_BITS)
            after.append(min(row[place] + swap, row[place + 1] + gone, after[place] + gap[place]))
        row = after
        if min(row) > most:
            return float("inf")
    return row[-1]
