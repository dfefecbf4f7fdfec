"""Thresholds for a target error keep it, for all and against each sort that speaks up."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.score.bounds import upper_bound
from pipeline.score.diagram import reliability_svg
from pipeline.score.sums import share
from pipeline.score.thresholds import Outcome, choose

confidences = st.floats(0.5, 1.0)
outcomes = st.lists(st.builds(Outcome, st.sampled_from("ab"), confidences, st.booleans()), max_size=60)


@settings(max_examples=50)
@given(outcomes, st.sampled_from([0.05, 0.2]))
def test_all_that_is_accepted_keeps_the_target_by_its_bound(found: list[Outcome], target: float) -> None:
    made = choose(found, target)
    assert set(made) == {one.sort for one in found}
    accepted, wrong = sum(one.accepted for one in made.values()), sum(one.wrong for one in made.values())
    assert not accepted or upper_bound(wrong, accepted) <= target + 1e-6
    for sort, one in made.items():
        taken = [o for o in found if o.sort == sort and one.confidence is not None and one.confidence <= o.confidence]
        assert abs(len(taken) - one.accepted) <= 1  # a confidence rounded up loses the reading it stands on


def of(sort: str, count: int, confidence: float, wrong: int = 0) -> list[Outcome]:
    return [Outcome(sort, confidence, n >= wrong) for n in range(count)]


def test_too_few_readings_accept_none() -> None:
    assert choose(of("digits", 2990, 0.9999), 0.001)["digits"].confidence is None
    kept = choose(of("digits", 3000, 0.9999), 0.001)["digits"]
    assert (kept.confidence, kept.accepted, kept.wrong, kept.wrong_at_most_95) == (0.9999, 3000, 0, 0.001)


def test_a_sort_that_is_wrong_more_often_than_told_pays_for_itself() -> None:
    good = of("digits", 8000, 0.9997) + of("digits", 500, 0.998)
    bad = of("names", 300, 0.9999) + of("names", 200, 0.998, wrong=4)
    made = choose([*good, *bad], 0.001)
    assert made["digits"].confidence == 0.998, "other sorts' mistakes are not its own"
    assert (made["names"].confidence, made["names"].accepted, made["names"].wrong) == (0.9999, 300, 0)


def test_of_readings_without_mistakes_those_that_are_hardly_believed_are_left() -> None:
    made = choose(of("digits", 8000, 0.9999) + of("names", 300, 0.9), 0.001)
    assert made["digits"].confidence == 0.9999 and made["names"].confidence is None


def test_ink_that_was_not_seen_counts() -> None:
    assert choose(of("digits", 3500, 0.9999), 0.001)["digits"].confidence == 0.9999
    assert choose([*of("digits", 3500, 0.9999), Outcome("digits", 1.0, False)], 0.001)["digits"].confidence is None


def test_the_diagram_is_a_picture_of_every_bin() -> None:
    bins = [
        {"from": 0.9, "mean_confidence": 0.93, **share(9, 10)},
        {"from": 0.99, "mean_confidence": 1.0, **share(5, 5)},
    ]
    drawn = reliability_svg(bins, "<child_benefit>")
    assert drawn.count("<circle") == 2 and "&lt;child_benefit>" in drawn and "nan" not in drawn
