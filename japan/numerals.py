"""Kanji numerals."""

from __future__ import annotations

import re

from kanjize import kanji2number

_PLAIN = str.maketrans("０１２３４５６７８９零○◯壱壹弌弐貳弍参參拾廿", "0123456789〇〇〇一一一二二二三三十〹")
_POSITIONAL = str.maketrans("〇一二三四五六七八九", "0123456789")
_N = "[一二三四五六七八九]"
_SHAPE = re.compile(rf"[〇一二三四五六七八九]+|(?:{_N}?千)?(?:{_N}?百)?(?:{_N}?十)?{_N}?")


def read_number(text: str) -> int | None:
    """The number in digits or kanji (六十四, 二〇二〇, 壱拾, 廿三), up to 9999; None for anything else."""
    plain = text.translate(_PLAIN).replace("〹", "二十")
    if plain.isascii() and plain.isdigit():
        return int(plain) if len(plain) <= 4 else None
    if not plain or len(plain) > 7 or not _SHAPE.fullmatch(plain):
        return None
    if plain[0] in "〇一二三四五六七八九" and all(char in "〇一二三四五六七八九" for char in plain):
        return int(plain.translate(_POSITIONAL)) if len(plain) <= 4 else None
    try:
        return int(kanji2number(plain))
    except ValueError:
        return None
