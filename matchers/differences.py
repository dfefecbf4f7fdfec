"""Two values side by side, for staff: which characters differ, and what kind of difference each is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from rapidfuzz.distance import Levenshtein

from japan.kana import kana_key
from japan.text import drop_spaces, fold_width
from japan.variants import Kinship, kinship
from matchers.confusion import Script, confusions

_MOSTLY = 0.5
"""Texts of which less than this share agrees are shown as different as a whole: pieces in common are chance."""


class Difference(StrEnum):
    """What two pieces of text are to each other.

    SPELLING: one way of writing or another (spaces, width, small kana). VARIANT: characters of one name (髙/高).
    INTERCHANGED: characters that people confuse (斉/斎). LOOK_ALIKE: the reader takes one for the other.
    """

    SAME = "same"
    SPELLING = "spelling"
    VARIANT = "variant"
    INTERCHANGED = "interchanged"
    LOOK_ALIKE = "look_alike"
    OTHER = "other"


@dataclass(frozen=True)
class Piece:
    """A piece of the left text and what stands for it in the right one; "" where nothing does."""

    left: str
    right: str
    kind: Difference


def find_differences(left: str, right: str) -> tuple[Piece, ...]:
    """The two texts in pieces, which joined give each text back; differing characters stand one by one."""
    if left == right:
        return (Piece(left, right, Difference.SAME),) if left else ()
    if left and right and _say_the_same(left, right):
        other = {Difference.OTHER: Difference.SPELLING}
        return tuple(replace(one, kind=other.get(one.kind, one.kind)) for one in _pieces(left, right))
    if Levenshtein.normalized_similarity(left, right) < _MOSTLY:
        return (Piece(left, right, Difference.OTHER),)
    return tuple(_pieces(left, right))


def _pieces(left: str, right: str) -> list[Piece]:
    found = []
    for step in Levenshtein.opcodes(left, right):
        one, two = left[step.src_start : step.src_end], right[step.dest_start : step.dest_end]
        if step.tag == "equal":
            found.append(Piece(one, two, Difference.SAME))
        elif step.tag == "replace":
            found += [Piece(a, b, _kind_of(a, b)) for a, b in zip(one, two, strict=True)]
        else:
            found.append(Piece(one, two, _kind_of(one, two)))
    return found


def _kind_of(left: str, right: str) -> Difference:
    if _say_the_same(left, right):
        return Difference.SPELLING
    related = kinship(left, right)
    if related is Kinship.STRONG:
        return Difference.VARIANT
    if related is Kinship.WEAK:
        return Difference.INTERCHANGED
    if any((left, right) in confusions(script) for script in Script):
        return Difference.LOOK_ALIKE
    return Difference.OTHER


def _say_the_same(left: str, right: str) -> bool:
    one, two = drop_spaces(fold_width(left)), drop_spaces(fold_width(right))
    return one.casefold() == two.casefold() or (bool(kana_key(one)) and kana_key(one) == kana_key(two))
