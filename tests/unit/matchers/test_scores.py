"""One number a candidate, thresholds, and how common values are."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchers.competition import log_odds, share_out
from matchers.frequency import count_values, value_shares
from matchers.thresholds import choose_threshold, judge_threshold, most_wrong

TOTALS = st.lists(st.floats(-40, 60), min_size=1, max_size=6)


@given(TOTALS)
def test_candidates_share_what_nobody_leaves(totals: list[float]) -> None:
    shares = share_out(totals, 12.0)
    assert sum(shares) <= 1 + 1e-9
    for total, share, odds in zip(totals, shares, log_odds(totals, 12.0), strict=True):
        assert share == pytest.approx(1 / (1 + 2**-odds), rel=1e-6, abs=1e-12)
        assert share <= share_out([total], 12.0)[0] + 1e-12, "a rival never helps"


@given(TOTALS, st.floats(0.1, 10))
def test_more_evidence_never_lowers_the_score(totals: list[float], more: float) -> None:
    better = [totals[0] + more, *totals[1:]]
    assert log_odds(better, 12.0)[0] > log_odds(totals, 12.0)[0]
    for before, after in zip(log_odds(totals, 12.0)[1:], log_odds(better, 12.0)[1:], strict=True):
        assert after <= before + 1e-9


def test_twins_leave_each_other_half() -> None:
    assert share_out([40.0, 40.0], 12.0) == [pytest.approx(0.5), pytest.approx(0.5)]
    assert log_odds([40.0, 40.0, 3.0], 12.0)[0] == pytest.approx(0, abs=1e-6)
    assert share_out([40.0, 40.0], 12.0, lambda a, b: True)[0] == pytest.approx(1.0), "one person twice"
    assert log_odds([], 12.0) == []


def test_threshold_keeps_the_target_by_its_bound() -> None:
    scored = [(float(n), True) for n in range(1000, 9000)] + [(4500.5, False), (900.0, False), (899.0, False)]
    scored += [(898.0, False)]
    scored += [(float(n) / 10, False) for n in range(500)]
    found = choose_threshold(scored, 8100)
    assert (found.wrong, found.score, found.taken) == (3, 899.0, 8003), "a fourth one would break it"
    assert found.recall == pytest.approx(8000 / 8100)
    assert 0.999 <= found.bound < found.precision
    assert judge_threshold(scored, 8100, 898).wrong == 4
    assert choose_threshold([(1.0, False)], 1).score == math.inf
    assert choose_threshold([], 0).recall == 0


def test_equal_scores_go_together() -> None:
    scored = [(5.0, True)] * 4000 + [(4.0, False)] * 3 + [(4.0, True)] * 500
    assert choose_threshold(scored, 4500).score == 5.0


def test_bound_is_exact() -> None:
    """Rule of three: none wrong of 3,000 is at most one in a thousand."""
    assert most_wrong(0, 2995) == pytest.approx(0.001, rel=0.002)
    assert most_wrong(3, 3) == 1.0
    assert most_wrong(5, 100) == pytest.approx(0.1022, abs=0.001)


def test_rare_values_weigh_more() -> None:
    shares = value_shares(count_values(["佐藤"] * 60 + ["鈴木"] * 39 + ["勅使河原", "", ""]))
    assert shares.total == 100
    assert shares.bits("佐藤") < 0 < shares.bits("勅使河原")
    assert shares.bits("勅使河原") <= shares.bits("nobody's") <= shares.most
    assert shares.bits("佐藤") == pytest.approx(math.log2(shares.agreement / 0.6))
    assert value_shares({}).bits("佐藤") == 0
