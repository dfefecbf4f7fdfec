"""Two values side by side, for staff: which characters differ, and what kind of difference each is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

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
    """The two texts in pieces, which joined give each text back.

    Words and numbers are compared one by one where both texts have the same number of them. Single characters that
    differ stand by themselves; where several in a row do, and not only in how they are written, they are one piece.
    """
    one, two = _words(left), _words(right)
    if len(one) == len(two) and all(_sort(a) == _sort(b) for a, b in zip(one, two, strict=True)):
        return tuple(_joined([piece for a, b in zip(one, two, strict=True) for piece in _of_word(a, b)]))
    return tuple(_joined(_of_word(left, right)))


_WORDS = re.compile(r"\d+|\s+|[^\d\s]+")


def _words(text: str) -> list[str]:
    return _WORDS.findall(text)


def _sort(word: str) -> tuple[bool, bool]:
    return word[0].isdecimal(), word[0].isspace()


def _of_word(left: str, right: str) -> list[Piece]:
    if left == right:
        return [Piece(left, right, Difference.SAME)] if left else []
    if left and right and _say_the_same(left, right):
        other = {Difference.OTHER: Difference.SPELLING}
        return [replace(one, kind=other.get(one.kind, one.kind)) for one in _pieces(left, right)]
    if left.isdecimal() and right.isdecimal() and len(left) != len(right):
        return [Piece(left, right, Difference.OTHER)]
    if Levenshtein.normalized_similarity(left, right) < _MOSTLY and (len(left), len(right)) != (1, 1):
        found = _pieces(left, right)
        return found if all(one.kind in _OF_WRITING for one in found) else [Piece(left, right, Difference.OTHER)]
    return _pieces(left, right)


_OF_WRITING = frozenset(set(Difference) - {Difference.OTHER})


def _joined(pieces: list[Piece]) -> Iterator[Piece]:
    """The pieces with each run of differing ones as one, where one of them is more than a way of writing."""
    for same, run in groupby(pieces, lambda one: one.kind in (Difference.SAME, Difference.SPELLING)):
        found = list(run)
        if same or all(one.kind in _OF_WRITING for one in found):
            yield from found
        else:
            yield Piece("".join(one.left for one in found), "".join(one.right for one in found), Difference.OTHER)


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
