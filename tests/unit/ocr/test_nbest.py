"""The search for accepted strings, against counting every path by hand."""

from __future__ import annotations

from itertools import groupby, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.decoding.acceptor import Acceptor, Builder
from ocr.decoding.ctc import LogProbs
from ocr.decoding.nbest import rank_strings

OUTPUTS = ("", "a", "b", "c")


def by_counting(log_probs: LogProbs) -> dict[str, float]:
    """Every string with its probability, summed over all paths."""
    found: dict[str, float] = {}
    for path in product(range(log_probs.shape[1]), repeat=len(log_probs)):
        text = "".join(OUTPUTS[label] for label, _ in groupby(path) if label)
        found[text] = found.get(text, 0.0) + float(np.exp(sum(log_probs[t, c] for t, c in enumerate(path))))
    return found


@st.composite
def lines(draw: st.DrawFn) -> LogProbs:
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    probs = rng.dirichlet(np.full(4, 0.5), draw(st.integers(1, 5))) + 1e-6
    return np.asarray(np.log(probs / probs.sum(axis=1, keepdims=True)), np.float64)


def some_words(words: set[str]) -> Acceptor:
    build = Builder()
    return build.acceptor(build.words(dict.fromkeys(words, build.end)))


def a_loop() -> Acceptor:
    """Any number of a, then one b; the b may weigh less."""
    return Acceptor(((0, "a", 0, 0.0), (0, "b", 1, -0.5)), (float("-inf"), 0.0))


@settings(max_examples=60, deadline=None)
@given(lines(), st.sets(st.text("abc", max_size=4), min_size=1, max_size=8))
def test_words_are_ranked_by_their_full_probability(log_probs: LogProbs, words: set[str]) -> None:
    counted = {word: p for word, p in by_counting(log_probs).items() if word in words}
    ranked = rank_strings(log_probs, OUTPUTS, some_words(words), most=20)
    total = sum(counted.values())
    assert np.exp(ranked.mass) == pytest.approx(total, abs=1e-9)
    shown = {found.text: found.probability for found in ranked.found}
    if total > 1e-12:
        expected = {word: p / total for word, p in counted.items() if p / total > 1e-8}
        assert shown == pytest.approx(expected | {word: shown[word] for word in shown.keys() - expected.keys()})
    assert [f.probability for f in ranked.found] == sorted(shown.values(), reverse=True)


@settings(max_examples=30, deadline=None)
@given(lines())
def test_loops_and_weights_count(log_probs: LogProbs) -> None:
    acceptor = a_loop()
    counted = {t: p * np.exp(acceptor.weight(t)) for t, p in by_counting(log_probs).items() if acceptor.weight(t) > -9}
    ranked = rank_strings(log_probs, OUTPUTS, acceptor, most=1)
    assert np.exp(ranked.mass) == pytest.approx(sum(counted.values()), abs=1e-9)
    if ranked.found:
        assert counted[ranked.found[0].text] == pytest.approx(max(counted.values()))


def test_an_ink_that_says_something_else_has_no_mass() -> None:
    sure = np.log(np.array([[1e-9, 1 - 3e-9, 1e-9, 1e-9]] * 3))
    ranked = rank_strings(sure, OUTPUTS, some_words({"bcb"}))
    assert ranked.mass < -50
    assert [found.text for found in ranked.found] == ["bcb"]


def test_equal_ends_are_one_state() -> None:
    build = Builder()
    tails = build.words({"xa": build.end, "ya": build.end})
    assert len(build.acceptor(tails).finals) == 3
    assert build.acceptor(tails).weight("ya") == 0.0
    assert build.acceptor(tails).weight("y") == float("-inf")


def test_one_text_has_one_weight() -> None:
    build = Builder()
    with pytest.raises(ValueError, match="differently"):
        build.union(build.any_of("a", build.end), build.any_of("a", build.end, -1.0))
