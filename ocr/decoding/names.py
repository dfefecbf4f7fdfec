"""Names, word by word: what the ink says of each place, with how likely each word is as a surname or a given name.

Listed words (`japan.name_words`) are weighed all at once, unlisted ones by a beam along the places; the probability of
a word is its share of all of them. The first word is a surname, all others are given names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from math import exp, inf, log

import numpy as np
from numpy.typing import NDArray

from japan.name_words import LISTED, Script, follow, listed_words, log_next, log_word, start_of
from japan.readings import NamePart
from japan.variants import fold_variants
from ocr.decoding.decode import Decoded
from ocr.decoding.rivals import ALTERNATIVES
from ocr.readings import CharReading

Place = Mapping[str, float]
"""ln of how likely the ink of one place says a character."""
PRIOR_COUNTS = 0.7
"""How much of what is known of names counts beside the ink: so much that a name that no list has is read as often as
without lists where its ink is clear (docs/decisions/0034)."""
UNSEEN = -14.0  # ln of what is left for a character that nothing says of a place
FAINT = 8.0  # characters so much fainter than the best of their place are in no unlisted word
KEPT = 8  # unlisted words at a time
NEGLIGIBLE = 20.0  # words so much less likely, as a logarithm, than the likeliest are not looked at
BEST = 12  # words of each part, and names, that are told
ALONE = -3.0
"""ln of how much rarer it is that one word stands alone than that two are written in one go."""


@dataclass(frozen=True)
class Words:
    """The likeliest words of a stretch, best first, with ln of their weights; total: ln of the weight of all words."""

    best: tuple[tuple[str, float], ...]
    total: float


def spell_words(decoded: Decoded, places: Sequence[Place], script: Script) -> Decoded:
    """The likeliest name, with its rivals as `values`. places: one for each character; those of spaces do not count.

    Probabilities are shares of all names that the places allow.
    """
    parts = _parts([char.char for char in decoded.characters])
    if not parts:
        return decoded
    ink = _Ink(places, script)
    names, total = _whole(ink, *parts[0]) if len(parts) == 1 else _parted(ink, parts)
    shares = {name: exp(weight - total) for name, weight in names}
    return _spelt(decoded, parts, shares)


def spell_written(decoded: Decoded) -> Decoded:
    """The likeliest name as it is written, its rivals as `values`."""
    return spell_words(decoded, decoded.options, Script.WRITTEN)


def _parts(chars: Sequence[str]) -> list[tuple[int, int]]:
    """Where words begin and end."""
    edges = [-1, *(n for n, char in enumerate(chars) if not char.strip()), len(chars)]
    return [(a + 1, b) for a, b in pairwise(edges) if b > a + 1]


Names = tuple[list[tuple[str, float]], float]
"""Names without their spaces and ln of their weights, best first, and ln of the weight of all."""


def _parted(ink: _Ink, parts: Sequence[tuple[int, int]]) -> Names:
    """The names of words that are told apart."""
    found = [ink.words(start, end, NamePart.GIVEN if n else NamePart.FAMILY) for n, (start, end) in enumerate(parts)]
    return _joined(found), sum(words.total for words in found)


def _whole(ink: _Ink, start: int, end: int) -> Names:
    """The names of words that are written in one go: the surname may end anywhere."""
    weights: dict[str, float] = {}
    totals = []
    for cut in range(start + 1, end + 1):
        surnames = ink.words(start, cut, NamePart.FAMILY)
        found = [surnames, ink.words(cut, end, NamePart.GIVEN)] if cut < end else [surnames]
        cost = ALONE if cut == end else 0.0
        totals.append(sum(words.total for words in found) + cost)
        for name, weight in _joined(found):
            known = weights.get(name)
            weights[name] = weight + cost if known is None else float(np.logaddexp(known, weight + cost))
    return _ranked(weights)[:BEST], _log_sum(np.array(totals))


def _joined(found: Sequence[Words]) -> list[tuple[str, float]]:
    names = [("", 0.0)]
    for words in found:
        names = [
            (name + word, weight + more)
            for rank, (name, weight) in enumerate(names, 1)
            for word, more in words.best[: BEST // rank]  # before any other there are BEST likelier ones
        ]
        names = sorted(names, key=_heaviest)[:BEST]
    return names


class _Ink:
    """What the ink of a name says, place by place, and the words that any run of places may say."""

    def __init__(self, places: Sequence[Place], script: Script) -> None:
        self._places, self._script = places, script
        self._folded = [_folded(place) for place in places]
        self._rows: dict[NamePart, NDArray[np.float64]] = {}
        self._beams: dict[tuple[int, NamePart], list[Beam]] = {}

    def words(self, start: int, end: int, part: NamePart) -> Words:
        """The words that a run of places may say."""
        trust, listed = LISTED[self._script, part], _lexicon(self._script, part, end - start)
        rows = self._rows_of(part)
        said = rows[start][listed.codes[0]]
        for n in range(start + 1, end):
            said += rows[n][listed.codes[n - start]]
        weights = said + PRIOR_COUNTS * (listed.shares + log(trust))
        weights, near = _likely(weights)
        found = {
            word: inked + PRIOR_COUNTS * log_word(self._script, part, word)
            for inked, _, word, _ in self._beam(start, end, part)
        }
        best = _largest(weights, BEST)
        for n in near[best].tolist():
            word = self._as_inked(listed.words[n], start)
            found[word] = float(said[n]) + PRIOR_COUNTS * log_word(self._script, part, word)
        weights[best] = -inf  # they are among those found
        total = _log_sum(np.concatenate([weights, [*found.values()]]))
        return Words(tuple(_ranked(found)[:BEST]), total)

    def _rows_of(self, part: NamePart) -> NDArray[np.float64]:
        """ln of how likely each place says each character of the list [places, characters]."""
        if part not in self._rows:
            codes = _codes(self._script, part)
            rows = self._rows[part] = np.full((len(self._places), len(codes)), UNSEEN)
            for row, place, folded in zip(rows, self._places, self._folded, strict=True):
                for listed, char in folded.items():
                    if listed in codes:
                        row[codes[listed]] = max(place[char], UNSEEN)
        return self._rows[part]

    def _beam(self, start: int, end: int, part: NamePart) -> Beam:
        """The likeliest unlisted words of a run of places."""
        beams = self._beams.setdefault((start, part), [[(0.0, 0.0, "", start_of(self._script))]])
        while len(beams) <= end - start:
            place = self._places[start + len(beams) - 1]
            least = max(place.values(), default=0.0) - FAINT
            options = [(char, ink) for char, ink in place.items() if ink > least]
            beam = [
                (said + ink, usual + log_next(self._script, part, context, char), word + char, follow(context, char))
                for said, usual, word, context in beams[-1]
                for char, ink in options
            ]
            beams.append(sorted(beam, key=_likeliest)[:KEPT])
        return beams[end - start]

    def _as_inked(self, word: str, start: int) -> str:
        """The listed word, whose variants are folded (渡辺), as the ink says it (渡邊)."""
        return "".join(self._folded[start + n].get(char, char) for n, char in enumerate(word))


Beam = list[tuple[float, float, str, str]]
"""Beginnings of unlisted words: ln of what the ink says, of how usual they are, the word, and its end."""


def _likeliest(one: tuple[float, float, str, str]) -> float:
    return -one[0] - one[1]


def _folded(place: Place) -> dict[str, str]:
    """Characters as the list has them, and as the ink says them: the likeliest of those that fold into one."""
    found: dict[str, str] = {}
    for char, ink in place.items():
        listed = _fold(char)
        if listed not in found or ink > place[found[listed]]:
            found[listed] = char
    return found


@lru_cache(maxsize=1 << 14)
def _fold(char: str) -> str:
    return fold_variants(char)


def _ranked(weights: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(weights.items(), key=_heaviest)


def _heaviest(item: tuple[str, float]) -> float:
    return -item[1]


def _log_sum(values: NDArray[np.float64]) -> float:
    top = float(values.max())
    return top + log(float(np.exp(values - top).sum()))


def _likely(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The weights that are not negligible beside the largest, and where they stand."""
    (places,) = (weights > weights.max(initial=-inf) - NEGLIGIBLE).nonzero()
    return weights[places], places


