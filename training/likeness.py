"""Writes fixtures/matching/data/likeness.tsv: `python -m training.likeness --minutes 10 [--seed c]`.

What is like what in ink, measured: lines of random characters are written in the hands for tuning, worn to several
degrees and read; then the ink is asked how well each line fits with one character changed, for characters that the
reader itself thought of there. A row is the kind (N name, A kana, D digits), a character, and those most like it with
how much less likely each is than the first, in natural logarithms. The margins by wear that it prints stand in
`fixtures.matching.ink`.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import cv2
import numpy as np

import japan
from fixtures.matching.ink import Kind, fold
from fixtures.reading.glyphs import draw_line
from fixtures.reading.split import Part
from fixtures.reading.wear import wear_line
from fixtures.reading.writers import find_writers
from ocr.decoding.ink import field_looks, fold_kana, mean_scores, score_strings
from ocr.engine import Logits, PPOCRRecogniser

OUT = Path(__file__).parents[1] / "fixtures" / "matching" / "data" / "likeness.tsv"
WEARS = (0.4, 0.7, 0.95, 1.15, 1.3)
LENGTH = {Kind.NAME: 4, Kind.KANA: 7, Kind.DIGITS: 8}
KANA = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワンガギグゲゴザジズゼゾ"
    "ダデドバビブベボャュョッー"
)
FALL = {Kind.NAME: 4.5, Kind.KANA: 3.6, Kind.DIGITS: 3.0}
"""By how much margins fall with wear, to bring those of several wears together; and the farthest that are kept."""
FARTHEST = {Kind.NAME: 14.0, Kind.KANA: 12.0, Kind.DIGITS: 13.0}
MOST, RANDOM, ASKED, USUAL_WEAR = 6, 4, 8, 0.8


@dataclass(frozen=True, slots=True)
class Margin:
    """How much better a line fits with the written character than with another ("" for none) in its place.

    asked: the reader itself thought of the other one.
    """

    kind: Kind
    wear: float
    written: str
    other: str
    margin: float
    asked: bool


def measure(seconds: float, seed: str) -> Iterator[Margin]:
    """Margins until the time is up."""
    engine, rng = PPOCRRecogniser(threads=1), Random(seed)
    writers, chars, began = find_writers(Part.TUNE, handwritten=True), _chars(), time.monotonic()
    while time.monotonic() - began < seconds:
        kind, wear = rng.choice((Kind.NAME, Kind.NAME, Kind.KANA, Kind.DIGITS)), rng.choice(WEARS)
        text = "".join(rng.choices(*chars[kind], k=LENGTH[kind]))
        looks = field_looks(wear_line(rng, draw_line(rng, text, rng.choice(writers), 96), wear))
        if looks:
            yield from _margins(rng, kind, wear, text, engine.logits([look[0] for look in looks]), engine.alphabet)


def _margins(
    rng: Random, kind: Kind, wear: float, text: str, looks: Sequence[Logits], alphabet: tuple[str, ...]
) -> Iterator[Margin]:
    among = _chars()[kind][0]
    thought = _thought_of(looks[0], alphabet, len(text), set(among))
    changes = [
        (place, other, other in thought[place])
        for place, char in enumerate(text)
        for other in dict.fromkeys([*rng.sample(among, RANDOM), *thought[place], ""])
        if other != char
    ]
    texts = [text, *(text[:place] + other + text[place + 1 :] for place, other, _ in changes)]
    folded = fold_kana if kind is Kind.KANA else (lambda text: fold(text, False))
    scores = mean_scores([score_strings(look, alphabet, texts, folded) for look in looks])
    for (place, other, asked), score in zip(changes, scores[1:], strict=True):
        yield Margin(kind, wear, text[place], other, scores[0] - score, asked)


def _thought_of(logits: Logits, alphabet: tuple[str, ...], length: int, among: set[str]) -> list[list[str]]:
    """For each place the characters the reader gave most to; nothing where it saw another number of characters."""
    best = logits.argmax(axis=1)
    steps = [n for n, char in enumerate(best) if char and (n == 0 or char != best[n - 1])]
    if len(steps) != length:
        return [[] for _ in range(length)]
    ranked = (np.argsort(-logits[step])[:ASKED] for step in steps)
    return [[alphabet[i] for i in row if i and alphabet[i] in among][:4] for row in ranked]


def _chars() -> Mapping[Kind, tuple[list[str], list[float]]]:
    """Characters to write, each with how often."""
    counts: dict[str, float] = defaultdict(float)
    path = Path(japan.__file__).parent / "data" / "kanji_readings.tsv"
    for _, char, readings in (line.split("\t") for line in path.read_text("utf-8").splitlines()):
        counts[char] += sum(int(pair.split(":")[1]) for pair in readings.split())
    kanji = [char for char, count in counts.items() if count >= 4 and "一" <= char <= "鿿"]
    return {
        Kind.NAME: (kanji, [counts[char] ** 0.5 for char in kanji]),
        Kind.KANA: (list(KANA), [1.0] * len(KANA)),
        Kind.DIGITS: (list("0123456789"), [1.0] * 10),
    }


def likeness_rows(margins: Sequence[Margin]) -> list[str]:
    """The rows of the table."""
    found: dict[tuple[Kind, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in margins:
        kana = one.kind is Kind.KANA
        written, other = fold(one.written, kana), fold(one.other, kana)
        if other and other != written:
            found[one.kind, written][other].append(one.margin + FALL[one.kind] * (one.wear - USUAL_WEAR))
    rows = []
    for (kind, char), others in sorted(found.items()):
        means = sorted((float(np.mean(values)), other) for other, values in others.items())
        near = [(mean, other) for mean, other in means[:MOST] if mean < FARTHEST[kind]]
        if len(near) > 1:
            rows.append(f"{kind}\t{char}\t" + " ".join(f"{other}:{mean - near[0][0]:.1f}" for mean, other in near))
    return rows


def report(margins: Sequence[Margin]) -> Iterator[str]:
    """Mean and spread by kind and wear: of what the reader thought of, of any character, of none."""
    for kind in Kind:
        for wear in WEARS:
            own = [one for one in margins if one.kind is kind and one.wear == wear]
            for name, values in (
                ("alike", [one.margin for one in own if one.asked]),
                ("any", [one.margin for one in own if one.other and not one.asked]),
                ("none", [one.margin for one in own if not one.other]),
            ):
                if values:
                    yield f"{kind.name} {wear} {name}: {np.mean(values):.1f} +- {np.std(values):.1f} ({len(values)})"


def main() -> None:
    """Measures, writes the table, prints the margins."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", default="c")
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    cv2.setNumThreads(1)
    margins = list(measure(60 * given.minutes, given.seed))
    OUT.write_text("\n".join(likeness_rows(margins)) + "\n", "utf-8")
    print("\n".join(report(margins)))


if __name__ == "__main__":
    main()
