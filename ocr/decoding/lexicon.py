"""Lists of words asked of the ink: banks and branches, schools, the towns of a postal code.

Every word is scored as a whole on the line (`ocr.decoding.ink`), so that one that is misread freely is still found;
where the ink says something else altogether, nothing is answered. Scores are natural logarithms over the best free
reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import exp

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import extract

from japan.places import find_municipalities, find_towns
from japan.postal import PostalArea, lookup_all
from japan.variants import fold_variants
from ocr.decoding.content import mask_for
from ocr.decoding.ctc import LogProbs, best_path, log_begin_likelihoods
from ocr.decoding.decode import NOTHING, Decoded, decode_content, decode_line
from ocr.decoding.ink import score_strings
from ocr.decoding.rivals import align
from ocr.engine import Logits
from ocr.layout import Content
from ocr.readings import CharReading

UNLISTED = -8.0
"""Score that a word must reach to be likelier than something that is not listed. Of 107 names on the sample pages the
right one reached it in 106 (of the other a kanji was cut off); the best of 103 wrong ones scored -18.6 at the most."""
NEARLY, NEAREST_OF_DOUBTFUL = -6.0, -15.0
"""Margin that a place of the whole directory must reach, there one is always near: where the free reading is sure, and
where it is not. Of 24 misread beginnings on sheets for tuning the true place reached -14 in 21, a wrong one -37."""
SURELY = 0.8
MARGIN_COUNTS = 0.4  # of the margin: other places of the directory are near as well
NEAREST = 4  # municipalities whose towns are looked at
LEGIBLE = 0.3
"""A line less legible than this says no word: of 317 right words on sheets for tuning the least legible had 0.41."""
ASKED = 120  # ways of writing of which the ink is asked; of longer lists the nearest to the free reading
_SHORTER = -0.7  # what a shorter way of writing a word costs it
_KINDS_OF_HOUSE = re.compile(
    "(銀行|信託銀行|信用金庫|信用組合|農業協同組合|労働金庫|漁業協同組合|支店|出張所|支所|営業部)$"
)
_SHORT = {"信用金庫": "信金", "信用組合": "信組", "農業協同組合": "農協", "労働金庫": "労金"}


@dataclass(frozen=True)
class Hit:
    """A word of the list. score: ln of its likelihood over the best free reading. probability: that it is meant,
    among the list's words and anything else."""

    word: str
    score: float
    probability: float


def rank_words(
    logits: Logits,
    alphabet: Sequence[str],
    words: Sequence[str],
    forms: Callable[[str], Mapping[str, float]] | None = None,
) -> tuple[Hit, ...]:
    """The words of a list by how likely the line says them, best first; () where it says none of them.

    forms: the ways of writing a word, each with what it costs (0.0 or less).
    """
    if not words or not len(logits) or legibility(logits) < LEGIBLE:
        return ()
    written = _nearest(_written(tuple(words), forms or ways_of_writing), logits, alphabet)
    scores = score_strings(logits, alphabet, [text for _, text, _ in written], fold_variants)
    best: dict[str, float] = {}
    for (word, _, cost), score in zip(written, scores, strict=True):
        best[word] = max(best.get(word, -np.inf), score + cost)
    total = float(np.logaddexp.reduce([*best.values(), UNLISTED]))
    hits = sorted((Hit(word, score, float(np.exp(score - total))) for word, score in best.items()), key=_order)
    return tuple(hits) if hits[0].score > UNLISTED else ()


Way = tuple[str, str, float]
"""A word, one way of writing it, and what that costs."""


def legibility(logits: Logits) -> float:
    """How sure the recogniser is where it sees a character at all, 0.0-1.0; 0.0 where it sees none."""
    best = logits.argmax(axis=1)
    inked = logits[best != 0].max(axis=1)
    return float(np.exp(inked).mean()) if len(inked) else 0.0


@lru_cache(maxsize=32)
def _written(words: tuple[str, ...], forms: Callable[[str], Mapping[str, float]]) -> tuple[Way, ...]:
    return tuple((word, text, cost) for word in words for text, cost in forms(word).items())


def _nearest(ways: Sequence[Way], logits: Logits, alphabet: Sequence[str]) -> Sequence[Way]:
    """The ways of writing that the free reading looks most like, of a long list; the ink is asked of these alone."""
    if len(ways) <= ASKED:
        return ways
    free = fold_variants("".join(alphabet[label] for label in best_path(logits)).replace(" ", ""))
    near = extract(free, [text for _, text, _ in ways], scorer=Levenshtein.normalized_similarity, limit=ASKED)
    return [ways[place] for _, _, place in near]


def _order(hit: Hit) -> float:
    return -hit.score


def ways_of_writing(word: str) -> Mapping[str, float]:
    """The word, and the shorter ways in which the house's kind (銀行, 支店, ...) is left out or cut."""
    found = _KINDS_OF_HOUSE.search(word)
    if found is None or found.start() == 0:
        return {word: 0.0}
    stem, kind = word[: found.start()], found[0]
    forms = {word: 0.0, stem: _SHORTER}
    if kind in _SHORT:
        forms[stem + _SHORT[kind]] = _SHORTER
    if kind == "農業協同組合":
        forms["JA" + stem] = _SHORTER
    return forms


