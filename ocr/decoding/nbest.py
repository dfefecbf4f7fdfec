"""An acceptor met with CTC log-probabilities: the likeliest strings it accepts, exactly, and how probable each is.

One pass from the end of the line to its start gives, for every place in the acceptor and every step, the mass of all
that may still follow. With it the mass of all strings that begin with a given prefix is known without decoding
them, so the search always opens the heaviest prefix (Graves 2012, "prefix search decoding") and meets the strings in
the order of their full probability, all alignments summed.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from operator import add

import numpy as np
from numpy.typing import NDArray

from ocr.decoding.acceptor import Acceptor
from ocr.decoding.ctc import LogProbs

MOST_OPENED = 200
_NEGLIGIBLE = 1e-7  # share of the whole mass below which a prefix is not followed
_TINY = 1e-290
_END = -1  # instead of an arc: the string ends here


@dataclass(frozen=True)
class Found:
    """A string of the acceptor. probability: that the line says it, given that it says something accepted."""

    text: str
    probability: float


@dataclass(frozen=True)
class Ranked:
    """The likeliest strings, best first.

    mass: ln of the probability that the line says something accepted at all (weights count as factors).
    """

    found: tuple[Found, ...]
    mass: float

    @property
    def margin(self) -> float:
        """ln of how many times likelier the best is than the next; inf without a next, 0.0 with nothing found."""
        if len(self.found) < 2:
            return float("inf") if self.found else 0.0
        return float(np.log(self.found[0].probability / self.found[1].probability))


def rank_strings(log_probs: LogProbs, outputs: Sequence[str], acceptor: Acceptor, most: int = 4) -> Ranked:
    """The `most` likeliest accepted strings of a line [T, len(outputs)] whose output 0 is the blank."""
    search = Search(log_probs, tuple(outputs), acceptor)
    found = []
    for one in search.strings():
        found.append(one)
        if len(found) == most:
            break
    return Ranked(tuple(found), search.mass)


@dataclass(frozen=True, eq=False)
class _Table:
    """An acceptor over the outputs of a mask. twin: the arc of the same class out of an arc's target, or one past."""

    first: tuple[int, ...]
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    label: NDArray[np.int64]
    weight: NDArray[np.float64]
    twin: NDArray[np.int64]
    finals: NDArray[np.float64]
    chars: tuple[str, ...]


@lru_cache(maxsize=128)
def _table(acceptor: Acceptor, outputs: tuple[str, ...]) -> _Table:
    place = {char: i for i, char in enumerate(outputs) if i}
    arcs = [arc for arc in acceptor.arcs if arc[1] in place]
    number = {(source, char): i for i, (source, char, _, _) in enumerate(arcs)}
    states = len(acceptor.finals)
    source = np.array([arc[0] for arc in arcs], np.int64)
    return _Table(
        tuple(np.searchsorted(source, np.arange(states + 1)).tolist()),
        source,
        np.array([arc[2] for arc in arcs], np.int64),
        np.array([place[arc[1]] for arc in arcs], np.int64),
        np.exp(np.array([arc[3] for arc in arcs], np.float64)),
        np.array([number.get((target, char), len(arcs)) for _, char, target, _ in arcs], np.int64),
        np.exp(np.array(acceptor.finals, np.float64)),
        tuple(arc[1] for arc in arcs),
    )


@dataclass
class _Prefix:
    """The beginning of a string: the arc that was taken last, and the mass that reaches it after each step.

    blank, char: after t steps the last one was blank, or the last character. None until they are needed.
    """

    text: str
    state: int
    arc: int
    before: _Prefix | None
    blank: list[float] | None = None
    char: list[float] | None = None


