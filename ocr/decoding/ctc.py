"""CTC arithmetic on log-probability matrices [T, C] whose class 0 is the blank."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LogProbs = NDArray[np.float64]
NEVER = -1e30


def best_path(log_probs: LogProbs | NDArray[np.float32]) -> list[int]:
    """The classes of the likeliest path, repeats and blanks removed."""
    path = log_probs.argmax(axis=1)
    keep = (path != 0) & (path != np.concatenate(([-1], path[:-1])))
    return [int(c) for c in path[keep]]


def best_path_of_length(log_probs: LogProbs, length: int) -> list[int] | None:
    """The classes of the likeliest path that has exactly `length` characters, None when T is too short.

    The state is how many characters were begun and whether the last step was blank; a character that
    follows the same character needs a blank between, as always in CTC.
    """
    steps, classes = log_probs.shape
    if length == 0:
        return []
    if steps < length:
        return None
    ink = log_probs[:, 1:]
    blank = np.full(length + 1, NEVER)  # i characters begun, last step blank
    blank[0] = 0.0
    char = np.full((length + 1, classes - 1), NEVER)  # i-th character is c, last step c
    back = np.zeros((steps, length + 1, classes - 1), np.int16)
    back_blank = np.full((steps, length + 1), -1, np.int16)
    for t in range(steps):
        new_blank, back_blank[t] = _step_blank(blank, char, float(log_probs[t, 0]))
        char, back[t] = _step_char(blank, char, ink[t])
        blank = new_blank
    return _trace(blank, char, back, back_blank, length)


def _step_blank(blank: LogProbs, char: LogProbs, emission: float) -> tuple[LogProbs, NDArray[np.int16]]:
    best = char.argmax(axis=1)
    value = char[np.arange(len(best)), best]
    stay = blank >= value
    return np.where(stay, blank, value) + emission, np.where(stay, -1, best).astype(np.int16)


def _step_char(blank: LogProbs, char: LogProbs, emission: LogProbs) -> tuple[LogProbs, NDArray[np.int16]]:
    """Back pointers: -2 stays in the character, -1 comes from blank, c >= 0 from character c one earlier."""
    before = np.vstack([np.full((1, char.shape[1]), NEVER), char[:-1]])
    first = before.argmax(axis=1)
    rows = np.arange(len(first))
    top = before[rows, first]
    rest = before.copy()
    rest[rows, first] = NEVER
    second = rest.argmax(axis=1)
    same = np.arange(char.shape[1])[None, :] == first[:, None]
    other = np.where(same, rest[rows, second][:, None], top[:, None])
    source = np.where(same, second[:, None], first[:, None])
    from_blank = np.concatenate(([NEVER], blank[:-1]))[:, None] + np.zeros_like(char)
    best = np.maximum(np.maximum(char, from_blank), other)
    back = np.where(best == char, -2, np.where(best == from_blank, -1, source))
    return best + emission[None, :], back.astype(np.int16)


def _trace(
    blank: LogProbs, char: LogProbs, back: NDArray[np.int16], back_blank: NDArray[np.int16], length: int
) -> list[int] | None:
    if max(blank[length], char[length].max()) <= NEVER / 2:
        return None
    out: list[int] = []
    place = length
    current = -1 if blank[length] >= char[length].max() else int(char[length].argmax())
    for t in range(len(back) - 1, -1, -1):
        if current < 0:
            current = int(back_blank[t, place])
            continue
        pointer = int(back[t, place, current])
        if pointer == -2:
            continue
        out.append(current + 1)
        place, current = place - 1, pointer
    return out[::-1]


def log_likelihoods(log_probs: LogProbs, strings: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """ln P(string | line) of each string of classes, summed over all alignments; -inf when impossible.

    All strings run side by side in probabilities, rescaled at each step.
    """
    if not strings:
        return np.zeros(0)
    labels, emissions, skip = _trellis(log_probs, strings)
    padded, step = np.zeros((len(labels) + 2, len(strings))), np.empty(labels.shape)  # made once: most calls are small
    two_before, before, alpha = padded[:-2], padded[1:-1], padded[2:]
    alpha[:2] = emissions[0, :2]
    scale = np.zeros(len(strings))
    for t in range(1, len(emissions)):
        np.multiply(two_before, skip, out=step)
        np.add(step, before, out=step)
        np.add(step, alpha, out=step)
        np.multiply(step, emissions[t], out=alpha)
        if t % 8 == 0:
            peak = np.maximum(alpha.max(axis=0), 1e-300)
            alpha /= peak
            scale += np.log(peak)
    ends = np.array([2 * len(string) for string in strings])
    columns = np.arange(len(strings))
    total = alpha[ends, columns] + np.where(ends > 0, alpha[ends - 1, columns], 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(total) + scale, np.float64)


def _trellis(
    log_probs: LogProbs, strings: Sequence[Sequence[int]]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """The class of each place of each string, blanks between [places, strings]; its probability at each step
    [T, places, strings]; and 1.0 where a place may be reached from the last but one."""
    lengths = set(map(len, strings))
    labels = np.zeros((2 * max(lengths) + 1, len(strings)), np.int64)
    if len(lengths) == 1:
        labels[1::2] = np.array(strings, np.int64).T
    else:
        for column, string in zip(labels.T, strings, strict=True):
            column[1 : 2 * len(string) : 2] = string
    used = np.zeros(log_probs.shape[1], np.bool_)
    used[labels] = True
    emissions = np.exp(log_probs[:, used])[:, (np.cumsum(used) - 1)[labels]]
    skip = np.zeros(labels.shape)
    skip[2:] = (labels[2:] != 0) & (labels[2:] != labels[:-2])
    return labels, emissions, skip


def length_log_probability(log_probs: LogProbs, longest: int) -> NDArray[np.float64]:
    """ln P(the line has n characters) for n = 0..longest, over all strings of the classes."""
    probs = np.exp(log_probs)
    ink = probs[:, 1:]
    blank = np.zeros(longest + 1)
    blank[0] = 1.0
    char = np.zeros((longest + 1, ink.shape[1]))
    scale = 0.0
    for t in range(len(probs)):
        totals = char.sum(axis=1)
        new_blank = (blank + totals) * probs[t, 0]
        entering = np.zeros_like(char)
        entering[1:] = (blank[:-1] + totals[:-1])[:, None] - char[:-1]
        char = (char + entering) * ink[t]
        blank = new_blank
        peak = max(float(blank.max()), float(char.max()), 1e-300)
        blank, char, scale = blank / peak, char / peak, scale + float(np.log(peak))
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(blank + char.sum(axis=1)) + scale, np.float64)


def log_share(log_probs: LogProbs, string: Sequence[int]) -> float:
    """ln P(the line says this string), given that it has as many characters; NEVER where it cannot have so many."""
    of_length = float(length_log_probability(log_probs, len(string))[len(string)])
    return float(log_likelihoods(log_probs, [string])[0]) - of_length if of_length > NEVER else NEVER


def log_begin_likelihoods(log_probs: LogProbs, strings: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """ln P(the line begins with the string, whose last character is begun at that step) [strings, T].

    Summed over the steps it is ln P(the line begins with the string), whatever follows. Strings are not empty.
    """
    labels, emissions, skip = _trellis(log_probs, strings)
    padded, step = np.zeros((len(labels) + 2, len(strings))), np.empty(labels.shape)
    two_before, before, alpha = padded[:-2], padded[1:-1], padded[2:]
    alpha[0] = 1.0
    last, columns = np.array([2 * len(string) - 1 for string in strings]), np.arange(len(strings))
    begun, peaks = np.empty((len(emissions), len(strings))), np.ones((len(emissions) + 1, len(strings)))
    for t, emitted in enumerate(emissions):
        np.multiply(two_before, skip, out=step)
        np.add(step, before, out=step)
        begun[t] = step[last, columns] * emitted[last, columns]
        np.add(step, alpha, out=step)
        np.multiply(step, emitted, out=alpha)
        np.maximum(alpha.max(axis=0), 1e-300, out=peaks[t + 1])
        alpha /= peaks[t + 1]
    with np.errstate(divide="ignore"):
        return np.asarray((np.log(begun) + np.cumsum(np.log(peaks[:-1]), axis=0)).T, np.float64)
