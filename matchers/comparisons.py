"""What is compared, as data: per field its levels in order.

Family name, address and contacts are shared by a household; given name, its reading, birth date and the
printed numbers belong to one person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matchers import levels
from matchers.levels import Level
from matchers.normalise import NormalisedPerson
from matchers.pairing import Pair, Part


@dataclass(frozen=True)
class FieldComparison:
    """One field: its name, the record attribute whose confidence it has, whether a household shares it."""

    field: str
    attribute: str
    shared: bool
    levels: tuple[Level, ...]

    def level(self, pair: Pair) -> str:
        """The code of the first level that holds."""
        return next(level.code for level in self.levels if level.holds(pair))


def _both(get: Callable[[NormalisedPerson], str]) -> Callable[[Pair], Part]:
    return lambda pair: Part(get(pair.a), get(pair.b))


def _family(pair: Pair) -> Part:
    return pair.family


def _given(pair: Pair) -> Part:
    return pair.given


def _kana_family(pair: Pair) -> Part:
    return pair.kana_family


def _kana_given(pair: Pair) -> Part:
    return pair.kana_given


def _written_family(pair: Pair) -> Part:
    return pair.written_family


def _written_given(pair: Pair) -> Part:
    return pair.written_given


_PLACE = _both(lambda person: person.place)
_HOUSE = _both(lambda person: person.place + "-".join(person.numbers) if person.numbers else "")
_POSTAL = _both(lambda person: person.postal)
_PHONE = _both(lambda person: person.phone)


def _plain(field: str, get: Callable[[NormalisedPerson], str], *, shared: bool) -> FieldComparison:
    values = _both(get)
    steps = (levels.missing(values), levels.exact(values), levels.otherwise())
    return FieldComparison(field, field, shared, steps)


COMPARISONS: tuple[FieldComparison, ...] = (
    FieldComparison(
        "family",
        "name",
        True,
        (
            levels.missing(_family),
            levels.swapped(_family),
            levels.exact(_written_family),
            levels.exact(_family, "variant"),
            levels.weak_variant(_family),
            levels.former_family(),
            levels.close(_family),
            levels.otherwise(),
        ),
    ),
    FieldComparison(
        "given",
        "name",
        False,
        (
            levels.missing(_given),
            levels.swapped(_given),
            levels.exact(_written_given),
            levels.exact(_given, "variant"),
            levels.weak_variant(_given),
            levels.close(_given),
            levels.otherwise(),
        ),
    ),
    FieldComparison(
        "kana_family",
        "kana",
        True,
        (
            levels.missing(_kana_family),
            # A name that agrees mostly brings its reading along: little is learnt a second time.
            levels.when(levels.family_agrees, levels.exact(_kana_family), "exact_again"),
            levels.exact(_kana_family),
            levels.swapped(_kana_family),
            levels.look_alike(_kana_family),
            levels.close(_kana_family),
            levels.when(levels.family_agrees, levels.otherwise(), "other_reading"),
            levels.otherwise(),
        ),
    ),
    FieldComparison(
        "kana_given",
        "kana",
        False,
        (
            levels.missing(_kana_given),
            levels.when(levels.given_agrees, levels.exact(_kana_given), "exact_again"),
            levels.exact(_kana_given),
            levels.swapped(_kana_given),
            levels.look_alike(_kana_given),
            levels.close(_kana_given, at_least=3),
            levels.when(levels.given_agrees, levels.otherwise(), "other_reading"),
            levels.otherwise(),
        ),
    ),
    FieldComparison(
        "birth_date",
        "birth_date",
        False,
        (
            levels.missing(levels.birth_dates),
            levels.exact(levels.birth_dates),
            levels.date_level("swapped_month_day", levels.month_day_swapped),
            levels.date_level("one_digit", levels.one_digit_differs),
            levels.date_level("era_slip", levels.era_slipped),
            levels.otherwise(),
        ),
    ),
    FieldComparison(
        "address",
        "address",
        True,
        (
            levels.missing(_PLACE),
            levels.exact(_HOUSE),
            levels.exact(_PLACE, "same_place"),
            levels.close(_HOUSE, edits=2, at_least=6),
            levels.otherwise(),
        ),
    ),
    FieldComparison(
        "postal_code",
        "postal_code",
        True,
        (levels.missing(_POSTAL), levels.exact(_POSTAL), levels.close(_POSTAL), levels.otherwise()),
    ),
    FieldComparison(
        "phone",
        "phone",
        True,
        (levels.missing(_PHONE), levels.exact(_PHONE), levels.close(_PHONE), levels.otherwise()),
    ),
    _plain("email", lambda person: person.email, shared=True),
    _plain("account", lambda person: person.account, shared=True),
    _plain("household_number", lambda person: person.household_number, shared=True),
    _plain("resident_number", lambda person: person.resident_number, shared=False),
    _plain("reference_number", lambda person: person.reference_number, shared=False),
)
