"""Asking the ink: of 50 look-alike names, which one does the picture say?

    python -m benchmarks.ink [--names 1000] [--part held_out|tune] [--wear 0.5 1.0] [--kana]

A name is written by a hand of the lab and worn by a low resolution, blur, noise, a bent line and a hard JPEG. Its 49
rivals share the family or the given name. Counted at each degree of wear: how often the free reading is the name, how
often the name is the rival nearest to that reading (Levenshtein, ties shared), how often it is the likeliest in ink.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import cv2
import numpy as np
from rapidfuzz.distance import Levenshtein

from fixtures.names import FEMALE, MALE, SURNAMES
from fixtures.reading.glyphs import draw_line
from fixtures.reading.split import Part, surname_part
from fixtures.reading.wear import wear_line
from fixtures.reading.writers import find_writers
from japan.text import drop_spaces
from japan.variants import fold_variants
from ocr.decoding.content import mask_for
from ocr.decoding.decode import decode_line
from ocr.decoding.ink import field_looks, fold_kana, mean_scores, score_strings
from ocr.engine import PPOCRRecogniser, Recogniser
from ocr.layout import Content
from pipeline.score.bounds import clopper_pearson

SEED = 70311
CANDIDATES = 50
HEIGHT_PX = 96
BATCH = 16
Name = tuple[str, str]
"""Family and given name, in kanji or in kana."""


@dataclass
class Count:
    """What came first, and the processor seconds that scoring took."""

    names: int = 0
    free: int = 0
    nearest: float = 0.0
    ink: int = 0
    margins: list[tuple[float, bool]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def measure_ink(
    names: int,
    wears: Sequence[float],
    part: Part = Part.HELD_OUT,
    kana: bool = False,
    recogniser: Recogniser | None = None,
) -> dict[str, Any]:
    """The counts at each degree of wear, hand by hand."""
    cv2.setNumThreads(1)
    engine = recogniser or PPOCRRecogniser(threads=1)
    rows = {str(wear): _measure(engine, names, wear, part, kana) for wear in wears}
    return {"seed": SEED, "part": part.value, "kana": kana, "candidates": CANDIDATES, "wear": rows}


def _measure(engine: Recogniser, names: int, wear: float, part: Part, kana: bool) -> dict[str, Any]:
    total, hands = Count(), {writer.id: Count() for writer in find_writers(part, handwritten=True)}
    for hand, name, rivals, logits in _asked(engine, names, wear, part, kana):
        for count in (total, hands[hand]):
            _judge(count, engine.alphabet, name, rivals, logits, kana)
    return _figures(total) | {"by_hand": {hand: _figures(count) for hand, count in hands.items() if count.names}}


def _asked(engine: Recogniser, names: int, wear: float, part: Part, kana: bool) -> Iterator[Any]:
    """(hand, name, candidates, logits of every look) of so many names that can be cut out of their pictures."""
    rng, pending = Random(f"{SEED}-{part}-{wear}-{kana}"), []
    for number in range(names):
        writer = rng.choice(find_writers(part, handwritten=True))
        name, rivals = draw_rivals(rng, part, kana)
        picture = wear_line(
            rng, draw_line(rng, "　".join(name) if not kana else " ".join(name), writer, HEIGHT_PX), wear
        )
        looks = field_looks(picture)
        if looks:
            pending.append((writer.id, name, rivals, looks))
        if pending and (len(pending) == BATCH or number == names - 1):
            logits = iter(engine.logits([look[0] for row in pending for look in row[3]]))
            for hand, asked, candidates, looked in pending:
                yield hand, asked, candidates, [next(logits) for _ in looked]
            pending = []


def draw_rivals(rng: Random, part: Part, kana: bool) -> tuple[Name, list[Name]]:
    """A name whose surname belongs to the part, and the candidates, itself among them."""
    form = 1 if kana else 0
    surname = rng.choice([one for one in SURNAMES if surname_part(one[0]) is part])[form]
    given = rng.choice(FEMALE + MALE)[form]
    families = list(dict.fromkeys(one[form] for one in SURNAMES))
    givens = list(dict.fromkeys(one[form] for one in FEMALE + MALE))
    found = {(surname, given)}
    while len(found) < CANDIDATES:
        found.add((surname, rng.choice(givens)) if rng.random() < 0.5 else (rng.choice(families), given))
    rivals = sorted(found)
    rng.shuffle(rivals)
    return (surname, given), rivals


def _judge(
    count: Count, alphabet: tuple[str, ...], name: Name, rivals: Sequence[Name], logits: Any, kana: bool
) -> None:
    content = Content.KATAKANA if kana else Content.NAME
    said = fold_variants(drop_spaces(decode_line(logits[0], mask_for(content, alphabet)).text))
    texts = ["".join(rival) for rival in rivals]
    started = time.process_time()
    scores = mean_scores(
        [score_strings(matrix, alphabet, texts, fold_kana if kana else fold_variants) for matrix in logits]
    )
    count.seconds.append(time.process_time() - started)
    truth = rivals.index(name)
    distances = [Levenshtein.distance(said, fold_variants(text)) for text in texts]
    nearest = [i for i, distance in enumerate(distances) if distance == min(distances)]
    best, second = sorted(scores, reverse=True)[:2]
    count.names += 1
    count.free += said == fold_variants(texts[truth])
    count.nearest += (truth in nearest) / len(nearest)
    count.ink += scores[truth] == best and scores.count(best) == 1
    count.margins.append((best - second, scores[truth] == best))


def _figures(count: Count) -> dict[str, Any]:
    low, high = clopper_pearson(count.ink, count.names)
    return {
        "names": count.names,
        "free_exact": round(count.free / count.names, 4),
        "nearest_first": round(count.nearest / count.names, 4),
        "ink_first": round(count.ink / count.names, 4),
        "ink_first_95": [round(low, 4), round(high, 4)],
        "ms_for_all_candidates": round(1000 * float(np.median(count.seconds)), 2),
        "margin_2_share_and_errors": _beyond(count, 2.0),
        "margin_5_share_and_errors": _beyond(count, 5.0),
    }


def _beyond(count: Count, margin: float) -> list[float]:
    """The share of names whose best leads by this much, and how many of these are wrong."""
    beyond = [right for lead, right in count.margins if lead >= margin]
    return [round(len(beyond) / count.names, 4), beyond.count(False)]


def main() -> None:
    """Measures and prints one line for each degree of wear."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--names", type=int, default=1000)
    parser.add_argument("--part", choices=[part.value for part in Part], default=Part.HELD_OUT.value)
    parser.add_argument("--wear", type=float, nargs="+", default=[0.7, 1.4])
    parser.add_argument("--kana", action="store_true")
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    figures = measure_ink(given.names, given.wear, Part(given.part), given.kana)
    for wear, row in figures["wear"].items():
        print(wear, {key: value for key, value in row.items() if key != "by_hand"})
        for hand, one in row["by_hand"].items():
            print("   ", hand, one["names"], one["free_exact"], one["nearest_first"], one["ink_first"])


if __name__ == "__main__":
    main()
