"""Variant characters (異体字) of names: folded in keys only, registered characters are never overwritten.

The table is `data/variants.tsv`: direct, reviewed pairs. No chain of pairs is followed, since the closure of
published variant lists merges different characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

from japan.text import CJK_COMPATIBILITY, strip_selectors

_TABLE = Path(__file__).parent / "data" / "variants.tsv"


class Kinship(StrEnum):
    """How two texts that differ in characters are related."""

    SAME = "same"
    STRONG = "strong"  # one name written two ways
    WEAK = "weak"  # different characters in registers that people interchange (斎/斉)
    NONE = "none"


def parse_table(lines: Iterable[str]) -> dict[str, dict[str, str]]:
    """Per kind ("strong", "weak"), each variant character with its base.

    ValueError names the line number of a row that is not `base, variants, kind, why`, of a character that has
    two bases, and of a base that is itself a strong variant.
    """
    table: dict[str, dict[str, str]] = {"strong": {}, "weak": {}}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        columns = line.rstrip("\n").split("\t")
        if len(columns) != 4 or len(columns[0]) != 1 or columns[2] not in table:
            raise ValueError(f"line {number} is not a row of base, variants, kind and why")
        for variant in columns[1]:
            if table[columns[2]].setdefault(variant, columns[0]) != columns[0]:
                raise ValueError(f"line {number} gives a character a second base")
    if set(table["strong"].values()) & set(table["strong"]):
        raise ValueError("a base is itself a variant")
    return table


@cache
def _maps() -> tuple[Mapping[int, str], Mapping[int, str]]:
    table = parse_table(_TABLE.read_text(encoding="utf-8").splitlines())
    return str.maketrans(table["strong"]), str.maketrans(table["weak"])


def fold_variants(text: str, *, weak: bool = False) -> str:
    """The text with each variant character as its common form, for keys.

    Variation selectors are dropped and CJK compatibility characters become what Unicode gives as their base.
    weak: fold also the pairs that are different characters in registers (斉 as 斎).
    """
    strong_map, weak_map = _maps()
    plain = CJK_COMPATIBILITY.sub(_base_of, strip_selectors(text)).translate(strong_map)
    return plain.translate(weak_map) if weak else plain


def _base_of(found: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", found.group())


def kinship(left: str, right: str) -> Kinship:
    """How the two texts are related, character by character; NONE when folding does not make them equal."""
    if left == right:
        return Kinship.SAME
    if fold_variants(left) == fold_variants(right):
        return Kinship.STRONG
    if fold_variants(left, weak=True) == fold_variants(right, weak=True):
        return Kinship.WEAK
    return Kinship.NONE


def are_variants(left: str, right: str) -> bool:
    """True when the texts differ and are one name written two ways (strong pairs only)."""
    return kinship(left, right) is Kinship.STRONG
