"""Variant characters (異体字) of names: folded in keys only, registered characters are never overwritten.

The table is `data/variants.tsv`: direct, reviewed pairs. No chain of pairs is followed, since the closure of
published variant lists merges different characters. A city may add its own tables (`japan.city_tables`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import blake2b
from pathlib import Path

from japan.city_tables import CityTables
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


@dataclass(frozen=True)
class _Folding:
    """Characters to their base in one step each; sequences: what is longer than one character, longest first."""

    strong: Mapping[int, str]
    weak: Mapping[int, str]
    sequences: re.Pattern[str] | None
    of_sequence: Mapping[str, str]


_installed: list[CityTables] = []


def install_tables(tables: CityTables | None) -> None:
    """Folds by a city's tables too from now on, in this process; None goes back to the shipped table.

    To be called once, before anything is compared: keys made before and after do not meet, see `tables_version`. The
    shipped table goes first where it knows a character. A target that the shipped table folds is folded with it, since
    keys of the two would part otherwise; a target that the city's own table has as a variant is not followed.
    """
    _installed[:] = [tables] if tables else []
    _folding.cache_clear()
    tables_version.cache_clear()


@cache
def tables_version() -> str:
    """A short digest of the city's tables, "" without any: part of the version of every key made with them."""
    if not _installed:
        return ""
    one = _installed[0]
    said = repr([sorted(mapping.items()) for mapping in (one.strong, one.weak, one.private)])
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


@cache
def _folding() -> _Folding:
    table = parse_table(_TABLE.read_text(encoding="utf-8").splitlines())
    city = _installed[0] if _installed else CityTables()
    fixed = {*table["strong"], *table["weak"], *table["strong"].values(), *table["weak"].values()}
    strong = table["strong"] | _direct(city.strong, table["strong"], fixed)
    weak = table["weak"] | _direct(city.weak, strong, fixed | set(strong))
    private = {code: "".join(strong.get(char, char) for char in meant) for code, meant in city.private.items()}
    both = strong | {code: meant for code, meant in private.items() if not set(meant) & set(private)}
    long = {source: target for source, target in both.items() if len(source) > 1}
    pattern = re.compile("|".join(map(re.escape, sorted(long, key=len, reverse=True)))) if long else None
    return _Folding(_by_char(both), _by_char(weak), pattern, long)


def _by_char(pairs: Mapping[str, str]) -> Mapping[int, str]:
    return str.maketrans({source: target for source, target in pairs.items() if len(source) == 1})


def _direct(city: Mapping[str, str], first: Mapping[str, str], fixed: set[str]) -> dict[str, str]:
    """The city's pairs that the shipped table does not speak of; none whose target is itself a variant."""
    folded = {source: first.get(target, target) for source, target in city.items() if source not in fixed}
    return {source: target for source, target in folded.items() if target not in folded and source != target}


def fold_variants(text: str, *, weak: bool = False) -> str:
    """The text with each variant character as its common form, for keys.

    Variation selectors are dropped and CJK compatibility characters become what Unicode gives as their base.
    weak: fold also the pairs that are different characters in registers (斉 as 斎).
    """
    if text.isascii():
        return text
    folding = _folding()
    if folding.sequences:
        text = folding.sequences.sub(lambda found: folding.of_sequence[found.group()], text)
    plain = CJK_COMPATIBILITY.sub(_base_of, strip_selectors(text)).translate(folding.strong)
    return plain.translate(folding.weak) if weak else plain


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