def choose_word(decoded: Decoded, logits: Logits, alphabet: Sequence[str], words: Sequence[str]) -> Decoded:
    """The reading of a line that holds a word of a list: the likeliest word, or what was read where it is none."""
    hits = rank_words(logits, alphabet, words)
    if not hits:
        return replace(decoded, probability=decoded.probability * 0.5)
    values = tuple((hit.word, hit.probability) for hit in hits[:5])
    return replace(decoded, probability=hits[0].probability, held=1.0, values=values)


def towns_of(code: str) -> tuple[str, ...]:
    """The ways in which an address of this postal code begins: with its prefecture, without, and without the county."""
    found: dict[str, None] = {}
    for area in lookup_all(code):
        for place in _places(area):
            found[place] = None
    return tuple(found)


def _places(area: PostalArea) -> tuple[str, ...]:
    town = re.sub("[(（].*", "", area.town)
    city = area.city.partition("郡")[2] or area.city
    return tuple(dict.fromkeys((area.prefecture + area.city + town, area.city + town, city + town)))


@dataclass(frozen=True)
class Begun:
    """An address that begins with a known place; the rest was read freely, its places are those of the whole line.

    margin: ln of how much likelier the line begins with `place` than with as much of the free reading. probability:
    what that makes of the place.
    """

    place: str
    rest: Decoded
    margin: float
    probability: float

    @property
    def whole(self) -> Decoded:
        """The whole line."""
        characters = tuple(CharReading(char, self.probability) for char in self.place)
        return replace(
            self.rest,
            characters=characters + self.rest.characters,
            probability=self.probability * self.rest.probability,
        )


def begin_address(
    logits: Logits, alphabet: tuple[str, ...], places: Sequence[str], least: float = UNLISTED, weight: float = 1.0
) -> Begun | None:
    """The address of a line with the likeliest of these beginnings; None where the line begins otherwise.

    least: the margin at which it is as likely that another place stands there. weight: of what is above it.
    """
    mask = mask_for(Content.ADDRESS, alphabet)
    known = [place for place in places if place and all(char in mask.index for char in place)]
    if not known:
        return None
    text = decode_line(logits, mask).text.replace(" ", "")
    seen = mask.see(logits, also=set("".join([text, *known])))
    log_probs, index = seen.log_probs, {char: i for i, char in enumerate(seen.outputs) if i}
    free = [index[char] for char in text]
    begun = log_begin_likelihoods(log_probs, [[index[char] for char in place] for place in known])
    margins = np.logaddexp.reduce(begun, axis=1) - _begin_freely(log_probs, free, known)
    best = max(range(len(known)), key=lambda n: (round(float(margins[n]), 1), len(known[n])))
    margin = float(margins[best])
    if margin < least:
        return None
    place, step = known[best], int(begun[best].argmax())
    label = index[place[-1]]
    while step < len(log_probs) and log_probs[step].argmax() == label:
        step += 1
    rest = decode_content(logits[step:], alphabet, Content.ADDRESS) if step < len(logits) else NOTHING
    peaks = align(log_probs[:step], [index[char] for char in place])
    steps = [*(peak + 0.5 for peak in peaks), *(step + part * (len(log_probs) - step) for part in rest.places)]
    probability = 1.0 / (1.0 + exp((least - margin) * weight))
    return Begun(place, replace(rest, places=tuple(at / len(log_probs) for at in steps)), margin, probability)


def _begin_freely(log_probs: LogProbs, free: Sequence[int], places: Sequence[str]) -> NDArray[np.float64]:
    """ln P(the line begins with as much of the free reading) for each place; 0.0 where nothing was read."""
    if not free:
        return np.zeros(len(places))
    lengths = sorted({min(len(place), len(free)) for place in places})
    found = np.logaddexp.reduce(log_begin_likelihoods(log_probs, [free[:length] for length in lengths]), axis=1)
    return np.array([found[lengths.index(min(len(place), len(free)))] for place in places])


def mend_beginning(logits: Logits, alphabet: tuple[str, ...], free: Decoded) -> Begun | None:
    """The address of a line that begins with no place of the directory, but nearly so; None for any other."""
    text = free.text.replace(" ", "")
    near = find_municipalities(text)
    towns = {written: find_towns(one, text[len(written) :]) for written, one in near[:NEAREST]}
    whole = [written + town for written, found in towns.items() for town in found]
    if not near or any(text.startswith(place) for place in whole):
        return None
    least = NEARLY if free.probability >= SURELY else NEAREST_OF_DOUBTFUL
    begun = begin_address(logits, alphabet, whole, least, MARGIN_COUNTS)
    if begun is not None or text.startswith(tuple(towns)):
        return begun
    return begin_address(logits, alphabet, [written for written, _ in near], least, MARGIN_COUNTS)
