"""Blocking keys: two records are compared when they share one.

Few and coarse keys, and the candidates ranked by how many they share and how rare those are (`matchers.candidates`),
find as much as many fine ones and cost a third of the rows. Every slip leaves some key whole: another address or family
name leaves the date of birth, an unreadable date leaves the name, one wrong or lost character of a name leaves the name
without it, and what is read as somebody else's name and date altogether leaves address, telephone or account.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import blake2b

from japan.kana import kana_shape_key
from japan.variants import fold_variants, tables_version
from matchers.normalise import NormalisedPerson, Words

KEY_RULES_VERSION = "2"
_NAME_SIZES = range(3, 7)
_PHONE_TAIL = _ACCOUNT_TAIL = 7


def key_rules_version() -> str:
    """The rules in force with the city's own tables of characters: keys of another version do not meet these."""
    tables = tables_version()
    return f"{KEY_RULES_VERSION}-{tables}" if tables else KEY_RULES_VERSION


def blocking_keys(person: NormalisedPerson, secret: bytes = b"") -> frozenset[str]:
    """The keys of a person as rule and digest ("n:q83V…"), so that no value stands in the key table.

    With a secret (at most 64 bytes) the digests cannot be guessed back from a list of names. Keys made under
    another `key_rules_version` or secret do not meet these.
    """
    version = key_rules_version()
    return frozenset(f"{rule}:{_digest(version, rule, value, secret)}" for rule, value in key_values(person))


def _digest(version: str, rule: str, value: str, secret: bytes) -> str:
    text = f"{version}\0{rule}\0{value}"
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=9, key=secret).digest()
    return urlsafe_b64encode(digest).decode("ascii")


def rule_of(key: str) -> str:
    """The rule of a key: what stands before the colon."""
    return key.partition(":")[0]


def key_values(person: NormalisedPerson) -> Iterator[tuple[str, str]]:
    """Rule and value of every key, before they are digested; the same one may come twice."""
    if person.birth_date:
        yield "d", person.birth_date.isoformat()
    for words in (person.name, *person.former, *person.aliases):
        yield from _name(words)
    if shape := kana_shape_key(person.reading):
        # Sorted, so that family and given name in each other's place are one.
        yield "k", "".join(sorted(shape))
    if person.numbers:
        # Twice, since one of place and postal code is often misread or left out.
        for rule, place in (("a", person.place), ("z", person.postal)):
            if place:
                yield rule, f"{place} {'-'.join(person.numbers)}"
    # The tails: area codes and bank and branch are left out, and misread, more often than what they belong to.
    for rule, value in (
        ("p", person.phone[-_PHONE_TAIL:]),
        ("e", person.email),
        ("b", person.account[-_ACCOUNT_TAIL:]),
        ("rn", person.resident_number),
        ("rf", person.reference_number),
    ):
        if value:
            yield rule, value


def _name(words: Words) -> Iterator[tuple[str, str]]:
    """The name in any order of its characters (or Latin words), and without each of them.

    Leaving one out on both sides finds one that is wrong, one that is lost and one too many (the deletion
    neighbourhood of Garbe's symmetric delete).
    """
    plain = fold_variants(words.whole, weak=True)
    parts = plain.split(" ") if " " in plain else list(plain)
    if not plain:
        return
    yield "n", "".join(sorted(parts))
    if len(parts) in _NAME_SIZES:
        for place in range(len(parts)):
            yield "n", "".join(sorted(parts[:place] + parts[place + 1 :]))
