"""What is compared, as data: the levels of each type of value, in order of falling agreement.

A schema (`matchers.fields`) names fields and their types; the comparisons follow. The person of the case store and
a row of any table are compared by the same levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from matchers import dates, levels, nicknames, places
from matchers.confusion import Script
from matchers.fields import FieldType, Schema, read_address
from matchers.levels import Level
from matchers.sides import Sides

_REMEMBERED = 2**16

_NAME = (levels.missing(), levels.former(), levels.swapped(), levels.exact(), levels.variant(), levels.weak_variant())
_NAME_ALIKE = (
    levels.look_alike(Script.NAME, bits_a_character=4.0),
    levels.close(),
    levels.jaro_winkler(0.9, "close"),
    levels.jaro_winkler(0.8, "similar"),
    levels.share_of_edits(0.4, "similar"),
    levels.otherwise(),
)
_KANA = (
    levels.missing(),
    levels.swapped(),
    levels.exact(),
    levels.same_shape(),
    levels.look_alike(Script.KANA, bits_a_character=3.0),
)


def _plain(*between: Level) -> tuple[Level, ...]:
    return (levels.missing(), levels.exact(), *between, levels.otherwise())


LEVELS: Mapping[FieldType, tuple[Level, ...]] = {
    FieldType.FAMILY_NAME: (*_NAME, *_NAME_ALIKE),
    FieldType.GIVEN_NAME: (*_NAME, nicknames.nickname(), nicknames.initial(), nicknames.first_only(), *_NAME_ALIKE),
    FieldType.FAMILY_KANA: (*_KANA, levels.close(), levels.share_of_edits(0.4, "similar"), levels.otherwise()),
    FieldType.GIVEN_KANA: (
        *_KANA,
        levels.close(at_least=3),
        levels.share_of_edits(0.4, "similar"),
        levels.otherwise(),
    ),
    FieldType.DATE: _plain(
        dates.month_day_swapped(),
        dates.one_digit(),
        dates.era_slip(),
        dates.day_unknown(),
        dates.same_day(),
        dates.two_digits(),
        dates.same_year(),
    ),
    FieldType.SEX: _plain(),
    FieldType.POSTAL_CODE: _plain(levels.close(), levels.same_start(3, "same_area")),
    FieldType.ADDRESS: (
        levels.missing(),
        places.same_house(),
        places.same_building(),
        places.close_house(),
        places.close_street(),
        places.same_town(),
        places.same_city(),
        levels.otherwise(),
    ),
    FieldType.BUILDING: _plain(levels.share_of_edits(0.34, "close")),
    FieldType.PHONE: _plain(
        levels.ends_with_other(6, "area_missing"),
        levels.close(),
        levels.close(edits=2, code="similar"),
        levels.same_end(4, "last_four"),
    ),
    FieldType.EMAIL: _plain(levels.close(edits=2, at_least=6)),
    FieldType.ACCOUNT: _plain(levels.close(at_least=6)),
    FieldType.DIGITS: _plain(levels.close(at_least=4)),
    FieldType.TEXT: _plain(
        levels.share_of_edits(0.2, "close"),
        levels.jaro_winkler(0.92, "close"),
        levels.shared_words(1.0, "within"),
        levels.share_of_edits(0.4, "similar"),
    ),
    FieldType.KEY: _plain(),
}
"""For each type its levels, the first that holds being the one. Several may share a code."""


@lru_cache(maxsize=_REMEMBERED)
def find_level(kind: FieldType, sides: Sides) -> str:
    """The code of the first level of this type that holds."""
    return next(level.code for level in LEVELS[kind] if level.holds(sides))


def level_of(kind: FieldType, left: str, right: str) -> str:
    """The level of two values written as text, each as `matchers.normalise` folds its type; an address as it is."""
    if kind is FieldType.ADDRESS:
        return find_level(kind, Sides(read_address(left), read_address(right)))
    return find_level(kind, Sides(left, right))


TOLD_AGAIN = {"exact": "exact_again", "else": "other_reading"}
"""How a level of a reading is called in evidence where the name that it repeats agrees."""
AS_COMPARED = {told: level for level, told in TOLD_AGAIN.items()}


def codes_of(kind: FieldType) -> tuple[str, ...]:
    """The codes of a type's levels but "missing", each once, in order."""
    return tuple(dict.fromkeys(level.code for level in LEVELS[kind] if level.code != "missing"))


def level_codes(schema: Schema) -> dict[str, tuple[str, ...]]:
    """The codes of each field's levels but "missing", each once, in order."""
    return {field.name: codes_of(field.type) for field in schema.fields}
