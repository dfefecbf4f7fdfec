"""Width and space folding: the ground that every other normaliser stands on."""

from __future__ import annotations

import re
import unicodedata

DASHES = "‐‑‒–—―−﹣-ｰ─━⁃˗⎯"
"""What people and machines write for a hyphen; ー (a letter) and 一 (one) are not among them."""
_SPACES = re.compile(r"\s+")
_SOUND_MARKS = str.maketrans({"゛": "\u3099", "゜": "\u309a"})
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef\u180b-\u180d\u200b-\u200d\u2060\ufeff]")
CJK_COMPATIBILITY = re.compile("[\uf900-\ufaff\U0002f800-\U0002fa1f]")


def fold_width(text: str) -> str:
    """The text in NFKC, with full-width letters and digits narrow and half-width kana wide.

    CJK compatibility characters stay as they are: NFKC would turn 塚 (U+FA10) and 神 (U+FA19) into other
    characters, and registered names keep theirs. Stand-alone sound marks (゛゜) join the kana before them.
    """
    if text.isascii():
        return text
    marked = text.translate(_SOUND_MARKS)
    if not CJK_COMPATIBILITY.search(marked):
        return unicodedata.normalize("NFKC", marked)
    parts: list[str] = []
    start = 0
    for found in CJK_COMPATIBILITY.finditer(marked):
        parts += [unicodedata.normalize("NFKC", marked[start : found.start()]), found.group()]
        start = found.end()
    parts.append(unicodedata.normalize("NFKC", marked[start:]))
    return "".join(parts)


def strip_selectors(text: str) -> str:
    """The text without variation selectors and zero-width characters."""
    return _SELECTORS.sub("", text)


def squeeze_spaces(text: str) -> str:
    """The text trimmed, with every run of white space (the ideographic space too) as one ASCII space."""
    return _SPACES.sub(" ", text).strip()


def drop_spaces(text: str) -> str:
    """The text without any white space."""
    return _SPACES.sub("", text)


def digits_only(text: str) -> str:
    """The ASCII digits of the text after width folding; everything else is dropped."""
    return "".join(char for char in fold_width(text) if char in "0123456789")
