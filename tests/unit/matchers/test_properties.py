"""What must hold of any two persons."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchers.compare import compare, weigh_again
from matchers.competition import log_odds
from matchers.frequency import count_values, value_shares
from matchers.normalise import Words, normalise
from matchers.records import Comparison, PersonRecord
from matchers.weights import load_weights

FAMILIES = (("髙橋", "タカハシ"), ("高橋", "タカハシ"), ("斎藤", "サイトウ"), ("斉藤", "サイトウ"), ("翔", "ショウ"))
GIVEN = (("美咲", "ミサキ"), ("美幸", "ミユキ"), ("翔", "ショウ"), ("蒼太", "ソウタ"), ("蒼汰", "ソウタ"))
PLACES = (
    "東京都渋谷区神宮前1-2-3",
    "東京都渋谷区神宮前1-2-4",
    "東京都渋谷区恵比寿5-6 コーポ101",
    "北海道札幌市中央区大通1-1",
)
FREQUENCIES = {
    "family": value_shares(count_values(["高橋"] * 90 + ["斎藤"] * 9 + ["翔"])),
    "given": value_shares(count_values(["美咲"] * 50 + ["美幸"] * 5)),
    "kana_given": value_shares(count_values(["ミサキ"] * 50 + ["ソウタ"] * 5)),
}


@st.composite
def names(draw: st.DrawFn) -> tuple[str, str]:
    family, given_name = draw(st.sampled_from(FAMILIES)), draw(st.sampled_from(GIVEN))
    parts = [family, given_name] if draw(st.integers(0, 4)) else [given_name, family]
    space = draw(st.sampled_from([" ", ""]))
    return space.join(part[0] for part in parts), " ".join(part[1] for part in parts)


def maybe(values: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    return st.none() | values


@st.composite
def people(draw: st.DrawFn) -> PersonRecord:
    name, kana = draw(names())
    return PersonRecord(
        name=draw(st.sampled_from([name, None, name])),
        kana=draw(st.sampled_from([kana, None, draw(names())[1]])),
        birth_date=draw(st.none() | st.dates(date(2014, 12, 1), date(2015, 2, 1))),
        sex=draw(maybe(st.sampled_from("FM"))),
        address=draw(maybe(st.sampled_from(PLACES))),
        postal_code=draw(maybe(st.sampled_from(["1500001", "1500013", "0600042"]))),
        phone=draw(maybe(st.sampled_from(["09012345678", "09012345687", "0312345678"]))),
        account=draw(maybe(st.sampled_from(["00010011234567", "00010011234568"]))),
        confidence=draw(st.dictionaries(st.sampled_from(["name", "kana", "birth_date", "address"]), st.floats(0, 1))),
    )


def weigh(a: PersonRecord, b: PersonRecord) -> Comparison:
    return compare(normalise(a), normalise(b), load_weights(), frequencies=FREQUENCIES)


FIELDS = ("name", "kana", "birth_date", "sex", "address", "postal_code", "phone", "account")


@settings(max_examples=40, deadline=None)
@given(people(), people())
def test_symmetric(a: PersonRecord, b: PersonRecord) -> None:
    assert weigh(a, b).total == pytest.approx(weigh(b, a).total)


@settings(max_examples=40, deadline=None)
@given(people(), people(), st.sampled_from(FIELDS))
def test_a_missing_field_never_helps(a: PersonRecord, b: PersonRecord, field: str) -> None:
    """Who leaves out what agrees never fares better."""
    alike = replace(a, **{field: getattr(b, field)})
    left_out = replace(alike, **{field: None})
    assert weigh(left_out, b).total <= weigh(alike, b).total + 1e-9


@settings(max_examples=40, deadline=None)
@given(people(), people(), st.sampled_from(FIELDS))
def test_more_agreement_never_lowers_the_total(a: PersonRecord, b: PersonRecord, field: str) -> None:
    sure = replace(a, confidence={}), replace(b, confidence={})
    alike = replace(sure[0], **{field: getattr(b, field)})
    if getattr(b, field) is None:
        return
    assert weigh(alike, sure[1]).total >= weigh(*sure).total - 1e-9


@settings(max_examples=40, deadline=None)
@given(people(), people())
def test_weighing_again_changes_nothing(a: PersonRecord, b: PersonRecord) -> None:
    once = weigh(a, b)
    assert weigh_again(once, load_weights()) == once


def written(words: Words) -> str | None:
    return (f"{words.family} {words.given}" if words.split else words.whole) or None


@settings(max_examples=40, deadline=None)
@given(people())
def test_normalising_twice_changes_nothing(person: PersonRecord) -> None:
    once = normalise(person)
    said = replace(
        person, name=written(once.name), kana=written(once.kana), postal_code=once.postal or None, sex=once.sex or None,
        phone=once.phone or None, account=once.account or None, building=once.building or None,
        address=once.place + "-".join(once.numbers) or None,
    )  # fmt: skip
    again = normalise(said)
    # What was written itself is kept beside the keys.
    assert replace(again, written=once.written, reading=once.reading) == once


@settings(max_examples=40, deadline=None)
@given(people(), people(), people(), st.sampled_from(FIELDS))
def test_the_score_rises_with_its_own_candidate_and_falls_with_a_rival(
    a: PersonRecord, b: PersonRecord, rival: PersonRecord, field: str
) -> None:
    """Two candidates of one record: whoever of them leaves out what agrees has the lower odds, the other the higher."""
    b = replace(b, **{field: getattr(a, field)}, confidence={})
    nobody = load_weights().nobody
    own, other = log_odds([weigh(a, b).total, weigh(a, rival).total], nobody)
    less, more = log_odds([weigh(a, replace(b, **{field: None})).total, weigh(a, rival).total], nobody)
    assert less <= own + 1e-9
    assert more >= other - 1e-9


def test_levels_fall_in_the_shipped_weights() -> None:
    from matchers.fields import PERSON
    from matchers.fit import ordered
    from matchers.observed import list_levels

    levels = list_levels(PERSON)
    vector = levels.vector(load_weights())
    assert ordered(vector, levels) == pytest.approx(vector, abs=1e-3)
