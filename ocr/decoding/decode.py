"""From log-probabilities of one line to characters, their probabilities and the runners-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, pairwise

import numpy as np
from numpy.typing import NDArray

from japan.pairs import Kind, log_chance
from ocr.decoding.acceptor import Acceptor
from ocr.decoding.content import CharMask, mask_for, to_value
from ocr.decoding.ctc import NEVER, LogProbs, best_path, best_path_of_length, length_log_probability, log_likelihoods
from ocr.decoding.dates import to_written_day, written_date_grammar
from ocr.decoding.grammar import PRIORS, find_grammar
from ocr.decoding.nbest import Search
from ocr.engine import Logits
from ocr.layout import Content
from ocr.readings import CharReading

ALTERNATIVES = 4
_WIDE = 8  # classes tried at each place when its probability is worked out
_LEAST = -14.0  # ln of the probability that they have there at least
_LONGEST_REFINED = 60
_CLIMBS = 3


@dataclass(frozen=True)
class Decoded:
    """The characters of one line.

    probability: that the whole line is right, given what the mask and the length allow.
    held: how much of the ink the mask explains, 0.0-1.0.
    places: where along the line each character is surest, 0.0-1.0.
    values: with a grammar or a list, the likeliest values and their probabilities, best first.
    options: for each character those that may stand there, with ln of how likely the ink says them; none for a space.
    """

    characters: tuple[CharReading, ...]
    probability: float
    held: float
    places: tuple[float, ...] = ()
    values: tuple[tuple[str, float], ...] = ()
    options: tuple[Mapping[str, float], ...] = ()

    @property
    def text(self) -> str:
        return "".join(reading.char for reading in self.characters)


NOTHING = Decoded((), 1.0, 1.0)


Pairs = Callable[[str, str], float]
"""ln of the chance that a character follows another; a space stands for the ends of a text."""
PAIRS_COUNT = 0.5
"""How much of what pairs of characters tell counts beside the ink. The engine learned some of it from its own texts."""


def decode_line(logits: Logits, mask: CharMask, lengths: Sequence[int] = (), pairs: Pairs | None = None) -> Decoded:
    """The likeliest characters of a line; with `lengths`, the likeliest among those numbers of characters.

    pairs: how its characters usually follow each other, where that is known.
    """
    seen = mask.see(logits, also=None if lengths else ())
    space = seen.outputs.index(" ") if " " in seen.outputs else 0
    log_probs = _without_spaces(seen.log_probs, space)
    string, penalty = _search(log_probs, lengths)
    if string is None:
        return Decoded((), 0.0, seen.held)
    best = _climb(log_probs, string, _Likeness(seen.outputs, pairs))
    readings, options, rivals = _places(best, seen.outputs)
    peaks = best.peaks
    total = 0.0 if not lengths else penalty
    probability = _weighed(float(np.exp(min(0.0, best.scores[0] - total))), rivals)
    if space:
        readings, peaks = _with_spaces(readings, peaks, seen.log_probs, space)
    places = tuple((peak + 0.5) / len(log_probs) for peak in peaks)
    left = iter(options)
    spread = tuple({} if reading.char == " " else next(left) for reading in readings)
    return Decoded(readings, probability, seen.held, places, options=spread)


def _without_spaces(log_probs: LogProbs, space: int) -> LogProbs:
    """The log-probabilities with a space counting as blank: where words part is no doubt about their characters."""
    if not space:
        return log_probs
    merged = log_probs.copy()
    merged[:, 0] = np.logaddexp(log_probs[:, 0], log_probs[:, space])
    merged[:, space] = NEVER
    return merged


def _with_spaces(
    readings: Sequence[CharReading], peaks: Sequence[int], log_probs: LogProbs, space: int
) -> tuple[tuple[CharReading, ...], list[int]]:
    """The characters with a space wherever between two of them it is the likeliest class of a step."""
    out: list[CharReading] = []
    steps: list[int] = []
    for place, (reading, peak) in enumerate(zip(readings, peaks, strict=True)):
        between = log_probs[peaks[place - 1] + 1 : peak] if place else log_probs[:0]
        spaces = np.flatnonzero(between.argmax(axis=1) == space)
        if len(spaces):
            out.append(CharReading(" ", float(np.exp(between[spaces, space].max()))))
            steps.append(peaks[place - 1] + 1 + int(spaces[0]))
        out.append(reading)
        steps.append(peak)
    return tuple(out), steps


ODDS = 20.0
"""How many times likelier it is, before the ink is seen, that a writer kept to the grammar of the field than the engine
takes it to be: it knows of no grammar, and spreads its doubt over everything."""
UNFIT = 0.1
"""Below this probability that the grammar was kept at all, what stands there is another thing."""
_STRINGS = 12
_ENOUGH = 0.9995


def decode_grammar(
    logits: Logits,
    mask: CharMask,
    grammar: Acceptor,
    *,
    lengths: Sequence[int] = (),
    value: Callable[[str], str | None] = str,
    prior: Callable[[str], float] | None = None,
) -> Decoded:
    """The likeliest value of a grammar, where the ink may be one at all; else what it says freely, at probability 0.

    lengths: the numbers of characters that are known to be there; the grammar takes none other. value: what a
    string means. prior: how many times likelier than others a value is written.
    """
    seen = mask.see(logits, also=None)
    log_probs = seen.log_probs
    search = Search(log_probs, mask.outputs, grammar)
    found = _values(search, value, prior)
    known = 0.0
    if lengths:
        by_length = length_log_probability(log_probs, max(lengths))
        known = float(np.logaddexp.reduce([by_length[n] for n in lengths]))
    share = float(np.exp(min(0.0, search.mass - known)))
    fits = share * ODDS / (share * ODDS + 1.0 - share) if share else 0.0
    if not found or fits < UNFIT:
        return replace(decode_line(logits, mask, lengths), probability=0.0)
    text, _, _ = found[0]
    tried = _tried(log_probs, [mask.index[char] for char in text], _Likeness(mask.outputs, None), grammar)
    places = tuple((peak + 0.5) / len(log_probs) for peak in tried.peaks)
    readings, _, _ = _places(tried, mask.outputs)
    values = tuple((said, probability * fits) for _, said, probability in found[: ALTERNATIVES + 1])
    return Decoded(readings, values[0][1], seen.held, places, values)


_PAIRS: Mapping[Content, Pairs] = {
    Content.ADDRESS: partial(log_chance, Kind.PLACES),
    Content.TEXT: partial(log_chance, Kind.WORDS),
}


def decode_content(
    logits: Logits, alphabet: tuple[str, ...], content: Content, lengths: tuple[int, ...] = ()
) -> Decoded:
    """The likeliest value of a kind of field, within its grammar where it has one."""
    mask = mask_for(content, alphabet)
    grammar = find_grammar(content, lengths)
    if content is Content.DATE:
        return decode_grammar(logits, mask, written_date_grammar(), value=lambda t: to_written_day(t).isoformat())
    if grammar is None:
        return decode_line(logits, mask, lengths, _PAIRS.get(content))
    value, prior = partial(to_value, content), PRIORS.get(content)
    return decode_grammar(logits, mask, grammar, lengths=lengths, value=value, prior=prior)


def _values(
    search: Search, value: Callable[[str], str | None], prior: Callable[[str], float] | None
) -> list[tuple[str, str, float]]:
    """The likeliest values: (the likeliest way it is written, value, probability), best first."""
    found: dict[str, tuple[str, float]] = {}
    seen = 0.0
    for one in islice(search.strings(), _STRINGS):
        seen += one.probability
        said = value(one.text)
        if said is not None:
            text, before = found.get(said, (one.text, 0.0))
            found[said] = text, before + one.probability
        if seen > _ENOUGH:
            break
    factors = {said: prior(said) if prior else 1.0 for said in found}
    # What was not looked at is taken to be as likely to be written as the average.
    total = sum(p * factors[said] for said, (_, p) in found.items()) + max(0.0, 1.0 - seen)
    rows = [(text, said, p * factors[said] / total) for said, (text, p) in found.items()]
    return sorted(rows, key=lambda row: -row[2])


def _search(log_probs: LogProbs, lengths: Sequence[int]) -> tuple[list[int] | None, float]:
    if not lengths:
        return best_path(log_probs), 0.0
    by_length = length_log_probability(log_probs, max(lengths))
    allowed = np.array([by_length[n] for n in lengths])
    total = float(np.logaddexp.reduce(allowed))
    order = sorted(lengths, key=lambda n: -by_length[n])
    for length in order:
        string = best_path_of_length(log_probs, length)
        if string is not None:
            return string, total
    return None, total


@dataclass(frozen=True, eq=False)
class _Likeness:
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
class _Rivals:
    """How likely a string's rivals of one other character are together, over the string: by the ink alone, and with how
    usual they are."""

    ink: float
    usual: float


@dataclass(frozen=True, eq=False)
class _Tried:
    """A string beside those with one other character: for each its place and the whole of it.

    peaks: the step at which each of its characters is surest. scores: ln of the likelihood of the string, then of each
    trial. gains: ln of how much more usual than the string each is, the string itself first.
    """

    string: list[int]
    peaks: list[int]
    trials: list[tuple[int, list[int]]]
    scores: NDArray[np.float64]
    gains: NDArray[np.float64]


def _tried(log_probs: LogProbs, string: list[int], likeness: _Likeness, grammar: Acceptor | None = None) -> _Tried:
    """The string and what may be tried instead, within a grammar if there is one; nothing for very long ones."""
    peaks = align(log_probs, string)
    trials = _replacements(log_probs, string, peaks) if 0 < len(string) <= _LONGEST_REFINED else []
    if grammar is not None:
        outputs = likeness.outputs
        trials = [one for one in trials if grammar.weight("".join(outputs[c] for c in one[1])) > NEVER]
    scores = log_likelihoods(log_probs, [string, *(trial for _, trial in trials)])
    gains = [likeness.gain(string, place, trial[place]) for place, trial in trials] if likeness.pairs else []
    return _Tried(string, peaks, trials, scores, np.array([0.0, *gains]) if gains else np.zeros(len(scores)))


def _climb(log_probs: LogProbs, string: list[int], likeness: _Likeness) -> _Tried:
    """The string after single replacements that make it likelier as a whole."""
    best = _tried(log_probs, string, likeness)
    for _ in range(_CLIMBS):
        weighed = best.scores + best.gains
        top = int(weighed.argmax())
        if weighed[top] <= weighed[0] + 1e-9:
            break
        best = _tried(log_probs, best.trials[top - 1][1], likeness)
    return best


def _weighed(probability: float, rivals: _Rivals) -> float:
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


def _places(
    tried: _Tried, outputs: Sequence[str]
) -> tuple[tuple[CharReading, ...], tuple[Mapping[str, float], ...], _Rivals]:
    """The characters of a string, each with those that may stand in its place; the same by the ink alone."""
    if not tried.string:
        return (), (), _Rivals(0.0, 0.0)
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
    return tuple(readings), tuple(options), _Rivals(float(np.exp(odds[1:]).sum()), float(np.exp(weighed[1:]).sum()))


def _heaviest(item: tuple[str, float]) -> float:
    return -item[1]
