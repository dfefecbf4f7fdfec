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
    weighed = tuple(_weigh(char, size / usual) for char, size in zip(characters, sizes, strict=True))
    change = 1.0
    for before, after in zip(characters, weighed, strict=True):
        change *= after.probability / max(before.probability, 1e-9)
    return replace(decoded, characters=weighed, probability=min(1.0, decoded.probability * change))


def _is_plain(char: str) -> bool:
    return char not in _SMALL and char not in _LARGE and char not in _NO_MEASURE


def _weigh(reading: CharReading, ratio: float) -> CharReading:
    large = _LARGE.get(reading.char, reading.char)
    if large not in _SMALL:
        return reading
    options = dict([(reading.char, reading.probability), *reading.alternatives])
    pair = (_SMALL[large], large)
    for char, size in zip(pair, _SIZES[large], strict=True):
        fit = float(np.exp(-0.5 * min(((ratio - size) / _SPREAD) ** 2, 25.0)))
        options[char] = max(options.get(char, 0.0), _FLOOR) * fit
    total = sum(options.values())
    ranked = sorted(((char, p / total) for char, p in options.items()), key=lambda item: -item[1])
    return CharReading(ranked[0][0], ranked[0][1], tuple(ranked[1 : ALTERNATIVES + 1]))
