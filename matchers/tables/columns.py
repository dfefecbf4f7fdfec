"""Columns as numbers: every distinct value once, and per record which it is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchers.fields import FieldType
from matchers.normalise import Words
from matchers.tables.folds import fold_cell, fold_name

Codes = NDArray[np.int32]
_PARTS = {
    FieldType.PERSON_NAME: (FieldType.FAMILY_NAME, FieldType.GIVEN_NAME),
    FieldType.KANA_NAME: (FieldType.FAMILY_KANA, FieldType.GIVEN_KANA),
}


@dataclass(frozen=True)
class Coded:
    """Per record the number of its value, and the distinct values; number 0 is None, not given."""

    codes: Codes
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Column:
    """One field of all records. names: for a part of a whole name, the whole names (`Words`) and which part it is,
    0 the family name, 1 the given name.
    """

    name: str
    type: FieldType
    coded: Coded
    names: tuple[Coded, int] | None = None

    @property
    def codes(self) -> Codes:
        """Per record the number of its value."""
        return self.coded.codes

    @property
    def values(self) -> tuple[Any, ...]:
        """The distinct values."""
        return self.coded.values

    @property
    def counts(self) -> NDArray[np.int64]:
        """Per value the records that have it."""
        return np.bincount(self.codes, minlength=len(self.values))


@dataclass(frozen=True)
class Records:
    """The records of one table or two, one after the other. right_from: the first of the second, None for one table."""

    columns: Sequence[Column]
    size: int
    right_from: int | None = None


def code_columns(name: str, kind: FieldType, cells: Iterable[str]) -> tuple[Column, ...]:
    """The column of these cells, each distinct cell folded once; a whole name as its two parts."""
    if kind not in _PARTS:
        return (Column(name, kind, _code(cells, lambda cell: fold_cell(kind, cell))),)
    whole = _code(cells, lambda cell: fold_name(kind, cell))
    return tuple(
        Column(name, part_kind, _part(whole, part), (whole, part)) for part, part_kind in enumerate(_PARTS[kind])
    )


def _code(cells: Iterable[str], fold: Callable[[str], Hashable]) -> Coded:
    numbers: dict[Hashable, int] = {None: 0}
    known: dict[str, int] = {}
    codes: list[int] = []
    for cell in cells:
        code = known.get(cell)
        if code is None:
            code = known[cell] = numbers.setdefault(fold(cell), len(numbers))
        codes.append(code)
    return Coded(np.array(codes, np.int32), tuple(numbers))


def _part(whole: Coded, part: int) -> Coded:
    """The part of each name; where the parts are not known the whole stands as the given name."""
    numbers: dict[str | None, int] = {None: 0}
    texts = [None if words is None else _text(words, part) for words in whole.values]
    codes = np.array([numbers.setdefault(text or None, len(numbers)) for text in texts], np.int32)
    return Coded(codes[whole.codes], tuple(numbers))


def _text(words: Words, part: int) -> str:
    if part == 0:
        return words.family
    return words.given or words.whole
