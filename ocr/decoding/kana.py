"""Kana: small and large ones (ッ ツ, ャ ヤ) are one shape, told by their size in the cell and by what names are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import exp, log

import numpy as np

from japan.readings import NamePart, spell
from ocr.decoding.decode import ALTERNATIVES, Decoded
from ocr.readings import CharReading

# Longer side of the glyph over the median of the row's other kana: small form, large form. Means over five
# fonts, printed and handwriting-like.
_SIZES = {
    "ア": (0.77, 0.98), "イ": (0.81, 1.04), "ウ": (0.83, 1.07), "エ": (0.82, 1.05), "オ": (0.83, 1.07),
    "ツ": (0.74, 0.94), "ヤ": (0.81, 1.04), "ユ": (0.83, 1.05), "ヨ": (0.65, 0.83),
}  # fmt: skip
_SMALL = dict(zip("アイウエオツヤユヨ", "ァィゥェォッャュョ", strict=True))
_LARGE = {small: large for large, small in _SMALL.items()}
_SPREAD = 0.12  # standard deviation of the ratio in one hand
_FLOOR = 0.002  # what the engine may be wrong about between two forms of one shape
SPELLING_WEIGHT = 1.0
"""How far the spelling of names counts beside the ink; 1.0 is as a prior would."""
_START, _END = "^^", "$"
_BEAM = 24
_LEAST = 1e-6  # share of a place's best below which a character is not tried
_ANY_KANA = 0.02  # share of names that are spelt as no list knows: companies, foreign names
_KANA_USED = 84.0
_NO_MEASURE = frozenset("ー・ノ゛゜")


def weigh_sizes(decoded: Decoded, sizes: Sequence[float]) -> Decoded:
    """The characters, small and large kana weighed by glyph size; `sizes` has one length for each."""
    characters = decoded.characters
    if len(sizes) != len(characters):
        return decoded
    plain = [size for char, size in zip(characters, sizes, strict=True) if _is_plain(char.char)]
    if len(plain) < 2:
        return decoded
    usual = float(np.median(plain))
    weighed = [_weigh(char, size / usual) for char, size in zip(characters, sizes, strict=True)]
    change = 1.0
    for old, new in zip(characters, weighed, strict=True):
        change *= new.probability / max(old.probability, 1e-9)
    return replace(decoded, characters=tuple(weighed), probability=min(1.0, decoded.probability * change))


def spell_names(decoded: Decoded, word_ends: Sequence[int] = ()) -> Decoded:
    """The likeliest spelling among the alternatives of the characters, as names are read (`japan.readings`).

    The first word is a surname, the others are given names. word_ends: indexes of characters that end a word, where no
    space is read.
    """
    characters = decoded.characters
    if not any("ァ" <= char.char <= "ー" for char in characters):
        return decoded
    beam: list[Entry] = [(0.0, (), _START, 0)]
    options = [_options(char) for char in characters]
    final = len(options) - 1
    whole = not set(word_ends) - {final} and not any(char.char == " " for char in characters)
    for place, choices in enumerate(options):
        ends = place in word_ends or place == final or characters[place + 1].char == " "
        # Written in one go, the surname may end anywhere.
        breaks = (False, True) if whole and 0 < place < final else (ends,)
        beam = [
            _followed(entry, char, log_probability, broken)
            for entry in beam
            for char, log_probability in choices.items()
            for broken in breaks
            if not (broken and whole and entry[3] and place != final)
        ]
        beam = sorted(beam, reverse=True)[:_BEAM]
    return _spelt(decoded, beam)


Entry = tuple[float, tuple[str, ...], str, int]
"""Its weight (ln), the characters so far, the last two of the word, and which word it is."""


def _options(reading: CharReading) -> dict[str, float]:
    """The characters of a place with ln of their probabilities; the other form of a small or large kana among them."""
    found = dict([(reading.char, reading.probability), *reading.alternatives])
    for char in tuple(found):
        other = _SMALL.get(char) or _LARGE.get(char)
        if other:
            found.setdefault(other, _FLOOR * found[char])
    least = _LEAST * max(found.values())
    return {char: log(p) for char, p in found.items() if p > least} or {reading.char: 0.0}


def _followed(entry: Entry, char: str, log_probability: float, ends: bool) -> Entry:
    score, said, context, word = entry
    if char in " \u3000":
        return score + log_probability, (*said, char), _START, word + 1
    score += log_probability + SPELLING_WEIGHT * _usual(context, char, word)
    if not ends:
        return score, (*said, char), (context + char)[-2:], word
    return score + SPELLING_WEIGHT * _usual((context + char)[-2:], _END, word), (*said, char), _START, word + 1


@lru_cache(maxsize=1 << 16)
def _usual(context: str, char: str, word: int) -> float:
    """ln of how usual a kana is after others, over any kana at all: 0.0 when nothing is known of it."""
    chance = exp(spell(NamePart.GIVEN if word else NamePart.FAMILY).after(context, char))
    return log((1 - _ANY_KANA) * chance * _KANA_USED + _ANY_KANA)


def _spelt(decoded: Decoded, beam: Sequence[Entry]) -> Decoded:
    """What was decoded, with the best spelling of the beam; probabilities are shares of the beam's weight."""
    strings: dict[tuple[str, ...], float] = {}
    for entry in beam:
        strings[entry[1]] = strings.get(entry[1], 0.0) + exp(entry[0] - beam[0][0])
    total = sum(strings.values())
    said = max(strings, key=strings.__getitem__)
    readings = []
    for place, best in enumerate(said):
        shares: dict[str, float] = {}
        for string, weight in strings.items():
            shares[string[place]] = shares.get(string[place], 0.0) + weight / total
        others = sorted(((char, p) for char, p in shares.items() if char != best), key=lambda item: -item[1])
        readings.append(CharReading(best, shares[best], tuple(others[:ALTERNATIVES])))
    before = float(np.prod([char.probability for char in decoded.characters]))
    probability = min(1.0, decoded.probability / max(before, 1e-9) * strings[said] / total)
    return replace(decoded, characters=tuple(readings), probability=probability)


def _is_plain(char: str) -> bool:
    return char not in _SMALL and char not in _LARGE and char not in _NO_MEASURE


def _weigh(reading: CharReading, ratio: float) -> CharReading:
    large = _LARGE.get(reading.char, reading.char)
    if large not in _SMALL:
        return reading
    options = dict([(reading.char, reading.probability), *reading.alternatives])
    for char, size in zip((_SMALL[large], large), _SIZES[large], strict=True):
        fit = float(np.exp(-0.5 * min(((ratio - size) / _SPREAD) ** 2, 25.0)))
        options[char] = max(options.get(char, 0.0), _FLOOR) * fit
    total = sum(options.values())
    ranked = sorted(((char, p / total) for char, p in options.items()), key=lambda item: -item[1])
    return CharReading(ranked[0][0], ranked[0][1], tuple(ranked[1 : ALTERNATIVES + 1]))
