"""Writes japan/data/name_readings.tsv and kanji_readings.tsv: `python -m training.name_readings FOLDER`.

FOLDER holds an unpacked wheel of janome 0.5.0 (`pip download --no-deps janome==0.5.0`), which carries IPADIC's entries
as Python modules; IPADIC lists surnames (姓) and given names (名) with their readings, and may be used for secondary
products with its notice (japan/data/IPADIC-NOTICE.txt).

name_readings.tsv: F or G, name as written, readings. kanji_readings.tsv: F or G, kanji, reading:count pairs; counts are
expectations of the alignment of kanji and kana (EM over all ways to part a reading among the characters).
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from japan.text import fold_width

DATA = Path(__file__).parents[1] / "japan" / "data"
PARTS = {"姓": "F", "名": "G"}
ROUNDS = 6
LONGEST = 5  # kana of one kanji
LEAST = 1.5  # expected count below which a reading of a kanji is a slip of the alignment
_KATAKANA = re.compile("[ァ-ヶー]+")
Names = dict[tuple[str, str], set[str]]
Counts = dict[tuple[str, str], dict[str, float]]


def read_ipadic(folder: Path) -> Names:
    """(F or G, name) -> readings."""
    found: Names = defaultdict(set)
    for number in range(10):
        module: dict[str, object] = {}
        exec((folder / f"janome/sysdic/entries_extra{number}.py").read_text(), module)
        for word_class, _, _, written, reading, _ in module["DATA"].values():  # type: ignore[attr-defined]
            kinds = word_class.split(",")
            if kinds[1:3] == ["固有名詞", "人名"] and kinds[3] in PARTS and _KATAKANA.fullmatch(reading):
                found[PARTS[kinds[3]], fold_width(written)].add(reading)
    return found


def align(names: Names) -> Counts:
    """(F or G, character) -> reading -> expected count."""
    pairs = [(part, written, reading) for (part, written), found in names.items() for reading in found]
    chances: Counts = {}
    for _ in range(ROUNDS):
        counts: Counts = defaultdict(lambda: defaultdict(float))
        for part, written, reading in pairs:
            ways = list(_ways(written, reading))
            weights = [_weight(chances, part, way) for way in ways]
            total = sum(weights)
            for way, weight in zip(ways, weights, strict=True):
                for char, kana in way:
                    counts[part, char][kana] += weight / total
        chances = {key: {kana: n / sum(found.values()) for kana, n in found.items()} for key, found in counts.items()}
    return counts


def _ways(written: str, reading: str) -> Iterator[list[tuple[str, str]]]:
    """Every way to part the reading among the characters; 々 is the character before it."""
    chars = [written[i - 1] if char == "々" and i else char for i, char in enumerate(written)]
    for cuts in combinations(range(1, len(reading)), len(chars) - 1):
        parts = [reading[a:b] for a, b in zip((0, *cuts), (*cuts, len(reading)), strict=True)]
        if all(len(part) <= LONGEST for part in parts):
            yield list(zip(chars, parts, strict=True))


def _weight(chances: Counts, part: str, way: list[tuple[str, str]]) -> float:
    weight = 1.0
    for char, kana in way:
        weight *= chances.get((part, char), {}).get(kana, 1e-6) if chances else 1.0
    return weight


def main() -> None:
    """Reads the folder and writes both tables."""
    names = read_ipadic(Path(sys.argv[1]))
    rows = [f"{part}\t{written}\t{' '.join(sorted(found))}" for (part, written), found in names.items()]
    (DATA / "name_readings.tsv").write_text("\n".join(sorted(rows)) + "\n", "utf-8")
    kanji = []
    for (part, char), found in align(names).items():
        kept = {kana: count for kana, count in found.items() if count >= LEAST}
        if kept and not _KATAKANA.fullmatch(char):
            words = " ".join(f"{kana}:{count:.0f}" for kana, count in sorted(kept.items(), key=lambda one: -one[1]))
            kanji.append(f"{part}\t{char}\t{words}")
    (DATA / "kanji_readings.tsv").write_text("\n".join(sorted(kanji)) + "\n", "utf-8")


if __name__ == "__main__":
    main()
