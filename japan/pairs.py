"""How likely one character follows another, in words, in places and in names of persons.

Counts of pairs lie in `data/char_pairs.tsv` (made by `training/char_pairs.py` from IPADIC and Japan Post's places);
those of names are taken from `data/name_readings.tsv`. Spaces are left out: a word may end after any character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise
from math import log
from pathlib import Path

from japan.readings import listed_names

_TABLE = Path(__file__).parent / "data" / "char_pairs.tsv"
_PLAIN = re.compile("[0-9぀-ヿ々一-鿿]")
EDGE = " "
NEUTRAL = -6.0
"""What a character costs of which the tables know nothing: a sign, a letter; about what an average one costs."""
_FLOORS = {"W": 1e-5, "A": 1e-5, "N": 2e-4}  # chance of a character that never was seen; names go with the time


class Kind(StrEnum):
    """What a text is about."""

    WORDS = "W"
    PLACES = "A"
    NAMES = "N"


Counts = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, eq=False)
class CharPairs:
    """Characters by those before them. singles: the chance of each whatever stood before it; floor: of one that was not
    seen."""

    counts: Counts
    singles: Mapping[str, float]
    floor: float

    def chance(self, before: str, char: str) -> float:
        """The chance of a character after another, a word's end between them allowed for; EDGE for the ends."""
        inside = self._after(before, char)
        if EDGE in (before, char):
            return inside
        begun = (self._after(EDGE, char) + self.singles.get(char, 0.0)) / 2  # by a word, or by an ending such as 費
        return inside + self._after(before, EDGE) * begun

    def _after(self, before: str, char: str) -> float:
        """Witten-Bell: the more different characters follow, the more goes to those that were not seen there."""
        following = self.counts.get(before, {})
        single = self.singles.get(char, 0.0) + self.floor
        weight = len(following) + 1.0
        return (following.get(char, 0.0) + weight * single) / (sum(following.values()) + weight)


@cache
def log_chance(kind: Kind, before: str, char: str) -> float:
    """ln of the chance that `char` follows `before` in such a text; NEUTRAL for characters that were not counted.

    EDGE stands for the start and the end of the text.
    """
    known, plain = _known(before), _known(char)
    if plain == EDGE and char != EDGE:
        return NEUTRAL
    chance = _pairs(kind).chance(known, plain)
    if kind is Kind.PLACES:  # buildings, and what else an address may hold
        chance = 0.8 * chance + 0.2 * _pairs(Kind.WORDS).chance(known, plain)
    return log(chance)


def _known(char: str) -> str:
    """The character as it was counted; EDGE for a sign."""
    if not char or not _PLAIN.match(char):
        return EDGE
    return "0" if char.isdigit() else char


@cache
def _pairs(kind: Kind) -> CharPairs:
    counts = _count_names() if kind is Kind.NAMES else _read(kind)
    different: dict[str, int] = {}
    for following in counts.values():
        for char in following:
            different[char] = different.get(char, 0) + 1
    total = sum(different.values())
    return CharPairs(counts, {char: number / total for char, number in different.items()}, _FLOORS[kind])


def _read(kind: Kind) -> Counts:
    found: dict[str, dict[str, float]] = {}
    for line in _TABLE.read_text("utf-8").splitlines():
        key, char, texts = line.split("\t")
        if key == kind.value:
            found[char] = {texts[i]: 2.0 ** (ord(texts[i + 1]) - ord("a")) for i in range(0, len(texts), 2)}
    return found


def _count_names() -> Counts:
    return _count(listed_names())


def _count(texts: Iterable[str]) -> Counts:
    found: dict[str, dict[str, float]] = {}
    for text in texts:
        padded = f"{EDGE}{text}{EDGE}"
        for before, char in pairwise(padded):
            following = found.setdefault(before, {})
            following[char] = following.get(char, 0.0) + 1.0
    return found
