"""Small and large kana (ッ ツ, ャ ヤ): one shape, so the size of the glyph in its cell decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ocr.decode import ALTERNATIVES, Decoded
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
_I_ROW = frozenset("キシチニヒミリギジヂビピテデフヴイウ")  # テュ, フュ and ヴュ stand in foreign names
_NO_MEASURE = frozenset("ー・ノ゛゜")


def weigh_sizes(decoded: Decoded, sizes: Sequence[float], word_ends: Sequence[int] = ()) -> Decoded:
    """The characters, small and large kana weighed by glyph size; `sizes` has one length for each.

    word_ends: indexes of the characters that end a word.
    """
    characters = decoded.characters
    if len(sizes) != len(characters):
        return decoded
    plain = [size for char, size in zip(characters, sizes, strict=True) if _is_plain(char.char)]
    if len(plain) < 2:
        return decoded
    usual = float(np.median(plain))
    weighed = []
    for place, (char, size) in enumerate(zip(characters, sizes, strict=True)):
        before = "" if place == 0 or place - 1 in word_ends else characters[place - 1].char
        weighed.append(_weigh(char, size / usual, before, place in word_ends))
    change = 1.0
    for old, new in zip(characters, weighed, strict=True):
        change *= new.probability / max(old.probability, 1e-9)
    return replace(decoded, characters=tuple(weighed), probability=min(1.0, decoded.probability * change))


def weigh_spelling(decoded: Decoded, word_ends: Sequence[int] = ()) -> Decoded:
    """The characters, small and large kana weighed by spelling alone, where their sizes were looked at already."""
    weighed, change = [], 1.0
    for place, char in enumerate(decoded.characters):
        before = "" if place == 0 or place - 1 in word_ends else decoded.characters[place - 1].char
        weighed.append(_weigh(char, None, before, place in word_ends))
        change *= weighed[-1].probability / max(char.probability, 1e-9)
    return replace(decoded, characters=tuple(weighed), probability=min(1.0, decoded.probability * change))


def _is_plain(char: str) -> bool:
    return char not in _SMALL and char not in _LARGE and char not in _NO_MEASURE


def _allowed(small: str, before: str, ends: bool) -> float:
    """How far Japanese spelling allows a small kana here, 0.0-1.0: never first, ッ never last."""
    if not before or (small == "ッ" and ends):
        return 0.01
    if small in "ャュョ" and before not in _I_ROW:
        return 0.05
    return 1.0


def _weigh(reading: CharReading, ratio: float | None, before: str, ends: bool) -> CharReading:
    large = _LARGE.get(reading.char, reading.char)
    if large not in _SMALL:
        return reading
    options = dict([(reading.char, reading.probability), *reading.alternatives])
    pair = (_SMALL[large], large)
    for char, size in zip(pair, _SIZES[large], strict=True):
        fit = 1.0 if ratio is None else float(np.exp(-0.5 * min(((ratio - size) / _SPREAD) ** 2, 25.0)))
        options[char] = max(options.get(char, 0.0), 0.0 if ratio is None else _FLOOR) * fit
    options[pair[0]] *= _allowed(pair[0], before, ends)
    total = sum(options.values())
    ranked = sorted(((char, p / total) for char, p in options.items()), key=lambda item: -item[1])
    return CharReading(ranked[0][0], ranked[0][1], tuple(ranked[1 : ALTERNATIVES + 1]))
