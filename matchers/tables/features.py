"""What of a value two records must share to meet: whole, by sound, by parts, by the rarest words.

A feature is an array of hashes, a row per record and a column per way to meet; 0 where there is nothing to meet by.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from japan.kana import kana_shape_key
from japan.variants import fold_variants
from matchers.fields import AddressValue, FieldType, Value
from matchers.normalise import Words
from matchers.tables.columns import Coded, Column
from matchers.tables.folds import words_of

Hashes = NDArray[np.uint64]
_KANA = re.compile("[\u3041-\u30ff]")
_SOUNDS = str.maketrans("BFPVCGJKQSXZDTLMNR", "111122222222334556")
_WORDS = 3
_RAREST = 2
"""Words of a text that count: the common ones (street, 丁目) bring strangers together."""


@dataclass(frozen=True)
class Feature:
    """column: its name. whole: two records may meet by it alone, else only together with another column's."""

    column: str
    whole: bool
    hashes: Hashes


def features_of(column: Column) -> list[Feature]:
    """The features of a column, the narrowest first."""
    makers = [(True, _whole)] + [(False, maker) for maker in _LOOSE.get(column.type, (_words,))]
    if column.type in _STRONG:
        makers += [(True, _halves)]
    found = [Feature(column.name, whole, _spread(column.coded, maker(column.values))) for whole, maker in makers]
    if column.names is not None and column.names[1] == 0:
        # Where a name has no space its parts may be told wrongly; its beginning and end are there all the same.
        names = column.names[0]
        found += [Feature(column.name, whole, _spread(names, maker(names.values))) for whole, maker in _OF_NAMES]
    return found


def _spread(column: Coded, texts: Sequence[Sequence[str]]) -> Hashes:
    """The hashes of the values' texts, given to the records that have the value."""
    width = max((len(row) for row in texts), default=0) or 1
    table = np.zeros((len(texts), width), np.uint64)
    for number, row in enumerate(texts):
        for slot, text in enumerate(row):
            if text:
                table[number, slot] = _hash(text)
    return table[column.codes]


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") | 1


def _whole(values: Sequence[Value]) -> list[list[str]]:
    return [[fold_variants(words_of(value), weak=True)] for value in values]


def _each(make: Callable[[str], list[str]]) -> Callable[[Sequence[Value]], list[list[str]]]:
    return lambda values: [make(words_of(value)) if value else [] for value in values]


def _name(text: str) -> list[str]:
    """How a name sounds or begins and ends: one slip leaves one of them right."""
    if text.isascii():
        sounds = [f"s{latin_sound(word)}" for word in text.split()[:_WORDS]]
        return [*sounds, f"e{latin_sound(text[::-1])}", f"<{text[:4]}"]
    if _KANA.search(text):
        return [f"k{kana_shape_key(text)}", f"<{text[:2]}"]
    plain = fold_variants(text, weak=True)
    return [f"<{plain[0]}", f">{plain[-1]}"]


def latin_sound(name: str) -> str:
    """The first letter and the next three consonants by their sound (the American Soundex, 1918)."""
    head, sounds, last = name[:1], "", name[:1].translate(_SOUNDS)
    for letter in name[1:]:
        sound = letter.translate(_SOUNDS)
        if sound.isdigit() and sound != last:
            sounds += sound
        if letter not in "HW":
            last = sound
    return head + sounds[:3]


def _ends(values: Sequence[Words | None]) -> list[list[str]]:
    """How a whole name begins and ends."""
    return [_ends_of(fold_variants(words.whole, weak=True)) if words else [] for words in values]


def _ends_of(name: str) -> list[str]:
    plain = kana_shape_key(name) if _KANA.search(name) else name
    size = 3 if plain is not name or name.isascii() else 1
    return [f"<{plain[:size]}", f">{plain[-size:]}"] if plain else []


def _one(values: Sequence[Words | None]) -> list[list[str]]:
    return [[fold_variants(words.whole, weak=True)] if words else [] for words in values]


def _day(values: Sequence[Value]) -> list[list[str]]:
    """Two of year, month and day: one of them may be wrong."""
    return [_pairs(value) if value else [] for value in values]


def _pairs(value: Value) -> list[str]:
    text = words_of(value).replace("-", "")
    if len(text) != 8:
        return [text]
    year, month, day = text[:4], text[4:6], text[6:]
    first, second = sorted((month, day))
    return [f"y{year}-{first}/{second}", f"m{year}{month}", f"d{year}{day}", f"o{month}{day}"]


def _halves(values: Sequence[Value]) -> list[list[str]]:
    """The two halves of a number: a slip in one leaves the other."""
    texts = [words_of(value) for value in values]
    return [[f"<{text[: len(text) // 2]}", f">{text[len(text) // 2 :]}"] if len(text) >= 6 else [] for text in texts]


def _end(text: str) -> list[str]:
    return [text[-4:]]


def _local(text: str) -> list[str]:
    return [text.partition("@")[0]]


def _words(values: Sequence[Value]) -> list[list[str]]:
    """The rarest words of a text, and how it begins."""
    texts = [_split(value) for value in values]
    seen = Counter(word for words in texts for word in words)
    return [sorted(words, key=lambda word: (seen[word], word))[:_RAREST] for words in texts]


def _split(value: Value) -> set[str]:
    if isinstance(value, AddressValue) and value.numbers:
        return {value.place, value.place[-4:] + "-".join(value.numbers)}
    text = words_of(value)
    words = {word for word in text.split(" ") if len(word) > 1}
    return words | {"<" + text.replace(" ", "")[:4]} if text else set()


_OF_NAMES = ((True, _one), (False, _ends))
_STRONG = {FieldType.DIGITS, FieldType.ACCOUNT, FieldType.PHONE}
_LOOSE: dict[FieldType, tuple[Callable[[Sequence[Value]], list[list[str]]], ...]] = {
    FieldType.FAMILY_NAME: (_each(_name),),
    FieldType.GIVEN_NAME: (_each(_name),),
    FieldType.FAMILY_KANA: (_each(_name),),
    FieldType.GIVEN_KANA: (_each(_name),),
    FieldType.DATE: (_day,),
    FieldType.SEX: (),
    FieldType.POSTAL_CODE: (_whole,),
    FieldType.PHONE: (_each(_end),),
    FieldType.ACCOUNT: (_each(_end),),
    FieldType.DIGITS: (_whole, _halves),
    FieldType.EMAIL: (_each(_local),),
}
