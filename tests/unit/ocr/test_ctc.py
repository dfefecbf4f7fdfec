"""The CTC arithmetic against counting every path by hand."""

from __future__ import annotations

from itertools import groupby, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.decoding.ctc import (
    LogProbs,
    best_path,
    best_path_of_length,
    length_log_probability,
    log_begin_likelihoods,
    log_likelihoods,
    log_share,
)


def collapse(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(label for label, _ in groupby(path) if label)


def every_path(log_probs: LogProbs) -> list[tuple[tuple[int, ...], float]]:
    steps, classes = log_probs.shape
    return [
        (collapse(path), float(sum(log_probs[t, c] for t, c in enumerate(path))))
        for path in product(range(classes), repeat=steps)
    ]


@st.composite
def matrices(draw: st.DrawFn) -> LogProbs:
    steps, classes = draw(st.integers(1, 5)), draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    probs = rng.dirichlet(np.full(classes, 0.6), steps) + 1e-6
    return np.asarray(np.log(probs / probs.sum(axis=1, keepdims=True)), np.float64)


@settings(max_examples=40, deadline=None)
@given(matrices())
def test_likelihood_is_the_sum_over_all_alignments(log_probs: LogProbs) -> None:
    strings = sorted({string for string, _ in every_path(log_probs)})
    expected = [np.log(sum(np.exp(p) for found, p in every_path(log_probs) if found == string)) for string in strings]
    assert log_likelihoods(log_probs, strings) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(matrices(), st.integers(0, 4))
def test_best_path_of_length_is_the_likeliest_of_that_length(log_probs: LogProbs, length: int) -> None:
    scores = [(p, string) for string, p in every_path(log_probs) if len(string) == length]
    found = best_path_of_length(log_probs, length)
    if length == 0:
        assert found == []
    elif not scores:
        assert found is None
    else:
        assert found is not None
        best = max(p for p, string in scores if string == tuple(found))
        assert best == pytest.approx(max(p for p, _ in scores))


@settings(max_examples=40, deadline=None)
@given(matrices())
def test_length_probabilities_sum_over_the_strings(log_probs: LogProbs) -> None:
    by_length = np.exp(length_log_probability(log_probs, 5))
    for length in range(6):
        expected = sum(np.exp(p) for string, p in every_path(log_probs) if len(string) == length)
        assert by_length[length] == pytest.approx(expected, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(matrices())
def test_beginnings_are_summed_over_all_that_may_follow(log_probs: LogProbs) -> None:
    paths = every_path(log_probs)
    strings = sorted({string[:n] for string, _ in paths for n in range(1, len(string) + 1)})
    expected = [sum(np.exp(p) for found, p in paths if found[: len(begin)] == begin) for begin in strings]
    found = np.exp(log_begin_likelihoods(log_probs, strings)).sum(axis=1)
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_string_longer_than_the_line_is_impossible() -> None:
    log_probs = np.log(np.full((2, 3), 1 / 3))
    assert log_likelihoods(log_probs, [[1, 1]])[0] == -np.inf
    assert best_path_of_length(log_probs, 3) is None


def test_best_path_drops_repeats_and_blanks() -> None:
    path = [0, 1, 1, 0, 1, 2, 2]
    assert best_path(np.log(np.eye(3)[path] * 0.9 + 0.03)) == [1, 1, 2]


@settings(max_examples=40, deadline=None)
@given(matrices(), st.integers(1, 4))
def test_strings_of_one_length_share_what_is_said_of_it(log_probs: LogProbs, length: int) -> None:
    strings = sorted({string for string, _ in every_path(log_probs) if len(string) == length})
    if strings:
        assert sum(np.exp(log_share(log_probs, string)) for string in strings) == pytest.approx(1.0, abs=1e-4)
