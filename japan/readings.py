"""How names are read: which kana a name in kanji may have, and which kana are names at all.

Two tables, derived from IPADIC's surnames and given names (`training/name_readings.py`, data/IPADIC-NOTICE.txt): names
with their readings, and the readings that single kanji have in names, by how often. A name outside the first is read
kanji by kanji. All answers are natural logarithms, so that they can be added to other evidence.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from math import exp, log
from pathlib import Path

from japan.kana import to_full_katakana
from japan.variants import fold_variants

_DATA = Path(__file__).parent / "data"
BY_KANJI = 0.2
"""How far the reading kanji by kanji counts beside the table, for a name that is in the table."""
_ALPHABET = 84
_END = "$"


class NamePart(StrEnum):
    """Which part of a name: the family's or one's own."""

    FAMILY = "F"
    GIVEN = "G"


UNHEARD = {NamePart.FAMILY: 0.02, NamePart.GIVEN: 0.13}
"""How often a name is read as no table knows (陽翔 ハルト). Measured on the names of `fixtures.names`, which are common
ones of today and independent of the tables: none of 160 surnames, 20 of 154 given names."""


@lru_cache(maxsize=16384)
def log_reading(written: str, kana: str, part: NamePart) -> float:
    """ln of how probable it is that this part of a name, written so, is read so."""
    name, reading = fold_variants(written), to_full_katakana(kana)
    any_kana = exp(log_kana(reading, part))
    known = _by_kanji(name, reading, part)
    listed = _names().get((part, name))
    if listed:
        share = 1.0 / len(listed) if reading in listed else 0.0
        known = (1 - BY_KANJI) * share + BY_KANJI * known
    return log((1 - UNHEARD[part]) * known + UNHEARD[part] * any_kana)


def by_kanji(written: str, kana: str, part: NamePart) -> float:
    """The chance that this part of a name, written so, is read so, one kanji after the other."""
    return _by_kanji(fold_variants(written), to_full_katakana(kana), part)


def log_kana(kana: str, part: NamePart) -> float:
    """ln of how probable these kana are as this part of anybody's name: kana after kana, two looked back upon."""
    return spell(part).word(to_full_katakana(kana))


def listed_readings(written: str, part: NamePart) -> frozenset[str]:
    """The readings that the table has of a part of a name; empty when it does not know it."""
    return _names().get((part, fold_variants(written)), frozenset())


@dataclass(frozen=True)
class Spelling:
    """Which kana follow which in names: counts of one, two and three kana, smoothed into each other."""

    counts: Counter[str]
    before: Counter[str]

    def after(self, context: str, kana: str) -> float:
        """ln P(kana | what stands before it); "$" ends a word, and "^^" stands before it."""
        chance = 1.0 / _ALPHABET
        for length in (0, 1, 2):
            left = context[len(context) - length :]
            seen = self.before[left]
            trust = seen / (seen + _DOUBT[length])
            chance = trust * (self.counts[left + kana] / seen if seen else 0.0) + (1 - trust) * chance
        return log(chance)

    def word(self, kana: str) -> float:
        """ln P(a whole word)."""
        padded = "^^" + kana + _END
        return sum(self.after(padded[i - 2 : i], padded[i]) for i in range(2, len(padded)))


_DOUBT = (50.0, 20.0, 10.0)  # observations after which a context is trusted as much as the shorter one


@lru_cache(maxsize=2)
def spell(part: NamePart) -> Spelling:
    """The spelling of this part of names."""
    counts: Counter[str] = Counter()
    before: Counter[str] = Counter()
    for (kind, _), found in _names().items():
        if kind is part:
            for kana in found:
                padded = "^^" + kana + _END
                for i in range(2, len(padded)):
                    for length in (0, 1, 2):
                        before[padded[i - length : i]] += 1
                        counts[padded[i - length : i + 1]] += 1
    return Spelling(counts, before)


def _by_kanji(name: str, reading: str, part: NamePart) -> float:
    """P(reading | name), the kanji read one by one, each independently of the others."""
    chars = [name[i - 1] if char == "々" and i else char for i, char in enumerate(name)]
    reached = {0: 1.0}  # kana used so far -> probability
    for char in chars:
        after: dict[int, float] = {}
        for used, chance in reached.items():
            for kana, share in _kanji(part, char).items():
                if reading.startswith(kana, used):
                    after[used + len(kana)] = after.get(used + len(kana), 0.0) + chance * share
        reached = after
    return reached.get(len(reading), 0.0)


def names_with_readings(part: NamePart) -> list[tuple[str, frozenset[str]]]:
    """Every listed name of this part, variants folded, with its readings."""
    return [(name, readings) for (kind, name), readings in _names().items() if kind is part]


def listed_names() -> frozenset[str]:
    """Surnames and given names as they are written, variants folded."""
    return frozenset(name for _, name in _names())


@cache
def _names() -> dict[tuple[NamePart, str], frozenset[str]]:
    found: dict[tuple[NamePart, str], frozenset[str]] = {}
    for part, name, readings in _rows("name_readings.tsv"):
        key = NamePart(part), fold_variants(name)
        found[key] = found.get(key, frozenset()) | frozenset(readings.split())
    return found


@cache
def _all_kanji() -> dict[tuple[NamePart, str], dict[str, float]]:
    found: dict[tuple[NamePart, str], dict[str, float]] = {}
    for part, char, readings in _rows("kanji_readings.tsv"):
        counts = {kana: float(count) for kana, count in (pair.split(":") for pair in readings.split())}
        found[NamePart(part), fold_variants(char)] = {kana: n / sum(counts.values()) for kana, n in counts.items()}
    return found


def _kanji(part: NamePart, char: str) -> dict[str, float]:
    """The readings of a character in this part of names; kana read as themselves."""
    found = _all_kanji().get((part, char))
    if found is not None:
        return found
    kana = to_full_katakana(char)
    return {kana: 1.0} if kana != char or "ァ" <= kana <= "ヶ" else {}


def _rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (_DATA / name).read_text("utf-8").splitlines()]
