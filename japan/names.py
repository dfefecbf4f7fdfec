"""Personal names: one way of writing, parts, and keys to compare by."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from japan.text import drop_spaces, fold_width, squeeze_spaces, strip_selectors
from japan.variants import fold_variants, tables_version

_LATIN = re.compile(r"[A-Z' .,\-]+")
_NOT_LATIN = re.compile("[\u3041-\u30ff\u3400-\u9fff]")
_TITLES = re.compile(r"(?<=\S) ?[様殿]$")


@dataclass(frozen=True)
class NameParts:
    """Family and given name; `given` is None when the writing does not show where it starts."""

    family: str
    given: str | None


@lru_cache(maxsize=4096)
def normalise_name(text: str) -> str:
    """The name in one width with single spaces, variation selectors and a closing 様 or 殿 dropped.

    Registered characters are kept (髙 stays 髙).
    """
    plain = squeeze_spaces(fold_width(strip_selectors(text))).replace("・", " ").replace(",", " ")
    return _TITLES.sub("", squeeze_spaces(plain))


def split_name(text: str) -> NameParts:
    """The parts of a name written with one space between them; further words belong to the given name.

    A Latin name in mixed case with one word in capitals shows its family name so (John Paul SMITH), as passports and
    residence cards' forms ask it to be written; else the first word is taken, as registers have it.
    """
    plain = normalise_name(text)
    family, _, given = plain.partition(" ")
    if given and plain.isascii() and (words := plain.split()) and not plain.isupper():
        loud = [word for word in words if word.isupper() and len(word) > 1]
        if len(loud) == 1:
            return NameParts(loud[0], " ".join(word for word in words if word is not loud[0]))
    return NameParts(family, given or None)


def is_latin(text: str) -> bool:
    """True for a name in Latin letters, accents included."""
    return bool(_LATIN.fullmatch(_plain_latin(normalise_name(text))))


def name_key(text: str) -> str:
    """A key equal for ways of writing one name: variants folded (weak pairs not), spaces dropped, ヶ as ケ.

    A Latin name is upper-cased without accents and its words are sorted, since registers put the family name
    first and applicants often last.
    """
    return _name_key(text, tables_version())


@lru_cache(maxsize=16384)
def _name_key(text: str, tables: str) -> str:
    name = normalise_name(text)
    latin = _plain_latin(name)
    if _LATIN.fullmatch(latin):
        words = re.findall("[A-Z]+", latin)
        return " ".join(sorted(words))
    return unicodedata.normalize("NFC", fold_variants(drop_spaces(name)).upper().replace("ヶ", "ケ"))


def _plain_latin(text: str) -> str:
    if _NOT_LATIN.search(text):
        return text
    bare = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return bare.upper().replace("’", "'")
