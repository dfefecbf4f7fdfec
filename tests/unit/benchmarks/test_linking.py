"""Figures of links against examples counted by hand, and laws that any links obey."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.linking.cases import draw_cases, person_record
from benchmarks.linking.febrl import true_pairs
from benchmarks.linking.ours import link
from benchmarks.linking.scores import (
    Point,
    Scored,
    at_precision,
    at_score,
    best_f1,
    best_of_each,
    curve,
    merged_twins,
    recall_by,
)
from fixtures.matching.split import Part

TRUTH = frozenset({("a1", "r1"), ("a2", "r2"), ("a3", "r3"), ("a4", "r4")})
LINKS = [
    Scored("a1", "r1", 9.0),
    Scored("a2", "r2", 8.0),
    Scored("a3", "r9", 7.0),
    Scored("a3", "r3", 6.0),
    Scored("a5", "r5", 6.0),
]


def test_a_point_for_each_score_and_ties_together() -> None:
    assert curve(LINKS, TRUTH) == [Point(9.0, 1, 1), Point(8.0, 2, 2), Point(7.0, 3, 2), Point(6.0, 5, 3)]


def test_precision_recall_and_f1_by_hand() -> None:
    point = Point(6.0, 5, 3)
    assert (point.precision(), point.recall(4)) == (0.6, 0.75)
    assert point.f1(4) == pytest.approx(2 * 0.6 * 0.75 / 1.35)


def test_the_best_f1_is_found() -> None:
    # 2 of 2 links right among 4 truths: F1 2*2/(2+4) = .667; all five: 2*3/(5+4) = .667; the higher score wins
    assert best_f1(curve(LINKS, TRUTH), 4) == Point(8.0, 2, 2)


def test_recall_at_a_precision_is_the_most_that_keeps_it() -> None:
    points = curve(LINKS, TRUTH)
    assert at_precision(points, 0.999) == Point(8.0, 2, 2)
    assert at_precision(points, 0.6) == Point(6.0, 5, 3)
    assert at_precision(curve([Scored("a1", "r2", 1.0)], TRUTH), 0.999).links == 0


def test_precision_may_come_back_after_a_wrong_link() -> None:
    scored = [Scored("x", "y", 9.0), *(Scored(f"a{n}", f"r{n}", 8.0 - n) for n in range(1, 5))]
    assert at_precision(curve(scored, TRUTH), 0.75) == Point(4.0, 5, 4)


def test_a_threshold_chosen_elsewhere() -> None:
    points = curve(LINKS, TRUTH)
    assert at_score(points, 6.5) == Point(7.0, 3, 2)
    assert at_score(points, 99.0).links == 0


def test_recall_by_what_makes_it_hard() -> None:
    tags = {"a1": {"moved"}, "a2": {"moved", "twin"}, "a3": {"twin"}, "a5": {"moved"}}
    assert recall_by(tags, TRUTH, LINKS, 7.0) == {"moved": (2, 2), "twin": (1, 2)}


def test_of_each_application_the_best_link_and_none_of_a_tie() -> None:
    scored = [*LINKS, Scored("a5", "r6", 6.0)]
    kept = best_of_each(scored, lambda one: one.left)
    assert {(one.left, one.right) for one in kept} == {("a1", "r1"), ("a2", "r2"), ("a3", "r9")}


def test_a_pair_of_twins_counts_once_and_only_when_linked_to_the_other() -> None:
    twins = {"a7-0": "r7-3", "a7-1": "r7-2", "a8-0": "r8-1"}
    scored = [Scored("a7-0", "r7-3", 5.0), Scored("a7-1", "r7-2", 4.0), Scored("a8-0", "r8-0", 5.0)]
    rows = {"a7-0": "r7-2", "a7-1": "r7-3", "a8-0": "r8-0"}
    assert merged_twins(scored, twins, rows, 1.0) == 1
    assert merged_twins(scored, twins, rows, 6.0) == 0


links = st.lists(
    st.builds(Scored, st.sampled_from("abcd"), st.sampled_from("wxyz"), st.integers(0, 5).map(float)), max_size=20
)
truths = st.frozensets(st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz")), max_size=8)


@given(links, truths)
def test_points_grow_and_keep_their_bounds(scored: list[Scored], truth: frozenset[tuple[str, str]]) -> None:
    points = curve(scored, truth)
    assert [point.links for point in points] == sorted({point.links for point in points})
    assert all(0 <= point.right <= point.links for point in points)
    assert [point.right for point in points] == sorted(point.right for point in points)
    assert not points or points[-1].links == len(scored)


@given(links, truths, st.floats(0.0, 1.0))
def test_less_precision_never_finds_less(scored: list[Scored], truth: frozenset[tuple[str, str]], share: float) -> None:
    points = curve(scored, truth)
    assert at_precision(points, share).right >= at_precision(points, 0.999 if share < 0.999 else 1.0).right


def test_a_small_world_is_linked_with_hardly_a_mistake() -> None:
    cases = draw_cases(1, 150, Part.TUNE)
    links = link(cases, ink=False)
    wrong = [one for one in links.linked if (one.left, one.right) not in cases.truth]
    assert len(links.linked) > 0.6 * len(cases.truth)
    assert not wrong
    assert links.near > 0.93 * len(cases.truth)


def test_a_record_of_a_register_keeps_its_former_names_and_number() -> None:
    register = draw_cases(1, 150, Part.TUNE).register.records
    row = next(row for row in register if row.former_names)
    assert person_record(row).former_names == row.former_names
    assert person_record(row).household_number == row.household_number


def test_true_pairs_of_one_table_and_of_two() -> None:
    rows = [{"rec_id": name} for name in ("rec-1-org", "rec-1-dup-0", "rec-1-dup-1", "rec-2-org")]
    assert true_pairs(rows, None) == {
        ("rec-1-dup-0", "rec-1-org"), ("rec-1-dup-1", "rec-1-org"), ("rec-1-dup-0", "rec-1-dup-1"),
    }  # fmt: skip
    assert true_pairs(rows[:1], rows[1:]) == {("rec-1-dup-0", "rec-1-org"), ("rec-1-dup-1", "rec-1-org")}


def test_the_sample_of_applications_is_linked_against_everybody() -> None:
    some, every = (draw_cases(2, 120, Part.TUNE, sample=sample) for sample in (30, None))
    assert len(some.applications.records) == 30
    assert len(some.register.records) == len(every.register.records)
    assert some.truth < every.truth
    assert {left for left, _ in some.truth} <= {one.id for one in some.applications.records}
