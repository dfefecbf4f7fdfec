"""One record made ready for comparison; the raw record stays with the caller."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from japan.address import place_key, split_address
from japan.kana import kana_key, kana_shape_key, to_full_katakana
from japan.names import is_latin, name_key, normalise_name, split_name
from japan.phone import normalise_phone
from japan.postal import normalise_postal
from japan.text import drop_spaces, fold_width
from matchers.records import PersonRecord


@dataclass(frozen=True)
class Words:
    """A name or reading in parts: whole, and family and given where the writing shows them ("" where not)."""

    whole: str = ""
    family: str = ""
    given: str = ""

    @property
    def split(self) -> bool:
        """True when the parts are known."""
        return bool(self.given)


@dataclass(frozen=True)
class NormalisedPerson:
    """What is compared of a person. "" and None mean not given.

    written: the name as registered, in one width; name: its key with variant characters folded;
    kana: the key of the reading; kana_shape: the coarse key for machine-read kana;
    place and numbers: the address without prefecture and building;
    former: keys of former names, in parts; confidence: as in PersonRecord.
    """

    written: Words = Words()
    name: Words = Words()
    kana: Words = Words()
    kana_shape: Words = Words()
    birth_date: date | None = None
    postal: str = ""
    place: str = ""
    numbers: tuple[str, ...] = ()
    phone: str = ""
    email: str = ""
    account: str = ""
    resident_number: str = ""
    household_number: str = ""
    reference_number: str = ""
    former: tuple[Words, ...] = ()
    confidence: Mapping[str, float] = field(default_factory=dict)


def normalise(record: PersonRecord) -> NormalisedPerson:
    """The record in comparable form; "" for what has none (a phone of five digits)."""
    reading = to_full_katakana(record.kana or "")
    address = split_address(record.address or "")
    return NormalisedPerson(
        written=_written(record.name or ""),
        name=_name(record.name or ""),
        kana=_parts(reading, kana_key),
        kana_shape=_parts(reading, kana_shape_key),
        birth_date=record.birth_date,
        postal=normalise_postal(record.postal_code or "") or "",
        place=place_key(address.place),
        # Block, house and house extension; a fourth number is a room and stands with the building.
        numbers=address.numbers[:3],
        phone=normalise_phone(record.phone or "") or "",
        email=fold_width(record.email or "").strip().lower(),
        account=re.sub("[^0-9A-Z]", "", fold_width(record.account or "").upper()),
        resident_number=_number(record.resident_number),
        household_number=_number(record.household_number),
        reference_number=_number(record.reference_number),
        former=tuple(_name(name) for name in record.former_names if name.strip()),
        confidence=dict(record.confidence),
    )


def _written(name: str) -> Words:
    parts = split_name(name)
    whole = drop_spaces(normalise_name(name))
    return Words(whole, parts.family, parts.given or "") if parts.given else Words(whole)


def _name(name: str) -> Words:
    parts = split_name(name)
    if parts.given and not is_latin(name):
        given = name_key(parts.given)
        return Words(name_key(parts.family) + given, name_key(parts.family), given)
    return Words(name_key(name))


def _parts(reading: str, key: Callable[[str], str]) -> Words:
    parts = split_name(reading)
    if parts.given:
        return Words(key(reading), key(parts.family), key(parts.given))
    return Words(key(reading))


def _number(text: str | None) -> str:
    return drop_spaces(fold_width(text or "")).upper()
