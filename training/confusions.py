"""Writes matchers/data/confusions.tsv: `python -m training.confusions READINGS.jsonl ...`.

READINGS are what `benchmarks.reading_card --part tune` leaves beside its card: a line for each field with its truth and
what was read. Sheets of held out layouts and writers are left out should they be there. A reading and its truth are put
opposite each other by the fewest edits; readings more than `WORST` wrong are no confusion of characters (a line cut
elsewhere). The rest is counted: a row is the kind of writing, the character written, the one read, bits of surprise and
both counts. Truth and reading are folded as matching compares them: what kana and width share is no confusion.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from math import log2
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from fixtures.reading.split import Part, layout_part, writer_part
from japan.kana import kana_key
from japan.names import name_key
from japan.text import digits_only

OUT = Path(__file__).parents[1] / "matchers" / "data" / "confusions.tsv"
WORST = 0.4
BELIEVED, OUT_OF = 0.2, 20.0
"""A character is taken to have been read as any one other BELIEVED times in OUT_OF before anything is counted."""
MOST_BITS = 9.0
_KINDS = {"katakana": "kana", "name": "name", "digits": "digits", "phone": "digits", "postal_code": "digits"}
_FOLDS: dict[str, Callable[[str], str]] = {"kana": kana_key, "name": name_key, "digits": digits_only}


def read_pairs(paths: Iterable[Path]) -> Iterator[tuple[str, str, str]]:
    """Kind of writing, truth and reading of each filled field of tuning sheets, folded."""
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            kind = _KINDS.get(row["sort"].split(" ")[0])
            held = Part.HELD_OUT in (layout_part(row["layout"]), writer_part(row["writer"]))
            if kind and not held and row["truth"] and row["read"]:
                yield kind, _FOLDS[kind](row["truth"]), _FOLDS[kind](row["read"])


def count(pairs: Iterable[tuple[str, str, str]]) -> tuple[Counter[tuple[str, str, str]], Counter[tuple[str, str]]]:
    """How often each (kind, written, read) was met where they differ, and each (kind, written); "" for no character."""
    confused: Counter[tuple[str, str, str]] = Counter()
    written: Counter[tuple[str, str]] = Counter()
    for kind, truth, read in pairs:
        edits = Levenshtein.editops(truth, read)
        if len(edits) > WORST * max(len(truth), len(read)):
            continue
        written.update((kind, char) for char in truth)
        written[kind, ""] += len(truth) + 1
        for edit in edits:
            gone = "" if edit.tag == "insert" else truth[edit.src_pos]
            come = "" if edit.tag == "delete" else read[edit.dest_pos]
            confused[kind, gone, come] += 1
    return confused, written


def make_rows(confused: Counter[tuple[str, str, str]], written: Counter[tuple[str, str]]) -> Iterator[str]:
    """The lines of the table, the commonest confusion first."""
    for (kind, gone, come), times in sorted(confused.items(), key=lambda item: (item[0][0], -item[1], item[0])):
        bits = -log2((times + BELIEVED) / (written[kind, gone] + OUT_OF))
        if bits <= MOST_BITS:
            yield f"{kind}\t{gone}\t{come}\t{bits:.1f}\t{times}\t{written[kind, gone]}"


def main() -> None:
    """Counts the readings of the files named."""
    confused, written = count(read_pairs(Path(name) for name in sys.argv[1:]))
    head = "# kind\twritten\tread\tbits\ttimes\tof: made by training/confusions.py from readings of tuning sheets"
    OUT.write_text("\n".join([head, *make_rows(confused, written)]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
