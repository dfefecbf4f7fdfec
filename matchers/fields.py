"""The types a value may have, and a schema: the fields of a record, declared once, from which comparisons follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from japan.address import building_key, place_key, split_for_key
from japan.text import squeeze_spaces
from matchers.normalise import Words


class FieldType(StrEnum):
    """What a value is. The levels of a comparison follow from it, see `matchers.comparisons.LEVELS`.

    PERSON_NAME and KANA_NAME are whole names: in a comparison they stand as their parts, family and given. KEY is a
    printed number that is right or wrong as a whole (宛名番号).
    """

    FAMILY_NAME = "family_name"
    GIVEN_NAME = "given_name"
    PERSON_NAME = "person_name"
    FAMILY_KANA = "family_kana"
    GIVEN_KANA = "given_kana"
    KANA_NAME = "kana_name"
    DATE = "date"
    SEX = "sex"
    POSTAL_CODE = "postal_code"
    ADDRESS = "address"
    BUILDING = "building"
    PHONE = "phone"
    EMAIL = "email"
    ACCOUNT = "account"
    DIGITS = "digits"
    TEXT = "text"
    KEY = "key"


class AddressValue(NamedTuple):
    """An address to compare: the key of its place, block and house numbers, building or room ("" when none)."""

    place: str
    numbers: tuple[str, ...] = ()
    building: str = ""


Value = str | AddressValue | None
"""A value made ready to compare. None and "" mean not given. ADDRESS is an `AddressValue`, all else text in one way of
writing; DATE as 2015-04-01."""


class Named(Protocol):
    """What every record has: the names in parts (all empty where it has none) and the confidences of readings."""

    @property
    def written(self) -> Words: ...
    @property
    def name(self) -> Words: ...
    @property
    def kana(self) -> Words: ...
    @property
    def former(self) -> tuple[Words, ...]: ...
    @property
    def aliases(self) -> tuple[Words, ...]: ...
    @property
    def confidence(self) -> Mapping[str, float]: ...


@dataclass(frozen=True)
class Field:
    """One field of a schema.

    get: its value in a record; None for a part of a name, which is aligned with the other record's first.
    attribute: the name under which a record keeps the confidence of the value.
    shared: a household has it in common. repeats: the field that mostly brings this one along, so that its
    agreement says little where that one agrees already (a reading after its name).
    """

    name: str
    type: FieldType
    get: Callable[[Any], Value] | None = None
    attribute: str = ""
    shared: bool = False
    repeats: str = ""


@dataclass(frozen=True)
class Schema:
    """The fields of a record, in order: one that repeats another stands after it."""

    fields: tuple[Field, ...]

    @cached_property
    def shared(self) -> frozenset[str]:
        """The fields that a household has in common."""
        return frozenset(one.name for one in self.fields if one.shared)


PERSON = Schema(
    (
        Field("family", FieldType.FAMILY_NAME, None, "name", shared=True),
        Field("given", FieldType.GIVEN_NAME, None, "name"),
        Field("kana_family", FieldType.FAMILY_KANA, None, "kana", True, repeats="family"),
        Field("kana_given", FieldType.GIVEN_KANA, None, "kana", repeats="given"),
        Field("birth_date", FieldType.DATE, lambda person: day_text(person.birth_date), "birth_date"),
        Field("sex", FieldType.SEX, lambda person: person.sex, "sex"),
        Field("address", FieldType.ADDRESS, lambda person: address_value(person), "address", shared=True),
        Field("postal_code", FieldType.POSTAL_CODE, lambda person: person.postal, "postal_code", True, "address"),
        Field("phone", FieldType.PHONE, lambda person: person.phone, "phone", shared=True),
        Field("email", FieldType.EMAIL, lambda person: person.email, "email", shared=True),
        Field("account", FieldType.ACCOUNT, lambda person: person.account, "account", shared=True),
        Field("household_number", FieldType.KEY, lambda person: person.household_number, "household_number", True),
        Field("resident_number", FieldType.KEY, lambda person: person.resident_number, "resident_number"),
        Field("reference_number", FieldType.KEY, lambda person: person.reference_number, "reference_number"),
    )
)
"""The person of the case store; its records are `NormalisedPerson`s.

Family name, address and contacts are shared by a household; given name, its reading, birth date and the printed
numbers belong to one person.
"""


def address_value(person: Any) -> AddressValue | None:
    """The address of a person to compare; None where no place is given."""
    return AddressValue(person.place, person.numbers, person.building) if person.place else None


def day_text(day: date | None) -> str:
    """The day as it is compared; "" for none."""
    return day.isoformat() if day else ""


def read_address(text: str) -> AddressValue | None:
    """An address that was written, to compare; None for an empty one. In Latin letters it is compared as a whole."""
    if text.isascii():
        return AddressValue(squeeze_spaces(text).upper()) if text.strip() else None
    parts = split_for_key(text)
    place = place_key(parts.place)
    building = building_key(" ".join((parts.building, "-".join(parts.numbers[3:]))))
    return AddressValue(place, parts.numbers[:3], building) if place or parts.numbers else None