def _largest(values: NDArray[np.float64], count: int) -> list[int]:
    if len(values) <= count:
        return list(range(len(values)))
    return [int(n) for n in np.argpartition(-values, count)[:count]]


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Listed words of one length. codes: [length, words], as in `_codes`; shares: ln of how common each is."""

    words: tuple[str, ...]
    codes: NDArray[np.int32]
    shares: NDArray[np.float64]


@lru_cache(maxsize=64)
def _lexicon(script: Script, part: NamePart, length: int) -> Lexicon:
    codes = _codes(script, part)
    found = {word: share for word, share in listed_words(script, part).items() if len(word) == length}
    rows = np.array([[codes[char] for char in word] for word in found], np.int32).reshape(len(found), length).T.copy()
    return Lexicon(tuple(found), rows, np.log(np.array([*found.values()], np.float64)))


@lru_cache(maxsize=4)
def _codes(script: Script, part: NamePart) -> Mapping[str, int]:
    """A number for each character of the listed words."""
    return {char: n for n, char in enumerate(sorted(set("".join(listed_words(script, part)))))}


def _spelt(decoded: Decoded, parts: Sequence[tuple[int, int]], shares: Mapping[str, float]) -> Decoded:
    """What was decoded, with the likeliest of these names."""
    said = next(iter(shares))
    spaces = [n for n in range(len(decoded.characters)) if not any(a <= n < b for a, b in parts)]
    names = {_spaced(name, spaces): share for name, share in shares.items()}
    before = float(np.prod([char.probability for char in decoded.characters]))
    scale = min(1.0, decoded.probability / max(before, 1e-9))
    characters = tuple(char if n in spaces else _character(n, names) for n, char in enumerate(decoded.characters))
    values = tuple((name, share * scale) for name, share in names.items())
    return replace(decoded, characters=characters, probability=shares[said] * scale, values=values)


def _spaced(name: str, spaces: Sequence[int]) -> str:
    for place in spaces:
        name = f"{name[:place]} {name[place:]}"
    return name


def _character(place: int, names: Mapping[str, float]) -> CharReading:
    shares: dict[str, float] = {}
    for name, share in names.items():
        shares[name[place]] = shares.get(name[place], 0.0) + share
    said = next(iter(names))[place]
    total = sum(shares.values())
    others = sorted(((char, p / total) for char, p in shares.items() if char != said), key=_heaviest)
    return CharReading(said, shares[said] / total, tuple(others[:ALTERNATIVES]))
