"""Bounds against published values and against what they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.score.bounds import at_most, clopper_pearson, quantile, ratio, upper_bound

# R: binom.test(hits, trials)$conf.int, to six places.
KNOWN = [
    (0, 10, 0.0, 0.308497),
    (1, 10, 0.002529, 0.445016),
    (5, 10, 0.187086, 0.812914),
    (10, 10, 0.691503, 1.0),
    (1, 663, 0.000038, 0.008375),
    (3, 1000, 0.000619, 0.008742),
]


@pytest.mark.parametrize(("hits", "trials", "low", "high"), KNOWN)
def test_exact_bounds_are_the_published_ones(hits: int, trials: int, low: float, high: float) -> None:
    assert clopper_pearson(hits, trials) == pytest.approx((low, high), abs=2e-6)


def test_no_error_in_many_is_the_rule_of_three() -> None:
    assert upper_bound(0, 1000) == pytest.approx(1 - 0.05 ** (1 / 1000), abs=1e-8)
    assert upper_bound(0, 1000) == pytest.approx(3 / 1000, rel=0.01)


@given(st.integers(0, 60), st.integers(1, 60))
def test_the_bounds_hold_what_they_say(hits: int, more: int) -> None:
    trials = hits + more
    low, high = clopper_pearson(hits, trials)
    assert 0 <= low <= hits / trials <= high <= 1
    assert at_most(hits, trials, high) == pytest.approx(0.025, abs=1e-5)
    assert upper_bound(hits, trials) <= high + 1e-9


def test_nothing_tried_says_nothing() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    assert upper_bound(0, 0) == 1.0
    assert ratio(1, 0) is None


@pytest.mark.parametrize("bad", [(-1, 5), (6, 5)])
def test_counts_that_cannot_be_are_refused(bad: tuple[int, int]) -> None:
    with pytest.raises(ValueError):
        clopper_pearson(*bad)
    with pytest.raises(ValueError):
        upper_bound(*bad)


def test_a_quantile_is_one_of_the_values() -> None:
    assert [quantile([4, 1, 3, 2], share) for share in (0.25, 0.5, 0.51, 0.95, 1.0)] == [1, 2, 3, 4, 4]
    with pytest.raises(ValueError):
        quantile([], 0.5)
