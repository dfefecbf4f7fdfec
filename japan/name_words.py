"""Which words names are made of, and how likely each is: in kana, and as they are written.

Most people bear a name that others bear as well, and the tables (`japan.readings`) list it. The rest are spelt as names
are, character after character, and a few as nothing is that was listed (foreign names, companies). The chance of a word
is that of a mixture of the three, so that a listed word is likelier than its look-alikes, and none is impossible.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from functools import cache, lru_cache
from math import exp, log

from japan.pairs import EDGE, Kind, log_chance
from japan.readings import BY_KANJI, UNHEARD, NamePart, by_kanji, listed_readings, names_with_readings, spell
from japan.variants import fold_variants


class Script(StrEnum):
    """How a name is put down."""

    KANA = "kana"
    WRITTEN = "written"


LISTED = {
    (Script.KANA, NamePart.FAMILY): 0.98,
    (Script.KANA, NamePart.GIVEN): 0.9,
    (Script.WRITTEN, NamePart.FAMILY): 0.98,
    (Script.WRITTEN, NamePart.GIVEN): 0.8,
}
"""The share of names that is taken to be in the list. Of the names of `fixtures.names`, which are common ones of today
and independent of it, all 158 surnames are in kana, and 127 of 141 given names."""
ANY_KANA = 0.02
"""The share of kana that follow as in no listed name."""
VARIANT = 0.1
"""How much rarer a character is that the variants fold into another (惠 for 恵, 邊 for 辺)."""
_KANA_USED = 84.0
_RAREST = 1e-5  # kana of a name that no table has are not taken to be rarer in all names
_START, _END = "^^", "$"


@lru_cache(maxsize=1 << 15)
def log_word(script: Script, part: NamePart, word: str) -> float:
    """ln of the chance that this part of somebody's name is this word."""
    folded = _folded(script, word)
    share = listed_words(script, part).get(folded, 0.0)
    share *= VARIANT ** sum(old != new for old, new in zip(word, folded, strict=False))
    trust = LISTED[script, part]
    return log(trust * share + (1.0 - trust) * exp(log_unlisted(script, part, word)))


@lru_cache(maxsize=1 << 15)
def log_likeness(written: str, kana: str, part: NamePart) -> float:
    """ln of how much likelier these kana are for somebody whose name is written so than for anybody.

    Of a listed name's readings the table does not say which are common; they are taken to be so as in all names.
    """
    listed, chance = listed_readings(written, part), by_kanji(written, kana, part)
    if listed:
        usual = sum(exp(log_word(Script.KANA, part, reading)) for reading in listed)
        known = ((1.0 - BY_KANJI) * (kana in listed) + BY_KANJI * chance) / usual
    else:
        known = chance / max(exp(log_word(Script.KANA, part, kana)), _RAREST)
    return log((1.0 - UNHEARD[part]) * known + UNHEARD[part])


def log_unlisted(script: Script, part: NamePart, word: str) -> float:
    """ln of the chance of a word among those that no list has."""
    context, total = start_of(script), 0.0
    for char in word:
        total += log_next(script, part, context, char)
        context = follow(context, char)
    return total + log_next(script, part, context, "")


def start_of(script: Script) -> str:
    """The context before the first character of a word, for `log_next`."""
    return _START if script is Script.KANA else EDGE


def follow(context: str, char: str) -> str:
    """The context after one more character."""
    return (context + char)[-len(context) :]


@lru_cache(maxsize=1 << 17)
def log_next(script: Script, part: NamePart, context: str, char: str) -> float:
    """ln of the chance of a character of an unlisted word after others; "" for the end of the word."""
    if script is Script.KANA:
        chance = exp(spell(part).after(context, char or _END))
        return log((1.0 - ANY_KANA) * chance + ANY_KANA / _KANA_USED)
    return log_chance(Kind.NAMES, context, char or EDGE)


@cache
def listed_words(script: Script, part: NamePart) -> Mapping[str, float]:
    """The words of the list with their shares: kana by how many names are read so, written names alike (variants
    folded)."""
    counts: Counter[str] = Counter()
    for name, readings in names_with_readings(part):
        counts.update(readings if script is Script.KANA else {_folded(script, name)})
    total = sum(counts.values()) if script is Script.KANA else len(counts)
    return {word: (count if script is Script.KANA else 1) / total for word, count in counts.items()}


def _folded(script: Script, word: str) -> str:
    return word if script is Script.KANA else fold_variants(word)
