"""A string on a line beside its rivals, those with one other character: which is likeliest, and by how much."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ocr.decoding.acceptor import Acceptor
from ocr.decoding.ctc import NEVER, LogProbs, log_likelihoods
from ocr.readings import CharReading

ALTERNATIVES = 4
_WIDE = 8  # classes tried at each place when its probability is worked out
_LEAST = -14.0  # ln of the probability that they have there at least
_LONGEST_REFINED = 60
_CLIMBS = 3

Pairs = Callable[[str, str], float]
"""ln of the chance that a character follows another; a space stands for the ends of a text."""
PAIRS_COUNT = 0.5
"""How much of what pairs of characters tell counts beside the ink. The engine learned some of it from its own texts."""


@dataclass(frozen=True, eq=False)
class Likeness:
    """How usual strings of outputs are by their pairs of characters."""

    outputs: Sequence[str]
    pairs: Pairs | None

    def gain(self, string: Sequence[int], place: int, other: int) -> float:
        """ln of how much more usual the string is with another class in this place."""
        if self.pairs is None:
            return 0.0
        before = self.outputs[string[place - 1]] if place else " "
        after = self.outputs[string[place + 1]] if place + 1 < len(string) else " "
        new, old = self.outputs[other], self.outputs[string[place]]
        step = self.pairs(before, new) + self.pairs(new, after) - self.pairs(before, old) - self.pairs(old, after)
        return PAIRS_COUNT * step


@dataclass(frozen=True)
class Rivals:
    """How likely a string's rivals of one other character are together, over the string: by the ink alone, and with how
    usual they are."""

    ink: float
    usual: float


@dataclass(frozen=True, eq=False)
class Tried:
    """A string beside those with one other character: for each its place and the whole of it.

    peaks: the step at which each of its characters is surest. scores: ln of the likelihood of the string, then of each
    trial. gains: ln of how much more usual than the string each is, the string itself first.
    """

    string: list[int]
    peaks: list[int]
    trials: list[tuple[int, list[int]]]
    scores: NDArray[np.float64]
    gains: NDArray[np.float64]


def try_others(log_probs: LogProbs, string: list[int], likeness: Likeness, grammar: Acceptor | None = None) -> Tried:
    """The string and what may be tried instead, within a grammar if there is one; nothing for very long ones."""
    peaks = align(log_probs, string)
    trials = _replacements(log_probs, string, peaks) if 0 < len(string) <= _LONGEST_REFINED else []
    if grammar is not None:
        outputs = likeness.outputs
        trials = [one for one in trials if grammar.weight("".join(outputs[c] for c in one[1])) > NEVER]
    scores = log_likelihoods(log_probs, [string, *(trial for _, trial in trials)])
    gains = [likeness.gain(string, place, trial[place]) for place, trial in trials] if likeness.pairs else []
    return Tried(string, peaks, trials, scores, np.array([0.0, *gains]) if gains else np.zeros(len(scores)))


def climb(log_probs: LogProbs, string: list[int], likeness: Likeness) -> Tried:
    """The string after single replacements that make it likelier as a whole."""
    best = try_others(log_probs, string, likeness)
    for _ in range(_CLIMBS):
        weighed = best.scores + best.gains
        top = int(weighed.argmax())
        if weighed[top] <= weighed[0] + 1e-9:
            break
        best = try_others(log_probs, best.trials[top - 1][1], likeness)
    return best


def weigh(probability: float, rivals: Rivals) -> float:
    """The probability of a string when it and all others count by how usual they are.

    What was not tried has more than one other character; it is taken to be as unusual as what was tried.
    """
    tried, usual = probability * rivals.ink, probability * rivals.usual
    factor = min(1.0, rivals.usual / rivals.ink) if rivals.ink else 1.0
    return probability / (probability + usual + max(0.0, 1.0 - probability - tried) * factor)


def _replacements(log_probs: LogProbs, string: list[int], peaks: list[int]) -> list[tuple[int, list[int]]]:
    """Each place with each of its likely other classes: (place, whole string)."""
    starts = [0, *[(a + b + 1) // 2 for a, b in pairwise(peaks)]]  # half way to the neighbours on the best alignment
    most = np.maximum.reduceat(log_probs[:, 1:], starts, axis=0)
    order = np.argsort(-most, axis=1)[:, :_WIDE]
    likely = np.take_along_axis(most, order, axis=1) > _LEAST
    return [
        (place, [*string[:place], other, *string[place + 1 :]])
        for place, others in enumerate((order + 1).tolist())
        for other, tried in zip(others, likely[place].tolist(), strict=True)
        if tried and other != string[place]
    ]


def align(log_probs: LogProbs, string: list[int]) -> list[int]:
    """The step at which each character is surest, in order (Viterbi over one step a character)."""
    steps, count = len(log_probs), len(string)
    if steps < count:
        return [min(steps - 1, i) for i in range(count)]
    gain = np.ascontiguousarray((log_probs[:, string] - log_probs[:, :1]).T)
    best = np.zeros(steps + 1)  # of the characters before, by how many steps there were
    for place, taken in enumerate(gain):
        taken += best[:-1]  # `gain` now has the score of taking this character here
        best = np.concatenate([[-np.inf] * (place + 1), np.maximum.accumulate(taken)[place:]])
    peaks: list[int] = []
    end = steps
    for taken in gain[::-1]:
        end = int(taken[:end].argmax())
        peaks.append(end)
    return peaks[::-1]


def tell_places(
    tried: Tried, outputs: Sequence[str]
) -> tuple[tuple[CharReading, ...], tuple[Mapping[str, float], ...], Rivals]:
    """The characters of a string, each with those that may stand in its place; the same by the ink alone."""
    if not tried.string:
        return (), (), Rivals(0.0, 0.0)
    odds = tried.scores - tried.scores[0]
    weighed = odds + tried.gains
    weights = np.exp(np.minimum(weighed, 0.0))
    rivals: list[list[tuple[str, float]]] = [[] for _ in tried.string]
    options = [{outputs[label]: 0.0} for label in tried.string]
    for (place, trial), weight, odd in zip(tried.trials, weights[1:].tolist(), odds[1:].tolist(), strict=True):
        rivals[place].append((outputs[trial[place]], weight))
        options[place][outputs[trial[place]]] = odd
    readings = []
    for label, others in zip(tried.string, rivals, strict=True):
        total = 1.0 + sum([weight for _, weight in others])
        ranked = sorted([(char, weight / total) for char, weight in others], key=_heaviest)
        readings.append(CharReading(outputs[label], 1.0 / total, tuple(ranked[:ALTERNATIVES])))
    return tuple(readings), tuple(options), Rivals(float(np.exp(odds[1:]).sum()), float(np.exp(weighed[1:]).sum()))


def _heaviest(item: tuple[str, float]) -> float:
    return -item[1]
