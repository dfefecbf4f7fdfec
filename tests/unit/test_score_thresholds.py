"""Thresholds for a target error keep it, for all and against each sort that speaks up."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.score.bounds import upper_bound
from pipeline.score.diagram import reliability_svg
from pipeline.score.sums import share
from pipeline.score.thresholds import Outcome, choose, common_level

confidences = st.floats(0.5, 1.0)
outcomes = st.lists(st.builds(Outcome, st.sampled_from("ab"), confidences, st.booleans()), max_size=60)


@settings(max_examples=50)
@given(outcomes, st.sampled_from([0.05, 0.2]))
def test_all_that_a_level_accepts_keep_the_target(found: list[Outcome], target: float) -> None:
    level = common_level(found, target)
    above = [one for one in found if level is not None and one.confidence >= level]
    if above:
        assert upper_bound(sum(not one.right for one in above), len(above)) <= target + 1e-6
    for sort, one in choose(found, target).items():
        taken = [
            o for o in found if o.sort == sort and one.confidence is not None and one.confidence <= o.confidence < 1.0
        ]
        assert level is None or one.confidence is None or one.confidence >= round(level, 6)
        assert abs(len(taken) - one.accepted) <= 1  # a confidence rounded up loses the reading it stands on


def test_too_few_readings_accept_none() -> None:
    assert choose([Outcome("digits", 0.999, True)] * 2990, 0.001)["digits"].confidence is None
    kept = choose([Outcome("digits", 0.999, True)] * 3000, 0.001)["digits"]
    assert (kept.confidence, kept.accepted, kept.wrong, kept.wrong_at_most_95) == (0.999, 3000, 0, 0.001)


def test_a_sort_that_is_wrong_too_often_has_a_threshold_of_its_own() -> None:
    rng = Random(1)
    good = [Outcome("digits", rng.uniform(0.9, 1.0), True) for _ in range(8000)]
    bad = [Outcome("names", 0.95, False)] * 2 + [Outcome("names", rng.uniform(0.96, 1.0), True) for _ in range(200)]
    made = choose([*good, *bad], 0.001)
    assert made["digits"].confidence is not None and made["digits"].confidence < 0.95
    assert made["names"].confidence is not None and made["names"].confidence > 0.95 and made["names"].wrong == 0


def test_ink_that_was_not_seen_counts_against_the_level() -> None:
    seen = [Outcome("digits", 0.99, True)] * 3500
    assert common_level(seen, 0.001) == 0.99
    assert common_level([*seen, Outcome("digits", 1.0, False)], 0.001) is None


def test_the_diagram_is_a_picture_of_every_bin() -> None:
    bins = [
        {"from": 0.9, "mean_confidence": 0.93, **share(9, 10)},
        {"from": 0.99, "mean_confidence": 1.0, **share(5, 5)},
    ]
    drawn = reliability_svg(bins, "<child_benefit>")
    assert drawn.count("<circle") == 2 and "&lt;child_benefit>" in drawn and "nan" not in drawn