class Search:
    """The search over one line; `strings` may be taken from until enough were seen."""

    def __init__(self, log_probs: LogProbs, outputs: tuple[str, ...], acceptor: Acceptor) -> None:
        self._table = _table(acceptor, outputs)
        self._probs = np.exp(np.maximum(log_probs, -600.0))
        self._look_back()
        self._columns: dict[int, list[float]] = {}

    def _look_back(self) -> None:
        """Fills `_enter` [T, arcs]: the mass of beginning each arc at each step and then anything accepted."""
        table, probs = self._table, self._probs
        steps, states = len(probs), len(table.finals)
        self._enter = np.zeros((steps, len(table.label)))
        self._scales = np.ones(steps)
        emitted = probs[:, table.label]
        state, inside = table.finals.copy(), table.finals[table.target]
        enter = np.zeros(len(table.label) + 1)
        for t in range(steps - 1, -1, -1):
            stay = emitted[t] * inside
            np.multiply(stay, table.weight, out=enter[:-1])
            state = probs[t, 0] * state + np.bincount(table.source, enter[:-1], states)
            inside = stay + state[table.target] - enter[table.twin]
            scale = max(float(state.max()), _TINY)
            state /= scale
            inside /= scale
            self._enter[t] = enter[:-1] / scale
            self._scales[t] = scale
        self._whole = float(state[0])
        self.mass = float(np.log(max(self._whole, _TINY)) + np.log(self._scales).sum())

    def strings(self) -> Iterator[Found]:
        """Accepted strings, the likeliest first; ends when all that is left is negligible."""
        if self._whole <= _TINY:
            return
        table, order = self._table, count()
        heap: list[tuple[float, int, int | None, _Prefix]] = [
            (-self._whole, next(order), None, _Prefix("", 0, -1, None))
        ]
        for _ in range(MOST_OPENED):
            if not heap:
                return
            mass, _, arc, prefix = heapq.heappop(heap)
            if arc == _END:
                yield Found(prefix.text, min(1.0, -mass / self._whole))
                continue
            if arc is not None:
                prefix = _Prefix(prefix.text + table.chars[arc], int(table.target[arc]), arc, prefix)
            for child_mass, child_arc in self._open(prefix, _NEGLIGIBLE * self._whole):
                heapq.heappush(heap, (-child_mass, next(order), child_arc, prefix))

    def _open(self, prefix: _Prefix, least: float) -> Iterator[tuple[float, int]]:
        """The mass of the prefix as a whole string (_END), and of every arc on from it, where that is at least this."""
        table = self._table
        blank, char = self._reached(prefix)
        whole = float(table.finals[prefix.state]) * (blank[-1] + char[-1])
        if whole > least:
            yield whole, _END
        low, high = table.first[prefix.state], table.first[prefix.state + 1]
        after_blank, enter = np.array(blank[:-1]), self._enter[:, low:high]
        masses = (after_blank + np.array(char[:-1])) @ enter
        again = int(table.twin[prefix.arc]) if prefix.arc >= 0 else len(table.label)
        if again < len(table.label):
            masses[again - low] = after_blank @ enter[:, again - low]  # a character again needs a blank between
        for arc, mass in enumerate(masses.tolist(), low):  # a state has few arcs: arrays would be slower
            if mass > least:
                yield mass, arc

    def _reached(self, prefix: _Prefix) -> tuple[list[float], list[float]]:
        """The mass that reaches the prefix after each number of steps, in the scale of the pass back."""
        if prefix.blank is not None and prefix.char is not None:
            return prefix.blank, prefix.char
        blanks = self._column(0)
        blank, char = [0.0], [0.0]
        if prefix.before is None:
            blank[0] = 1.0
            for emission in blanks:
                blank.append(blank[-1] * emission)
            char = [0.0] * len(blank)
        else:
            table, before = self._table, prefix.before
            from_blank, from_char = self._reached(before)
            again = before.arc >= 0 and table.label[before.arc] == table.label[prefix.arc]
            weight = float(table.weight[prefix.arc])
            here_blank = here_char = 0.0
            entering = from_blank if again else map(add, from_blank, from_char)
            for empty, inked, mass in zip(blanks, self._column(int(table.label[prefix.arc])), entering, strict=False):
                here_blank, here_char = empty * (here_blank + here_char), inked * (here_char + weight * mass)
                blank.append(here_blank)
                char.append(here_char)
        prefix.blank, prefix.char = blank, char
        return blank, char

    def _column(self, label: int) -> list[float]:
        if label not in self._columns:
            self._columns[label] = (self._probs[:, label] / self._scales).tolist()
        return self._columns[label]
