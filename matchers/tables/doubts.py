"""What keeps a pair from being linked by machine, however high it scores."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from matchers.fields import FieldType
from matchers.tables.blocks import Pairs
from matchers.tables.comparing import MISSING, Levels, compare_pairs
from matchers.tables.scoring import Model

_OWN = (FieldType.GIVEN_NAME, FieldType.GIVEN_KANA, FieldType.DATE)
_OTHER_DAY = ("else", "same_year", "same_day")
_SAME = ("exact", "variant", "swapped", "former")


def differ_at_all(model: Model, pairs: Pairs) -> NDArray[np.bool_]:
    """Pairs that are not wholly the same in given name, its reading or birth date, where both give it."""
    levels = compare_pairs(model.fields, pairs)
    return _unlike(model, levels, (place for place, field in enumerate(model.fields) if field.column.type in _OWN))


def told_apart(model: Model, pairs: Pairs) -> NDArray[np.bool_]:
    """Pairs whose given names are written in other Japanese characters, or read otherwise where one has no name; and
    those born on wholly another day.

    One character apart is a brother or sister as easily as a slip (良太郎, 凌太郎), and a couple of one name at one
    address differs in nothing but the day.
    """
    levels = compare_pairs(model.fields, pairs)
    by_type = {field.column.type: place for place, field in reversed(list(enumerate(model.fields)))}
    name, kana, day = (by_type.get(one) for one in _OWN)
    unlike = np.zeros(len(pairs), np.bool_)
    silent = np.ones(len(pairs), np.bool_)
    if name is not None:
        column = model.fields[name].column
        japanese = np.array([value is not None and not value.isascii() for value in column.values])
        unlike |= _unlike(model, levels, [name]) & japanese[column.codes[pairs]].all(axis=1)
        silent = (column.codes[pairs] == 0).any(axis=1)
    if kana is not None:
        unlike |= _unlike(model, levels, [kana]) & silent
    if day is not None:
        field = model.fields[day]
        unlike |= np.isin(levels[:, day], [field.number(code) for code in _OTHER_DAY if code in field.codes])
    return unlike


def _unlike(model: Model, levels: Levels, places: Iterable[int]) -> NDArray[np.bool_]:
    unlike = np.zeros(len(levels), np.bool_)
    for place in places:
        field = model.fields[place]
        agreeing = [field.number(code) for code in _SAME if code in field.codes]
        unlike |= (levels[:, place] != MISSING) & ~np.isin(levels[:, place], agreeing)
    return unlike
