"""The ways two values of one field can relate, each a small named test.

A comparison is a list of these in order; the first that holds is the level. Tests see the two sides, nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from japan.kana import kana_shape_key
from japan.variants import fold_variants, tables_version
from matchers.confusion import Script, look_alike_bits
from matchers.sides import Sides

LATIN = re.compile(r"[A-Z0-9 .,'&/\-]+", re.IGNORECASE)


@dataclass(frozen=True)
class Level:
    """A stable code and the test whether two values stand in this relation."""

    code: str
    holds: Callable[[Sides], bool]


def missing() -> Level:
    """One of the two is not given: never a match, never a mismatch."""
    return Level("missing", lambda sides: not sides.left or not sides.right)


def exact() -> Level:
    """Both are the same, where the field is registered in its own characters in these too."""
    return Level(
        "exact", lambda sides: _same(sides) and (sides.written is None or sides.written[0] == sides.written[1])
    )


def variant() -> Level:
    """The same but for variant characters (髙/高)."""
    return Level("variant", _same)


def _same(sides: Sides) -> bool:
    return bool(sides.left == sides.right) and not sides.swapped


def swapped() -> Level:
    """Each is the same as the other's other part: family and given name in each other's place."""
    return Level("swapped", lambda sides: sides.swapped)


def former(code: str = "former") -> Level:
    """One is a former or another name of the other (旧氏, 通称)."""
    return Level(code, lambda sides: sides.former)


def weak_variant() -> Level:
    """Equal when characters that people interchange (斉/斎) count as one."""
    return Level("variant_weak", lambda sides: _weakly(sides.left) == _weakly(sides.right))


def _weakly(text: str) -> str:
    return _fold_weakly(text, tables_version())


@lru_cache(maxsize=2**14)
def _fold_weakly(text: str, tables: str) -> str:
    return fold_variants(text, weak=True)


def look_alike(script: Script, bits_a_character: float) -> Level:
    """Readers take each for the other: at most so many bits of surprise for each character, by the confusion table."""

    def holds(sides: Sides) -> bool:
        size = max(len(sides.left), len(sides.right))
        most = bits_a_character * size
        return look_alike_bits(sides.left, sides.right, script, most) <= most

    return Level("look_alike", holds)


def same_shape() -> Level:
    """Readings whose kana are equal or are taken for each other in handwriting."""
    return Level("look_alike", lambda sides: kana_shape_key(sides.left) == kana_shape_key(sides.right))


def close(edits: int = 1, at_least: int = 2, code: str = "close") -> Level:
    """At most `edits` Damerau-Levenshtein edits apart, both having `at_least` characters."""

    def holds(sides: Sides) -> bool:
        left, right = str(sides.left), str(sides.right)
        if min(len(left), len(right)) < at_least:
            return False
        return DamerauLevenshtein.distance(left, right, score_cutoff=edits) <= edits

    return Level(code, holds)


def share_of_edits(share: float, code: str) -> Level:
    """Edits are at most this share of the longer value, and one of them at least is allowed from four characters."""

    def holds(sides: Sides) -> bool:
        left, right = str(sides.left), str(sides.right)
        most = int(share * max(len(left), len(right)))
        return most > 0 and DamerauLevenshtein.distance(left, right, score_cutoff=most) <= most

    return Level(code, holds)


def jaro_winkler(least: float, code: str) -> Level:
    """Latin texts of at least this Jaro-Winkler similarity (0-1); a wrong end counts less than a wrong start."""

    def holds(sides: Sides) -> bool:
        return is_latin(sides.left, sides.right) and JaroWinkler.similarity(sides.left, sides.right) >= least

    return Level(code, holds)


def is_latin(left: str, right: str) -> bool:
    """True when both are Latin letters (and digits) throughout."""
    return LATIN.fullmatch(left) is not None and LATIN.fullmatch(right) is not None


def same_start(length: int, code: str) -> Level:
    """The first characters agree (the area of a postal code)."""
    return Level(code, lambda sides: sides.left[:length] == sides.right[:length])


def same_end(length: int, code: str) -> Level:
    """The last characters agree (the last four digits of a phone)."""
    return Level(code, lambda sides: len(sides.left) >= length and sides.left[-length:] == sides.right[-length:])


def ends_with_other(at_least: int, code: str) -> Level:
    """One is the end of the other: an area code left out."""

    def holds(sides: Sides) -> bool:
        short, long = sorted((sides.left, sides.right), key=len)
        return len(short) >= at_least and long.endswith(short)

    return Level(code, holds)


def shared_words(share: float, code: str) -> Level:
    """The words in common are at least this share of the words of the text that has fewer."""

    def holds(sides: Sides) -> bool:
        left, right = set(sides.left.split()), set(sides.right.split())
        fewer = min(len(left), len(right))
        return fewer > 0 and len(left & right) >= share * fewer and max(len(left), len(right)) > 1

    return Level(code, holds)


def on_text(text_of: Callable[[Sides], Sides], level: Level) -> Level:
    """A level over another view of the values (the place of an address); an empty view never holds."""

    def holds(sides: Sides) -> bool:
        view = text_of(sides)
        return bool(view.left) and bool(view.right) and level.holds(view)

    return Level(level.code, holds)


def otherwise(code: str = "else") -> Level:
    """What is left: both given, and nothing above holds."""
    return Level(code, lambda sides: True)
