"""From log-probabilities of one line to characters, their probabilities and the runners-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np

from japan.pairs import Kind, log_chance
from ocr.decoding.acceptor import Acceptor
from ocr.decoding.content import mask_for
from ocr.decoding.ctc import NEVER, LogProbs, best_path, best_path_of_length, length_log_probability
from ocr.decoding.dates import to_written_day, written_date_grammar
from ocr.decoding.grammar import PRIORS, find_grammar
from ocr.decoding.masks import CharMask
from ocr.decoding.nbest import Search
from ocr.decoding.rivals import ALTERNATIVES, Likeness, Pairs, climb, tell_places, try_others, weigh
from ocr.decoding.values import to_value
from ocr.engine import Logits
from ocr.layout import Content
from ocr.readings import CharReading


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
    best = climb(log_probs, string, Likeness(seen.outputs, pairs))
    readings, options, rivals = tell_places(best, seen.outputs)
    peaks = best.peaks
    total = 0.0 if not lengths else penalty
    probability = weigh(float(np.exp(min(0.0, best.scores[0] - total))), rivals)
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
    tried = try_others(log_probs, [mask.index[char] for char in text], Likeness(mask.outputs, None), grammar)
    places = tuple((peak + 0.5) / len(log_probs) for peak in tried.peaks)
    readings, _, _ = tell_places(tried, mask.outputs)
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
