"""Lists of words asked of the ink: banks and branches, schools, the towns of a postal code.

Every word is scored as a whole on the line (`ocr.ink`), so that one that is misread freely is still found; where the
ink says something else altogether, nothing is answered. Scores are natural logarithms over the best free reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from japan.postal import PostalArea, lookup_all
from japan.variants import fold_variants
from ocr.content import mask_for
from ocr.ctc import log_begin_likelihoods
from ocr.decode import Decoded, align, decode_line
from ocr.engine import Logits
from ocr.ink import score_strings
from ocr.layout import Content
from ocr.readings import CharReading

UNLISTED = -8.0
"""Score that a word must reach to be likelier than something that is not listed. Of 107 names on the sample pages the
right one reached it in 106 (of the other a kanji was cut off); the best of 103 wrong ones scored -18.6 at the most."""
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
    if not words or not len(logits):
        return ()
    written = [(word, text, cost) for word in words for text, cost in (forms or ways_of_writing)(word).items()]
    scores = score_strings(logits, alphabet, [text for _, text, _ in written], fold_variants)
    best: dict[str, float] = {}
    for (word, _, cost), score in zip(written, scores, strict=True):
        best[word] = max(best.get(word, -np.inf), score + cost)
    total = float(np.logaddexp.reduce([*best.values(), UNLISTED]))
    hits = sorted((Hit(word, score, float(np.exp(score - total))) for word, score in best.items()), key=_order)
    return tuple(hits) if hits[0].score > UNLISTED else ()


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
    """An address that begins as its postal code says. margin: ln of how much likelier the line begins with `place` than
    with as much of the free reading; the rest was read freely, and its places are those of the whole line."""

    place: str
    rest: Decoded
    margin: float

    @property
    def whole(self) -> Decoded:
        """The whole line; the place is as probable as its margin says against a place that is not the code's."""
        probability = float(1.0 / (1.0 + np.exp(UNLISTED - self.margin)))
        characters = tuple(CharReading(char, probability) for char in self.place)
        return replace(
            self.rest, characters=characters + self.rest.characters, probability=probability * self.rest.probability
        )


def begin_address(logits: Logits, alphabet: tuple[str, ...], places: Sequence[str]) -> Begun | None:
    """The address of a line with the likeliest of these beginnings; None where the line begins otherwise."""
    mask = mask_for(Content.ADDRESS, alphabet)
    index = {char: i for i, char in enumerate(mask.outputs) if i}
    known = [place for place in places if place and all(char in index for char in place)]
    if not known:
        return None
    log_probs = mask.apply(logits)
    free = decode_line(logits, mask).text
    begun = log_begin_likelihoods(log_probs, [[index[char] for char in place] for place in known])
    totals = np.logaddexp.reduce(begun, axis=1)
    best = int(totals.argmax())
    place, step = known[best], int(begun[best].argmax())
    freely = [index[char] for char in free.replace(" ", "")[: len(place)]]
    margin = float(totals[best] - np.logaddexp.reduce(log_begin_likelihoods(log_probs, [freely])[0])) if freely else 0.0
    if margin < UNLISTED:
        return None
    label = index[place[-1]]
    while step < len(log_probs) and log_probs[step].argmax() == label:
        step += 1
    rest = decode_line(logits[step:], mask) if step < len(logits) else Decoded((), 1.0, 1.0)
    peaks = align(log_probs[:step], [index[char] for char in place])
    steps = [*(peak + 0.5 for peak in peaks), *(step + part * (len(log_probs) - step) for part in rest.places)]
    return Begun(place, replace(rest, places=tuple(at / len(log_probs) for at in steps)), margin)
