"""Kana: small and large ones (ッ ツ, ャ ヤ) are one shape, told by their size in the cell and by what names are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import log
from statistics import median

import numpy as np

from japan.name_words import Script
from ocr.decoding.decode import Decoded
from ocr.decoding.names import spell_words, spell_written
from ocr.decoding.rivals import ALTERNATIVES
from ocr.decoding.values import compose, to_value
from ocr.layout import Content
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
MARKS = "゛゜"
_NO_MEASURE = frozenset("ー・ノ" + MARKS)


def weigh_sizes(decoded: Decoded, sizes: Sequence[float]) -> Decoded:
    """The characters, small and large kana weighed by glyph size; `sizes` has one length for each."""
    characters = decoded.characters
    if len(sizes) != len(characters):
        return decoded
    plain = [size for char, size in zip(characters, sizes, strict=True) if _is_plain(char.char)]
    if len(plain) < 2:
        return decoded
    usual = float(median(plain))
    weighed = [_weigh(char, size / usual) for char, size in zip(characters, sizes, strict=True)]
    change = 1.0
    for old, new in zip(characters, weighed, strict=True):
        change *= new.probability / max(old.probability, 1e-9)
    probability = min(1.0, decoded.probability * change)
    return replace(decoded, characters=tuple(weighed), options=options_of(weighed), probability=probability)


def spell(decoded: Decoded, content: Content) -> Decoded:
    """What was decoded, read as a name where it is one; as it was for any other kind of field."""
    if content not in (Content.KATAKANA, Content.NAME):
        return decoded
    spelt = spell_names(decoded) if content is Content.KATAKANA else spell_written(decoded)
    values: dict[str, float] = {}
    for text, probability in spelt.values:
        value = to_value(content, text)
        if value is not None:
            values[value] = values.get(value, 0.0) + probability
    return replace(spelt, values=tuple(sorted(values.items(), key=lambda item: -item[1])))


def spell_names(decoded: Decoded) -> Decoded:
    """The likeliest name that these kana may be, as names are read (`japan.name_words`), its rivals as `values`.

    Sound marks that stand alone, in a cell of their own, are joined to the kana before them.
    """
    if not any("ァ" <= char.char <= "ー" for char in decoded.characters):
        return decoded
    joined = _with_marks_joined(decoded)
    return spell_words(joined, [_with_other_form(options) for options in joined.options], Script.KANA)


def _with_other_form(options: Mapping[str, float]) -> dict[str, float]:
    """The options, the other form of each small or large kana among them."""
    found = dict(options)
    for char, ink in options.items():
        other = _SMALL.get(char) or _LARGE.get(char)
        if other:
            found[other] = max(found.get(other, ink + log(_FLOOR)), ink + log(_FLOOR))
    return found


def _with_marks_joined(decoded: Decoded) -> Decoded:
    characters: list[CharReading] = []
    options: list[Mapping[str, float]] = []
    for reading, found in zip(decoded.characters, decoded.options, strict=True):
        voiced = {compose(char + reading.char): ink for char, ink in options[-1].items()} if options else {}
        voiced = {char: ink for char, ink in voiced.items() if len(char) == 1}
        if reading.char in MARKS and voiced:
            best = max(voiced, key=lambda char: voiced[char])
            characters[-1] = CharReading(best, characters[-1].probability * reading.probability)
            options[-1] = voiced
        else:
            characters.append(reading)
            options.append(found)
    return replace(decoded, characters=tuple(characters), options=tuple(options))


def options_of(characters: Sequence[CharReading]) -> tuple[Mapping[str, float], ...]:
    """For each character those that may stand there, with ln of their probabilities; none for a space."""
    return tuple(
        {char: log(max(p, 1e-9)) for char, p in ((one.char, one.probability), *one.alternatives)}
        if one.char.strip()
        else {}
        for one in characters
    )


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
