"""The ways two values of one field can relate, each a small named test.

A comparison is a list of these in order; the first that holds is the level. Tests see a Pair, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from rapidfuzz.distance import DamerauLevenshtein

from japan.era import NotACalendarDay, from_date
from japan.kana import kana_shape_key
from japan.variants import fold_variants
from matchers.normalise import NormalisedPerson, Words
from matchers.pairing import Pair, Part

Values = Callable[[Pair], Part]


@dataclass(frozen=True)
class Level:
    """A stable code and the test whether two persons stand in this relation in the field."""

    code: str
    holds: Callable[[Pair], bool]


def missing(values: Values) -> Level:
    """One of the two is not given: never a match, never a mismatch."""
    return Level("missing", lambda pair: not values(pair).left or not values(pair).right)


def exact(values: Values, code: str = "exact") -> Level:
    """Both are the same."""
    return Level(code, lambda pair: bool(values(pair).left) and values(pair).left == values(pair).right)


def swapped(values: Values) -> Level:
    """Each is the same as the other's other part: family and given name in each other's place."""
    return Level("swapped", lambda pair: values(pair).swapped)


def weak_variant(values: Values) -> Level:
    """Equal when characters that people interchange (斉/斎) count as one."""
    return Level(
        "variant_weak",
        lambda pair: fold_variants(values(pair).left, weak=True) == fold_variants(values(pair).right, weak=True),
    )


def look_alike(values: Values) -> Level:
    """Readings whose kana are equal or are taken for each other in handwriting."""
    return Level("look_alike", lambda pair: kana_shape_key(values(pair).left) == kana_shape_key(values(pair).right))


def close(values: Values, edits: int = 1, at_least: int = 2, code: str = "close") -> Level:
    """At most `edits` Damerau-Levenshtein edits apart, both having `at_least` characters."""

    def holds(pair: Pair) -> bool:
        left, right = values(pair).left, values(pair).right
        if min(len(left), len(right)) < at_least:
            return False
        return DamerauLevenshtein.distance(left, right, score_cutoff=edits) <= edits

    return Level(code, holds)


def former_family() -> Level:
    """One's family name is a former family name of the other (旧氏)."""

    def holds(pair: Pair) -> bool:
        return pair.family.left in _former(pair.b) or pair.family.right in _former(pair.a)

    return Level("former", holds)


def _former(person: NormalisedPerson) -> set[str]:
    return {family for words in person.former if (family := _family_of(words, person.name.given))}


def _family_of(words: Words, given: str) -> str:
    if words.split:
        return words.family
    if given and words.whole.endswith(given):
        return words.whole[: -len(given)]
    return words.whole


def given_agrees(pair: Pair) -> bool:
    """True when the given names as written agree, variants included."""
    return bool(pair.given.left) and pair.given.left == pair.given.right


def family_agrees(pair: Pair) -> bool:
    """True when the family names as written agree, variants included."""
    return bool(pair.family.left) and pair.family.left == pair.family.right


def when(condition: Callable[[Pair], bool], level: Level, code: str) -> Level:
    """The level under another code where a condition holds too: evidence not independent of another."""
    return Level(code, lambda pair: condition(pair) and level.holds(pair))


def otherwise(code: str = "else") -> Level:
    """What is left: both given, and nothing above holds."""
    return Level(code, lambda pair: True)


def birth_dates(pair: Pair) -> Part:
    """Both birth dates as ISO text."""
    left, right = pair.a.birth_date, pair.b.birth_date
    return Part(left.isoformat() if left else "", right.isoformat() if right else "")


def date_level(code: str, test: Callable[[date, date], bool]) -> Level:
    """A level over two birth dates."""

    def holds(pair: Pair) -> bool:
        left, right = pair.a.birth_date, pair.b.birth_date
        return left is not None and right is not None and test(left, right)

    return Level(code, holds)


def month_day_swapped(left: date, right: date) -> bool:
    """Month and day in each other's place."""
    return (left.year, left.month, left.day) == (right.year, right.day, right.month)


def one_digit_differs(left: date, right: date) -> bool:
    """One digit differs, with the year counted in western years or in the years of one era."""
    if _differing(left.strftime("%Y%m%d"), right.strftime("%Y%m%d")) == 1:
        return True
    try:
        a, b = from_date(left), from_date(right)
    except NotACalendarDay:
        return False
    return a.letter == b.letter and _differing(_era_digits(a.year, left), _era_digits(b.year, right)) == 1


def era_slipped(left: date, right: date) -> bool:
    """The same year, month and day of another era (昭和 circled for 平成)."""
    try:
        a, b = from_date(left), from_date(right)
    except NotACalendarDay:
        return False
    return (a.year, left.month, left.day) == (b.year, right.month, right.day) and a.letter != b.letter


def _era_digits(year: int, day: date) -> str:
    return f"{year:02}{day.month:02}{day.day:02}"


def _differing(left: str, right: str) -> int:
    return sum(a != b for a, b in zip(left, right, strict=True))
