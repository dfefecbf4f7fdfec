"""The level of every field of every candidate pair, each distinct pair of values compared once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchers.comparisons import LEVELS, codes_of
from matchers.fields import FieldType, Value
from matchers.pairing import align
from matchers.sides import Sides
from matchers.tables.blocks import Pairs
from matchers.tables.columns import Coded, Column, Records

MISSING = -1
_CHUNK = 200_000
"""Distinct pairs turned into Python at a time: a bound on memory, of no effect on what is found."""
Levels = NDArray[np.int16]


@dataclass(frozen=True)
class TableField:
    """A column as it is compared. codes: its levels in order, "missing" left out; parent: the field it mostly follows
    (a reading its name, a postal code its address), None where there is none.
    """

    column: Column
    codes: tuple[str, ...]
    parent: int | None = None

    def number(self, code: str) -> int:
        """The place of a level in the order, MISSING for a code that the field does not have."""
        return self.codes.index(code) if code in self.codes else MISSING


_FOLLOWS = {
    FieldType.FAMILY_KANA: FieldType.FAMILY_NAME,
    FieldType.GIVEN_KANA: FieldType.GIVEN_NAME,
    FieldType.POSTAL_CODE: FieldType.ADDRESS,
    FieldType.BUILDING: FieldType.ADDRESS,
}


def fields_of(records: Records) -> tuple[TableField, ...]:
    """The fields of the records, in the order of their columns."""
    first = {column.type: place for place, column in reversed(list(enumerate(records.columns)))}
    return tuple(
        TableField(column, codes_of(column.type), first.get(_FOLLOWS[column.type]) if column.type in _FOLLOWS else None)
        for column in records.columns
    )


def compare_pairs(
    fields: Sequence[TableField], pairs: Pairs, *, on_field: Callable[[int, int], None] = lambda done, of: None
) -> Levels:
    """Per pair and field the number of its level, MISSING where one side has no value."""
    found = np.empty((len(pairs), len(fields)), np.int16)
    for place, field in enumerate(fields):
        found[:, place] = _column(field, pairs)
        on_field(place + 1, len(fields))
    for family, given in _name_columns(fields):
        _settle_swaps(fields, found, pairs, family, given)
    return found


def _column(field: TableField, pairs: Pairs) -> Levels:
    find = _finder(field)
    if field.column.names is not None:
        whole, part = field.column.names
        return _distinct(whole, pairs, np.ones(len(pairs), np.bool_), lambda a, b: find(align(a, b)[part]))
    codes = field.column.codes
    left, right = codes[pairs[:, 0]], codes[pairs[:, 1]]
    levels = _distinct(field.column.coded, pairs, left != right, lambda a, b: find(Sides(a, b)))
    levels[(left == right) & (left > 0)] = field.number("exact")
    return levels


def _finder(field: TableField) -> Callable[[Sides], int]:
    """The number of the first level that holds. Nothing is remembered: each pair of values comes once."""
    tests = [(level.holds, field.number(level.code)) for level in LEVELS[field.column.type]]

    def find(sides: Sides) -> int:
        for holds, number in tests:
            if holds(sides):
                return number
        return MISSING

    return find


def _distinct(coded: Coded, pairs: Pairs, open_: NDArray[np.bool_], level: Callable[[Any, Any], int]) -> Levels:
    """The levels of the open pairs whose sides are both given, each distinct pair of values looked at once."""
    left, right = (coded.codes[pairs[:, side]].astype(np.int64) for side in (0, 1))
    low, high = np.minimum(left, right), np.maximum(left, right)
    at = np.flatnonzero(open_ & (low > 0))
    distinct, place = np.unique(low[at] * len(coded.values) + high[at], return_inverse=True)
    found = np.empty(len(distinct), np.int16)
    for start in range(0, len(distinct), _CHUNK):
        lows, highs = (part.tolist() for part in np.divmod(distinct[start : start + _CHUNK], len(coded.values)))
        numbers = [level(coded.values[a], coded.values[b]) for a, b in zip(lows, highs, strict=True)]
        found[start : start + _CHUNK] = numbers
    levels = np.full(len(pairs), MISSING, np.int16)
    levels[at] = found[place]
    return levels


def _name_columns(fields: Sequence[TableField]) -> list[tuple[int, int]]:
    """Family and given columns that belong together, as field numbers."""
    apart = [(place, field) for place, field in enumerate(fields) if field.column.names is None]
    places = {field.column.type: place for place, field in reversed(apart)}
    both = ((FieldType.FAMILY_NAME, FieldType.GIVEN_NAME), (FieldType.FAMILY_KANA, FieldType.GIVEN_KANA))
    return [(places[a], places[b]) for a, b in both if a in places and b in places]


def _settle_swaps(fields: Sequence[TableField], found: Levels, pairs: Pairs, family: int, given: int) -> None:
    """Writes "swapped" where the family name of each is the given name of the other."""
    numbers: dict[Value, int] = {None: 0}
    common = [
        np.array([numbers.setdefault(value, len(numbers)) for value in fields[place].column.values])[
            fields[place].column.codes
        ]
        for place in (family, given)
    ]
    left, right = pairs[:, 0], pairs[:, 1]
    crossed = (common[0][left] == common[1][right]) & (common[1][left] == common[0][right])
    crossed &= (common[0][left] > 0) & (common[1][left] > 0) & (common[0][left] != common[1][left])
    for place in (family, given):
        found[crossed, place] = fields[place].number("swapped")
