"""What a picture looks like, in 4096 bits: the same for the same picture in another size, quality or brightness.

The signs of the low frequencies of its cosine transform (a perceptual hash), the lowest first. Sixty-four of them, as
is usual, cannot tell the licences of two people apart, which are one layout; thousands can (docs/decisions/0040).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

BLANK = "blank"
BITS = 4096
SIDE = 192
"""Pixels to which a picture is brought first, whatever its shape."""
_FREQUENCIES = 64
_EVEN = 6.0
"""A picture whose grey values spread less than this is blank."""

_ORDER = sorted(
    ((row, column) for row in range(_FREQUENCIES) for column in range(_FREQUENCIES) if row + column),
    key=lambda place: (sum(place), place),
)


def look_of(grey: NDArray[np.uint8]) -> str:
    """The look of a grey picture (height x width) in 1024 hex digits; BLANK for one with nothing on it."""
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    if float(small.std()) < _EVEN:
        return BLANK
    waves = cv2.dct(small)
    bits = "".join("1" if waves[place] > 0 else "0" for place in _ORDER) + "0"
    return f"{int(bits, 2):0{BITS // 4}x}"


def bits_of(look: str) -> str:
    """A look as 4096 characters, 0 or 1, the lowest frequency first."""
    return f"{int(look, 16):0{BITS}b}"


def bits_apart(one: str, other: str) -> int:
    """In how many bits two looks differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
