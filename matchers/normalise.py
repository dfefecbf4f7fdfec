"""One record made ready for comparison; the raw record stays with the caller.

Nothing here raises, whatever was written: a value that is none of its type is as if not given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from japan.address import building_key, place_key, split_for_key
from japan.bank import account_key
from japan.email import normalise_email
from japan.era import read_date
from japan.kana import kana_key, to_full_katakana
from japan.names import is_latin, name_key, normalise_name, split_name
from japan.phone import normalise_phone
from japan.postal import complete_place, normalise_postal
from japan.registered_names import read_registered_name
from japan.sex import normalise_sex
from japan.splitting import split_reading, split_unspaced
from japan.text import drop_spaces, fold_width
from matchers.records import PersonRecord


@dataclass(frozen=True)
class Words:
    """A name or reading in parts: whole, and family and given where the writing shows them ("" where not).

    guessed: the parts were not written but told by readings and lists of names: they may be wrong.
    """

    whole: str = ""
    family: str = ""
    given: str = ""
    guessed: bool = False

    @property
    def split(self) -> bool:
        """True when the parts are known: written, not guessed."""
        return bool(self.given) and not self.guessed


@dataclass(frozen=True)
class NormalisedPerson:
    """What is compared of a person. "" and None mean not given.

    written: the name as registered, in one width; name: its key with variant characters folded;
    kana: the key of the reading; reading: itself, in katakana;
    place and numbers: the address without prefecture and building; building: the key of building and room;
    former: keys of former names, in parts; aliases: keys of other names in use, in parts; sex: "M", "F" or "";
    confidence: as in PersonRecord.
    """

    written: Words = Words()
    name: Words = Words()
    kana: Words = Words()
    reading: str = ""
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
    building: str = ""
    sex: str = ""
    aliases: tuple[Words, ...] = ()


def normalise(record: PersonRecord) -> NormalisedPerson:
    """The record in comparable form; "" for what has none (a phone of five digits)."""
    said = read_registered_name(record.name or "")
    reading = to_full_katakana(record.kana or said.kana)
    written, name = _written(said.legal, reading), name_words(said.legal, reading)
    address = split_for_key(record.address or "")
    postal = normalise_postal(record.postal_code or "") or ""
    former = (*said.former, *record.former_names)
    return NormalisedPerson(
        written=written,
        name=name,
        kana=_reading(reading, written),
        reading=reading,
        birth_date=record.birth_date,
        postal=postal,
        place=complete_place(place_key(address.place), postal),
        # Block, house and house extension; a fourth number is a room and stands with the building.
        numbers=address.numbers[:3],
        phone=normalise_phone(record.phone or "") or "",
        email=normalise_email(record.email or "") or "",
        account=account_key(record.account) if record.account else "",
        resident_number=_number(record.resident_number),
        household_number=_number(record.household_number),
        reference_number=_number(record.reference_number),
        former=tuple(_former(one, name) for one in former if one.strip()),
        confidence=dict(record.confidence),
        building=_building(record.building, address.building, address.numbers[3:]),
        sex=normalise_sex(record.sex or ""),
        aliases=tuple(name_words(one) for one in (*said.aliases, *record.aliases) if one.strip()),
    )


def names_of(record: PersonRecord) -> tuple[Words, Words]:
    """The keys of name and reading as `normalise` makes them, at a quarter of its cost: for counting many people."""
    said = read_registered_name(record.name or "")
    reading = to_full_katakana(record.kana or said.kana)
    return name_words(said.legal, reading), _reading(reading, _written(said.legal, reading))


def name_words(text: str, reading: str = "") -> Words:
    """The key of a name in parts. reading: its kana, which help to part a name written without a space.

    A Latin name is whole: its words upper-case, without accents and sorted, one space between them, since which of
    them is the family name cannot be seen.
    """
    parts = split_name(text)
    if parts.given and not is_latin(text):
        given = name_key(parts.given)
        return Words(name_key(parts.family) + given, name_key(parts.family), given)
    whole = name_key(text)
    guess = split_unspaced(text, reading) if whole else None
    return Words(whole, name_key(guess.family), name_key(guess.given or ""), True) if guess else Words(whole)


def kana_words(text: str) -> Words:
    """The key of a reading in parts, as far as they are written."""
    return _parts(to_full_katakana(text), kana_key)


def _written(name: str, reading: str) -> Words:
    parts = split_name(name)
    whole = drop_spaces(normalise_name(name))
    if parts.given:
        return Words(whole, parts.family, parts.given)
    guess = split_unspaced(name, reading) if whole else None
    return Words(whole, guess.family, guess.given or "", True) if guess else Words(whole)


def _reading(reading: str, written: Words) -> Words:
    """The key of a reading; without a space, parted by the name it reads."""
    kana = _parts(reading, kana_key)
    if kana.given or not kana.whole or not written.given:
        return kana
    cut = split_reading(written.family, written.given, reading)
    return kana if cut is None else replace(kana, family=kana_key(cut[0]), given=kana_key(cut[1]), guessed=True)


def _former(text: str, name: Words) -> Words:
    """A former name; registers often give only the family name (旧氏), to which the given name belongs."""
    words = name_words(text)
    if words.split or not name.given or words.whole.endswith(name.given):
        return words
    alone = split_name(text).family
    if is_latin(alone) or len(alone) > _LONGEST_FORMER:
        return words
    return Words(words.whole + name.given, words.whole, name.given, name.guessed)


_LONGEST_FORMER = 4


def _parts(reading: str, key: Callable[[str], str]) -> Words:
    parts = split_name(reading)
    if parts.given:
        return Words(key(reading), key(parts.family), key(parts.given))
    return Words(key(reading))


def _building(apart: str | None, behind: str, rooms: tuple[str, ...]) -> str:
    """Building and room: from a field of their own, else from behind the house number, a fourth number included."""
    return building_key(apart or " ".join((behind, "-".join(rooms))))


def _number(text: str | None) -> str:
    return drop_spaces(fold_width(text)).upper() if text else ""


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", fold_width(text)).upper()


def _day(text: str) -> str:
    day = read_date(text)
    return day.isoformat() if day else _plain(text)


def _text(text: str) -> str:
    return re.sub(r"\s+", " ", fold_width(text)).strip().upper()


def _digits(text: str) -> str:
    return _plain(text).lstrip("0")


FOLDS: Mapping[str, Callable[[str], str]] = {
    "family_name": name_key,
    "given_name": name_key,
    "family_kana": kana_key,
    "given_kana": kana_key,
    "date": _day,
    "sex": lambda text: normalise_sex(text) or _plain(text),
    "postal_code": lambda text: normalise_postal(text) or _plain(text),
    "building": building_key,
    "phone": lambda text: normalise_phone(text) or _plain(text),
    "email": lambda text: normalise_email(text) or _text(text),
    "account": account_key,
    "digits": _digits,
    "text": _text,
}
"""Per type of a column, a cell as the key it is compared by; "" for an empty one. What is no value of its type (an
Australian postal code, a day that does not exist) is kept as its letters and digits, so that it can still agree."""
