"""Blocking keys: two records are compared when they share one.

A record read by a machine with a character or two wrong in the name and one digit wrong in the birth date
still meets its person: one wrong digit leaves two of year, month and day right, so a part of the name goes
with each pair of them, and the whole name or reading stands alone too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from hashlib import blake2b

from japan.variants import fold_variants
from matchers.normalise import NormalisedPerson, Words

KEY_RULES_VERSION = "1"


def blocking_keys(person: NormalisedPerson, secret: bytes = b"") -> frozenset[str]:
    """The keys of a person as rule and digest ("ky:1f0c…"), so that no value stands in the key table.

    With a secret (at most 64 bytes) the digests cannot be guessed back from a list of names. Keys made under
    another KEY_RULES_VERSION or secret do not meet these.
    """
    return frozenset(f"{rule}:{_digest(rule, value, secret)}" for rule, value in _values(person))


def _digest(rule: str, value: str, secret: bytes) -> str:
    text = f"{KEY_RULES_VERSION}\0{rule}\0{value}"
    return blake2b(text.encode(), digest_size=8, key=secret).hexdigest()


def _values(person: NormalisedPerson) -> Iterator[tuple[str, str]]:
    for rule, value in (
        ("ph", person.phone),
        ("em", person.email),
        ("ac", person.account),
        ("rn", person.resident_number),
        ("rf", person.reference_number),
        ("hh", person.household_number),
    ):
        if value:
            yield rule, value
    yield from _whole_names(person)
    yield from _parts_with_postal(person)
    if person.birth_date:
        yield from _parts_with_date(person, person.birth_date)


def _whole_names(person: NormalisedPerson) -> Iterator[tuple[str, str]]:
    year = str(person.birth_date.year) if person.birth_date else ""
    wholes = [("n", fold_variants(words.whole, weak=True)) for words in (person.name, *person.former)]
    for rule, whole in (*wholes, ("k", person.kana_shape.whole)):
        if whole:
            yield rule, whole
            # Beside the whole name alone, since a store may cap the blocks of the commonest names.
            if year:
                yield rule + "y", whole + year


def _parts_with_postal(person: NormalisedPerson) -> Iterator[tuple[str, str]]:
    if not person.postal:
        return
    for given in _given(person.kana_shape):
        yield "gp", given + person.postal
    if person.name.whole:
        yield "np", fold_variants(person.name.whole, weak=True) + person.postal
    if person.birth_date:
        for pair in _date_pairs(person.birth_date):
            yield "pd", person.postal + pair


def _parts_with_date(person: NormalisedPerson, day: date) -> Iterator[tuple[str, str]]:
    pairs = _date_pairs(day)
    names = (person.name, *person.former)
    parts = {("fk", part) for part in _family(person.kana_shape)}
    parts |= {("gk", part) for part in _given(person.kana_shape)}
    parts |= {("fn", fold_variants(part, weak=True)) for words in names for part in _family(words)}
    parts |= {("gn", fold_variants(part, weak=True)) for words in names for part in _given(words)}
    for rule, part in parts:
        for pair in pairs:
            yield rule, part + pair


def _date_pairs(day: date) -> tuple[str, str, str]:
    return f"{day.year}-{day.month}", f"{day.year}--{day.day}", f"{day.month}/{day.day}"


def _family(words: Words) -> list[str]:
    """The family name, or where the parts are not known each likely beginning."""
    parts = [words.family] if words.split else [words.whole[:cut] for cut in _cuts(words)]
    return [part for part in parts if part]


def _given(words: Words) -> list[str]:
    """The given name, or where the parts are not known each likely end."""
    parts = [words.given] if words.split else [words.whole[cut:] for cut in _cuts(words)]
    return [part for part in parts if part]


def _cuts(words: Words) -> list[int]:
    kana = words.whole[:1] >= "ァ" and words.whole[:1] <= "ヺ"
    return [cut for cut in ((2, 3, 4) if kana else (1, 2, 3)) if cut < len(words.whole)]
