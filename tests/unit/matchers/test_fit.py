"""Weights learned: from decisions, and from candidates nobody decided on. The people are drawn by levels alone."""

import random
from dataclasses import replace

import numpy as np
import pytest
import yaml

from matchers.compare import weigh, weigh_again
from matchers.fields import PERSON
from matchers.fit import fit, loss, ordered
from matchers.ink import fit_ink
from matchers.observed import Labelled, Levels, list_levels, observe, totals
from matchers.records import FieldEvidence
from matchers.weights import load_weights, parse_weights, write_weights
from matchers.weights_report import changed_levels, compare_weights

TRUE = {"family": (0.95, 0.2), "given": (0.93, 0.02), "birth_date": (0.97, 0.01), "phone": (0.6, 0.1)}
"""Chance of "exact" in one person's records and in two people's."""


def draw(rng: random.Random, same: bool) -> tuple[FieldEvidence, ...]:
    return tuple(
        FieldEvidence(field, "exact" if rng.random() < chances[not same] else "else", 0.0, confidence)
        for field, chances in TRUE.items()
        for confidence in [0.9 if rng.random() < 0.3 else None]
    )


def draw_records(seed: int, count: int) -> list[Labelled]:
    rng = random.Random(seed)
    records = []
    for _ in range(count):
        right = rng.randrange(5) if rng.random() < 0.9 else None
        pairs = [weigh(draw(rng, place == right), {}, load_weights()) for place in range(4)]
        records.append(Labelled(tuple(pairs), right if right is not None and right < 4 else None))
    return records


@pytest.fixture(scope="module")
def levels() -> Levels:
    return list_levels(PERSON)


def test_arrays_sum_as_comparisons_do(levels: Levels) -> None:
    records = draw_records(1, 40)
    sums, _ = totals(observe(records, levels), levels, levels.vector(load_weights()))
    assert sums == pytest.approx([one.total for record in records for one in record.candidates])


def test_derivative_is_one(levels: Levels) -> None:
    observed, vector = observe(draw_records(2, 60), levels), levels.vector(load_weights())
    _, slope = loss(observed, levels, vector)
    moved = np.nonzero(np.abs(slope) > 1e-6)[0]
    assert len(moved) >= 8
    for place in moved:
        step = np.zeros(len(vector))
        step[place] = 1e-5
        ahead, behind = loss(observed, levels, vector + step)[0], loss(observed, levels, vector - step)[0]
        assert (ahead - behind) / 2e-5 == pytest.approx(slope[place], rel=1e-3, abs=1e-3)


def test_decisions_help_where_they_were_not_made() -> None:
    fitted = fit(draw_records(3, 500), load_weights(), "test", {"why": "test"})
    assert fitted.after < fitted.before
    levels = list_levels(PERSON)
    fresh = observe(draw_records(4, 500), levels)
    assert loss(fresh, levels, levels.vector(fitted.weights))[0] < loss(fresh, levels, levels.vector(load_weights()))[0]
    undecided = load_weights().table["email"]
    assert fitted.weights.table["email"] == pytest.approx(undecided, abs=1e-4), "nobody decided on e-mail"
    assert (fitted.weights.version, fitted.weights.origin["records"]) == ("test", 500)
    again = parse_weights(yaml.safe_load(write_weights(fitted.weights)))
    assert again == fitted.weights


def test_few_decisions_change_little() -> None:
    fitted = fit(draw_records(5, 3), load_weights(), "test", {})
    assert all(abs(one.new - one.old) < 2 for one in changed_levels(load_weights(), fitted.weights))


def test_no_decisions_change_nothing() -> None:
    fitted = fit([], load_weights(), "test", {})
    assert fitted.weights.table == {
        field: {level: round(weight, 4) for level, weight in codes.items()}
        for field, codes in load_weights().table.items()
    }


def test_order_is_kept(levels: Levels) -> None:
    vector = levels.vector(load_weights())
    exact, close, other = (levels.names.index(("phone", level)) for level in ("exact", "close", "else"))
    vector[[exact, close, other]] = 1.0, 3.0, 2.0
    found = ordered(vector, levels)
    assert found[exact] >= found[close] >= found[other]
    assert ordered(found, levels) == pytest.approx(found)


def test_ink_is_calibrated() -> None:
    rng = random.Random(7)
    ratios = [min(0.0, rng.gauss(-3, 4)) for _ in range(300)] + [rng.gauss(-40, 15) for _ in range(900)]
    curve = fit_ink(ratios, [True] * 300 + [False] * 900)
    assert curve.weight(0) > 4
    assert curve.weight(-60) == curve.floor < 0
    assert curve.level(0) == "supports"
    assert curve.level(-60) == "against"
    assert curve.weight(-5) >= curve.weight(-10) >= curve.weight(-30)


def test_report_of_new_weights() -> None:
    old = load_weights()
    fitted = fit(draw_records(8, 500), old, "new", {}).weights
    labelled = draw_records(9, 400)
    report = compare_weights(old, fitted, labelled)
    assert (report.old_version, report.new_version) == (old.version, "new")
    assert {(one.field, one.level) for one in report.levels} <= {
        (f, c) for f, codes in old.table.items() for c in codes
    }
    assert sum((report.new.links, report.new.reviews, report.new.news)) == 400
    same = compare_weights(old, old, labelled)
    assert (same.flips, same.levels, same.better) == ((), (), True)
    flipped = compare_weights(old, replace(old, nobody=-60.0, version="bold"), labelled)
    assert flipped.flips
    assert all(flip.old is not flip.new for flip in flipped.flips if not flip.new_wrong)


def test_stored_comparisons_are_weighed_anew() -> None:
    old = load_weights()
    heavier = {**old.table, "given": {**old.table["given"], "exact": 11.0}}
    one = next(c for r in draw_records(1, 9) for c in r.candidates if c.evidence[1].level == "exact")
    assert weigh_again(one, replace(old, table=heavier)).total > weigh_again(one, old).total
