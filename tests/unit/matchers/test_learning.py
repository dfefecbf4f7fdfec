"""Weights learned from decisions: what fits, what sets the threshold, and what the ink superseded."""

import random
from dataclasses import replace
from datetime import date

import pytest

from matchers.compare import compare, weigh
from matchers.ink import OTHER_FORM, forms_of, likeliest
from matchers.learning import judged_threshold, learn_weights
from matchers.normalise import names_of, normalise
from matchers.observed import Labelled
from matchers.records import Comparison, FieldEvidence, PersonRecord
from matchers.weights import load_weights

OLD = load_weights()
BORN = date(2015, 4, 1)
AGREES = {"family": 0.95, "given": 0.5, "kana_given": 0.9, "birth_date": 0.98, "address": 0.7}
STRANGERS = {"family": 0.1, "given": 0.02, "kana_given": 0.03, "birth_date": 0.01, "address": 0.02}


def pair(rng: random.Random, same: bool, ink: float | None = None) -> Comparison:
    chances = AGREES if same else STRANGERS
    found = [FieldEvidence(name, "exact" if rng.random() < chance else "else", 0.0) for name, chance in chances.items()]
    return weigh(found, {} if ink is None else {"name": ink}, OLD)


def decided(seed: int, count: int) -> list[Labelled]:
    rng = random.Random(seed)
    return [Labelled(tuple(pair(rng, place == right) for place in range(3)), right) for right in
            (rng.randrange(3) for _ in range(count))]  # fmt: skip


def linked(right: int | None) -> Labelled:
    """Somebody whom everything says to be the first candidate."""
    whole = PersonRecord(name="山田 美咲", kana="ヤマダ ミサキ", address="高崎市井野町6-30-16", phone="090-4038-9590")
    one = compare(normalise(replace(whole, birth_date=BORN)), normalise(replace(whole, birth_date=BORN)), OLD)
    return Labelled((one,), right)


def test_what_clerks_say_moves_what_they_speak_of_alone() -> None:
    new = learn_weights(decided(1, 200), decided(2, 100), OLD, "new", {"fitted_on": 200})
    assert new.table["given"]["else"] > OLD.table["given"]["else"] + 0.5, "here given names differ in half of all pairs"
    assert new.table["email"] == pytest.approx(OLD.table["email"], abs=1e-3)
    assert (new.version, new.origin["fitted_on"], new.ink) == ("new", 200, OLD.ink)


def test_the_threshold_rises_above_wrong_links_and_falls_on_proof_alone() -> None:
    few = judged_threshold([linked(0)] * 100, OLD)
    assert few == OLD.thresholds, "a hundred right links prove nothing"
    raised = judged_threshold([*[linked(0)] * 100, linked(None)], OLD)
    assert raised.link_score > OLD.thresholds.link_score
    assert judged_threshold([linked(0)] * 50, replace(OLD, thresholds=raised)) == raised
    assert judged_threshold([linked(0)] * 3500, OLD) == OLD.thresholds, "nothing was seen of lower scores"
    stricter = replace(OLD, thresholds=replace(OLD.thresholds, link_score=90.0))
    assert judged_threshold([linked(0)] * 100, stricter).link_score == 90.0
    assert judged_threshold([linked(0)] * 3500, stricter).link_score < 90.0
    assert judged_threshold([], OLD) == OLD.thresholds


def test_a_reading_that_the_ink_superseded_teaches_nothing() -> None:
    """Half of all given names are misread here, and the ink says so."""
    rng = random.Random(3)
    read = [Labelled((pair(rng, True, 0.0), pair(rng, False, -60.0)), 0) for _ in range(150)]
    without = [replace(one, candidates=tuple(replace(own, ink={}) for own in one.candidates)) for one in read]
    seen = learn_weights(read, [], OLD, "seen", {}).table["given"]["else"]
    unseen = learn_weights(without, [], OLD, "unseen", {}).table["given"]["else"]
    assert abs(seen - OLD.table["given"]["else"]) < abs(unseen - OLD.table["given"]["else"])


def test_all_that_somebody_may_have_written_is_asked() -> None:
    record = PersonRecord(name="山田　美咲", kana="ヤマダ ミサキ", former_names=("佐藤",), aliases=("ヤマダ ミキ",))
    person = normalise(record)
    first, *others = forms_of(person, "name")
    assert first == "山田美咲" and {"美咲山田", "佐藤美咲"} <= set(others) and len(others) == 3
    assert forms_of(person, "kana")[1:] == (person.kana.given + person.kana.family,)
    assert forms_of(normalise(PersonRecord(name="山田 美咲")), "kana") == ()
    assert likeliest([-1.0, -0.5]) == pytest.approx(-1.0 / 0.6931, rel=1e-3), "the usual form, though less likely"
    assert likeliest([-50.0, 0.0]) == -OTHER_FORM


def test_names_alone_are_those_of_the_whole_record() -> None:
    for record in (
        PersonRecord(name="山田　美咲", kana="ﾔﾏﾀﾞ ﾐｻｷ"), PersonRecord(name="山田(佐藤)花子", kana="ヤマダハナコ"),
        PersonRecord(name="ZHANG WEI(山田 太郎)"), PersonRecord(), PersonRecord(kana="ヤマダ"),
    ):  # fmt: skip
        whole = normalise(record)
        assert names_of(record) == (whole.name, whole.kana)
