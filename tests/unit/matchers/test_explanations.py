"""The picture of a total, and what would have changed the outcome."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from matchers.decide import decide
from matchers.records import MatchDecision, Outcome, PersonRecord, Scored
from matchers.waterfall import BOUND, find_changes, waterfall
from matchers.weights import load_weights
from tests.unit.matchers.test_cases import APPLIED, MISAKI, MIYU, against

MOVED = replace(APPLIED, postal_code="7200001", address="福山市緑町1-1", phone="0849001111")
READ = replace(APPLIED, name="高橋 羊咲", kana=None, confidence={"name": 0.4, "birth_date": 0.7})


@pytest.mark.parametrize("record", [APPLIED, MOVED, READ, replace(APPLIED, birth_date=date(1984, 9, 20))])
def test_steps_lead_to_the_total(record: PersonRecord) -> None:
    comparison = against(record, MISAKI, {"name": -3.0})
    steps = waterfall(comparison)
    assert steps[0].start == 0
    assert steps[-1].end == pytest.approx(comparison.total)
    for before, after in pairwise(steps):
        assert after.start == pytest.approx(before.end)
    for step in steps:
        assert step.end - step.start == pytest.approx(step.weight)
        assert "美咲" not in step.said.ja + step.said.en
    heights = [abs(step.weight) for step in steps if step.field != BOUND]
    assert heights == sorted(heights, reverse=True)


def test_bound_of_the_household_is_a_step() -> None:
    assert BOUND in {step.field for step in waterfall(against(replace(APPLIED, email="a@example.jp"), MISAKI))}


def asked(record: PersonRecord, **roster: PersonRecord) -> MatchDecision:
    return decide([Scored(key, against(record, person)) for key, person in roster.items()])


def test_the_birth_date_would_have_linked() -> None:
    decision = asked(replace(APPLIED, birth_date=date(2015, 4, 7)), misaki=MISAKI)
    assert decision.outcome is Outcome.REVIEW
    change = next(one for one in find_changes(decision, load_weights()) if one.outcome is Outcome.LINK)
    assert (change.field, change.level) == ("birth_date", "exact")
    assert change.said.ja == "仮に「生年月日が一致しています」であれば、自動で紐付いていました"
    assert change.said.en.startswith("had it been “Date of birth: the same”")


def test_a_link_hangs_on_birth_date_and_given_name() -> None:
    decision = asked(APPLIED, misaki=MISAKI)
    assert decision.outcome is Outcome.LINK
    changes = find_changes(decision, load_weights())
    assert {"birth_date", "given"} <= {one.field for one in changes}
    assert all(one.outcome is not Outcome.LINK for one in changes)
    assert [one.moved for one in changes] == sorted(one.moved for one in changes)


def test_only_what_is_not_given_parts_the_same_person_listed_twice() -> None:
    decision = asked(APPLIED, one=MISAKI, two=MISAKI)
    assert decision.outcome is Outcome.REVIEW
    linking = {one.field for one in find_changes(decision, load_weights()) if one.outcome is Outcome.LINK}
    assert {"resident_number", "reference_number"} <= linking <= {"resident_number", "reference_number", "sex"}
    assert find_changes(decide([]), load_weights()) == ()


def test_twins_show_what_would_tell_them_apart() -> None:
    torn = replace(APPLIED, kana=MIYU.kana)
    decision = asked(torn, misaki=MISAKI, miyu=MIYU)
    linking = {one.field for one in find_changes(decision, load_weights()) if one.outcome is Outcome.LINK}
    assert linking <= {"kana_given", "given", "resident_number", "reference_number"}
