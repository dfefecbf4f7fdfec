"""Two persons side by side, with family and given names put opposite each other."""

from __future__ import annotations

from dataclasses import dataclass

from matchers.normalise import NormalisedPerson, Words


@dataclass(frozen=True)
class Part:
    """One part of a name in both records; "" where it is not known. swapped: found in the other's place."""

    left: str = ""
    right: str = ""
    swapped: bool = False


@dataclass(frozen=True)
class Pair:
    """Two persons and their aligned names: keys, as written (registered characters), and readings."""

    a: NormalisedPerson
    b: NormalisedPerson
    family: Part
    given: Part
    written_family: Part
    written_given: Part
    kana_family: Part
    kana_given: Part


def pair_up(a: NormalisedPerson, b: NormalisedPerson) -> Pair:
    """The two persons with their names aligned."""
    family, given = align(a.name, b.name)
    written = align(a.written, b.written)
    return Pair(a, b, family, given, *written, *align(a.kana, b.kana))


def align(left: Words, right: Words) -> tuple[Part, Part]:
    """Family and given parts of two names opposite each other.

    A name without a space is cut where the other one shows its family name. Where neither shows it, the whole
    names stand as the given part: agreeing wholes then count once.
    """
    if not left.whole or not right.whole:
        return Part(), Part()
    if left.split and right.split:
        swapped = left.family == right.given and left.given == right.family and left.family != left.given
        if swapped:
            return Part(left.family, right.given, True), Part(left.given, right.family, True)
        return Part(left.family, right.family), Part(left.given, right.given)
    if right.split:
        cut = _cut(left.whole, right)
        return Part(cut.family, right.family), Part(cut.given, right.given)
    if left.split:
        cut = _cut(right.whole, left)
        return Part(left.family, cut.family), Part(left.given, cut.given)
    return Part(), Part(left.whole, right.whole)


def _cut(whole: str, model: Words) -> Words:
    if whole.startswith(model.family):
        size = len(model.family)
    elif whole.endswith(model.given):
        size = len(whole) - len(model.given)
    else:
        size = min(len(model.family), len(whole) - 1)
    return Words(whole, whole[:size], whole[size:])
