"""Given names in Latin letters that stand for each other: short forms, initials, one of several names."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from matchers.levels import Level, is_latin
from matchers.sides import Sides

_TABLE = Path(__file__).parent / "data" / "nicknames.tsv"


@cache
def _groups() -> dict[str, frozenset[int]]:
    groups: dict[str, frozenset[int]] = {}
    lines = [line for line in _TABLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    for number, line in enumerate(lines):
        for name in line.split("\t"):
            groups[name] = groups.get(name, frozenset()) | {number}
    return groups


def are_nicknames(left: str, right: str) -> bool:
    """True for two names of one group of the table (WILLIAM, BILL); any case."""
    groups = _groups()
    return not groups.get(left.upper(), frozenset()).isdisjoint(groups.get(right.upper(), frozenset()))


def nickname() -> Level:
    """One is a usual short form of the other."""
    return Level("nickname", lambda sides: is_latin(sides.left, sides.right) and are_nicknames(sides.left, sides.right))


def initial() -> Level:
    """One is the first letter of the other."""

    def holds(sides: Sides) -> bool:
        if not is_latin(sides.left, sides.right):
            return False
        short, long = sorted((sides.left.strip(". ").upper(), sides.right.strip(". ").upper()), key=len)
        return len(short) == 1 and long.startswith(short)

    return Level("initial", holds)


def first_only() -> Level:
    """All words of the shorter name stand in the longer one: middle names or one's further names left out."""

    def holds(sides: Sides) -> bool:
        if not is_latin(sides.left, sides.right):
            return False
        few, many = sorted((sides.left.upper().split(), sides.right.upper().split()), key=len)
        return 0 < len(few) < len(many) and set(few) <= set(many)

    return Level("first_only", holds)
