"""Figures of links against examples counted by hand, and laws that any links obey."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.linking.blocking import measure_rules
from benchmarks.linking.cases import draw_cases, person_record
from benchmarks.linking.decisions import draw_decisions
from benchmarks.linking.febrl import true_pairs
from benchmarks.linking.mistakes import list_wrong
from benchmarks.linking.ours import link
from benchmarks.linking.people import elsewhere
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
from benchmarks.linking.twins import measure_twins
from fixtures.matching.split import Part
from matchers.compare import weigh
from matchers.observed import Labelled
from matchers.records import FieldEvidence
from matchers.weights import load_weights

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
    assert links.explained == len(links.linked)
    worst = list_wrong(cases, links, 3)
    assert [one["score"] for one in worst] == sorted((one["score"] for one in worst), reverse=True)
    assert all(one["why"] and one["said"] != one["taken_for"] for one in worst)


def test_thresholds_of_another_world_by_hand() -> None:
    told = elsewhere(curve(LINKS, TRUTH), 4, {"best_score": 6.5, "score_proven": 8.5})
    assert (told["best_precision"], told["best_recall"]) == (pytest.approx(2 / 3), 0.5)
    assert (told["sure_precision"], told["sure_recall"], told["sure_wrong"]) == (1.0, 0.25, 0)


def test_twins_of_a_small_town_stay_two() -> None:
    figures = measure_twins(3, 60, Part.TUNE)
    assert figures["twin_pairs"] > 3
    for way in figures["ways"].values():
        assert way["linked"] > 0.4 * figures["applications"]
        assert way["merged"] == way["wrong"] == 0


def test_what_rules_find_adds_up() -> None:
    figures = measure_rules(3, 80, Part.TUNE, 40)
    assert 0.9 < figures["recall"] <= figures["shared"] <= 1.0
    rules = figures["rules"]
    assert max(one["found"] for one in rules.values()) <= figures["shared"]
    assert sum(one["only"] for one in rules.values()) <= figures["shared"]


def test_decisions_are_those_of_the_queue_and_what_was_let_stand() -> None:
    own = load_weights()
    sure = weigh(
        [FieldEvidence(field, "exact", 0.0) for field in ("family", "given", "birth_date", "address")], {}, own
    )
    name = weigh([FieldEvidence(field, "exact", 0.0) for field in ("family", "given", "address")], {}, own)
    nobody = weigh([FieldEvidence(field, "else", 0.0) for field in ("family", "given", "birth_date")], {}, own)
    cases = [Labelled((sure, nobody), 1), Labelled((name,), None), Labelled((nobody,), None)]
    decided = draw_decisions(cases, own, 5, Random(1))
    # The wrong link is let stand as it was made; the open one is answered; who is nobody comes to no clerk.
    assert sorted(decided, key=lambda one: len(one.candidates)) == [cases[1], Labelled((sure, nobody), 0)]


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
