"""A name and its kana are one person's: each is read again with what the other allows.

The likeliest values of both are weighed in pairs: how likely the ink says each, as their readings tell, times how much
likelier the kana are for a name that is written so than for anybody's (`japan.name_words.log_likeness`, in which a name
may be read in any way at all). A value that this changes leans on the other field, which no longer confirms it
(`ocr.confidence.confirm`); its confidence is its share of all pairs. That was never calibrated, so the reading has no
`signs`, and a person looks at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import product
from math import exp, log

from japan.name_words import Script, log_likeness, log_word
from japan.readings import NamePart
from ocr.confidence.calibration import with_confidence
from ocr.confidence.confirm import CHANCES, COUNTED, Fact, Why
from ocr.readings import Reading

Weighed = list[tuple[str, float]]
LEAST = 1e-4  # values less likely than this are not weighed
EVEN = 0.5  # a change must be likelier right than not
MOST = 8  # values of a field that are
ELSE = exp(-COUNTED * CHANCES[Why.NAME_KANA].log_odds(True))
"""Whatever was not weighed agrees with the other field so much less often than the best pair does."""


def reread_names(readings: Sequence[Reading], facts: Iterable[Fact]) -> list[Reading]:
    """The readings, in their order, names and kana of one person read together; a field that already was read with the
    help of another stays as it is."""
    known = {one.name: one for one in readings}
    for fact in facts:
        if fact.why is not Why.NAME_KANA:
            continue
        name, kana = (known.get(key) for key in fact.keys)
        if name is None or kana is None or name.leans_on or kana.leans_on:
            continue
        known.update((one.name, one) for one in _together(name, kana))
    return [known[one.name] for one in readings]


def _together(name: Reading, kana: Reading) -> tuple[Reading, Reading]:
    names, spoken = _values(name), _values(kana)
    if not names or not spoken or (name.value or "").isascii() or len(names) == len(spoken) == 1:
        return name, kana
    pairs = {
        (written, said): p * q * exp(_likeness(written, said)) for (written, p), (said, q) in product(names, spoken)
    }
    best = max(pairs, key=pairs.__getitem__)
    known = sum(p for _, p in names) * sum(q for _, q in spoken)
    total = sum(pairs.values()) + (1.0 - known) * exp(_likeness(*best)) * ELSE
    of_name = sum(weight for (written, _), weight in pairs.items() if written == best[0]) / total
    of_kana = sum(weight for (_, said), weight in pairs.items() if said == best[1]) / total
    return _changed(name, best[0], of_name, kana.name), _changed(kana, best[1], of_kana, name.name)


def _values(reading: Reading) -> Weighed:
    """The likeliest values, as sure as the reading truly is: its confidence for the best, the rest shared by others."""
    if reading.value is None or reading.confidence is None or not reading.candidates or reading.ditto:
        return []
    (best, first), *others = reading.candidates
    if best != reading.value:
        return []
    share = (1.0 - reading.confidence) / max(1.0 - first, 1e-9)
    values = [(best, reading.confidence), *((value, p * share) for value, p in others)]
    return [(value, p) for value, p in values if p > LEAST][:MOST]


def _changed(reading: Reading, value: str, confidence: float, by: str) -> Reading:
    """The reading with this value, if it is another one and is likelier right than not."""
    if value == reading.value or confidence < EVEN:
        return reading
    changed = replace(reading, value=value, leans_on=(*reading.leans_on, by), signs=None)
    return with_confidence(changed, confidence)


@lru_cache(maxsize=1 << 12)
def _likeness(written: str, kana: str) -> float:
    """ln of how much likelier these kana are for this name than for anybody, over all ways to part both."""
    total = 0.0
    for ((family, given), share), ((said, called), part) in product(
        _ways(Script.WRITTEN, written), _ways(Script.KANA, kana)
    ):
        both = log_likeness(family, said, NamePart.FAMILY) + log_likeness(given, called, NamePart.GIVEN)
        total += share * part * exp(both)
    return log(total) if total else 0.0


@lru_cache(maxsize=1 << 10)
def _ways(script: Script, text: str) -> tuple[tuple[tuple[str, str], float], ...]:
    """The ways to part a name into a surname and a given name, and how probable each is: one where a space tells."""
    first, space, rest = text.partition(" ")
    if space:
        return (((first, rest.replace(" ", "")), 1.0),)
    ways = [(text[:cut], text[cut:]) for cut in range(1, len(text))]
    chances = [exp(log_word(script, NamePart.FAMILY, a) + log_word(script, NamePart.GIVEN, b)) for a, b in ways]
    return tuple((way, p / sum(chances)) for way, p in zip(ways, chances, strict=True) if p > LEAST * sum(chances))
