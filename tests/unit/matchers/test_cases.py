"""Tables of pairs and decisions, each with its reason. All people are invented."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given as given_examples
from hypothesis import strategies as st

from matchers.compare import SHARED_FIELDS, compare, damp
from matchers.decide import decide
from matchers.explain import FIELD_LABELS, REASON_WORDS, explain, level_words
from matchers.frequency import value_shares
from matchers.normalise import normalise
from matchers.records import Comparison, MatchDecision, Outcome, PersonRecord, Scored
from matchers.weights import BadWeights, load_weights, parse_weights

MISAKI = PersonRecord(
    name="髙橋 美咲",
    kana="タカハシ ミサキ",
    birth_date=date(2015, 4, 1),
    postal_code="1500001",
    address="東京都渋谷区神宮前1丁目2番3号",
    phone="090-1234-5678",
    resident_number="0000123456",
    household_number="0000999",
    reference_number="R-001",
)
MIYU = replace(MISAKI, name="髙橋 美優", kana="タカハシ ミユ", resident_number="0000123457", reference_number="R-002")
APPLIED = replace(MISAKI, resident_number=None, household_number=None, reference_number=None)


def against(record: PersonRecord, other: PersonRecord, ink: Mapping[str, float] | None = None) -> Comparison:
    return compare(normalise(record), normalise(other), load_weights(), ink)


def match(record: PersonRecord, ink: Mapping[str, float] | None = None, **roster: PersonRecord) -> MatchDecision:
    return decide([Scored(key, against(record, person, ink)) for key, person in roster.items()])


def level(comparison: Comparison, field: str) -> str:
    return next(one.level for one in comparison.evidence if one.field == field)


LEVELS = [
    ({}, "given", "exact", "the same"),
    ({"name": "高橋 美咲"}, "family", "variant", "髙 and 高"),
    ({"name": "高橋美咲"}, "family", "variant", "no space: cut by the other's parts"),
    ({"name": "高橋美咲"}, "given", "exact", "no space"),
    ({"name": "渡辺 美咲", "former_names": ("高橋 美咲",)}, "family", "former", "married, maiden name known"),
    ({"name": "美咲 髙橋", "kana": None}, "given", "swapped", "parts in each other's place"),
    ({"name": "髙橋 美幸"}, "given", "close", "one character"),
    ({"name": "髙橋 健太"}, "given", "else", "a brother"),
    ({"name": None}, "given", "missing", "not given is no match"),
    ({"kana": "たかはし みさき"}, "kana_given", "exact_again", "hiragana; the name agrees already"),
    ({"name": None, "kana": "ﾀｶﾊｼ ﾐｻｷ"}, "kana_given", "exact", "the reading alone"),
    ({"name": None, "kana": "タカハシ ミサモ"}, "kana_given", "close", "one kana"),
    ({"name": None, "kana": "タカハツ ミサキ"}, "kana_family", "look_alike", "シ read as ツ"),
    ({"kana": "タカハシ ウララ"}, "kana_given", "other_reading", "the name agrees, the reading does not"),
    ({"birth_date": date(2015, 1, 4)}, "birth_date", "swapped_month_day", "month and day"),
    ({"birth_date": date(2015, 4, 7)}, "birth_date", "one_digit", "1 read as 7"),
    ({"birth_date": date(1952, 4, 1)}, "birth_date", "era_slip", "昭和27 for 平成27"),
    ({"birth_date": date(2012, 9, 20)}, "birth_date", "else", "another day"),
    ({"birth_date": None}, "birth_date", "missing", "not given"),
    ({"address": "渋谷区神宮前1-2-3 コーポ101"}, "address", "exact", "another way of writing"),
    ({"address": "渋谷区神宮前5-6"}, "address", "same_place", "another house of the town"),
    ({"address": "福山市緑町1-1"}, "address", "else", "moved"),
    ({"phone": "+81 90 1234 5678"}, "phone", "exact", "country code"),
    ({"phone": "090-1234-5679"}, "phone", "close", "one digit"),
]


@pytest.mark.parametrize(("change", "field", "code", "reason"), LEVELS)
def test_levels(change: dict[str, object], field: str, code: str, reason: str) -> None:
    assert level(against(replace(APPLIED, **change), MISAKI), field) == code, reason  # type: ignore[arg-type]


DECISIONS = [
    ({}, Outcome.LINK, "everything agrees"),
    ({"name": "高橋　美咲"}, Outcome.LINK, "typed with the common form"),
    ({"name": "高橋美咲", "kana": "タカハシミサキ"}, Outcome.LINK, "typed without spaces"),
    ({"name": None}, Outcome.LINK, "reading, birth date and home"),
    ({"postal_code": "7200001", "address": "福山市緑町1-1", "phone": None}, Outcome.LINK, "moved family"),
    (
        {"name": "渡辺 美咲", "kana": "ワタナベ ミサキ", "former_names": ("高橋 美咲",)},
        Outcome.LINK,
        "maiden name known",
    ),
    (
        {"name": "岡本 美咲", "kana": "オカモト ミサキ", "postal_code": None, "address": None, "phone": None},
        Outcome.REVIEW,
        "a stranger of one given name, born on one day",
    ),
    (
        {"name": "岡本 美咲", "kana": "オカモト ミサキ"},
        Outcome.LINK,
        "another family name at the same home",
    ),
    ({"birth_date": None}, Outcome.REVIEW, "no birth date and no number"),
    ({"birth_date": date(2015, 1, 4)}, Outcome.REVIEW, "month and day swapped: a person looks"),
    ({"birth_date": date(2015, 4, 7)}, Outcome.REVIEW, "one digit of the birth date wrong"),
    ({"birth_date": date(1984, 9, 20)}, Outcome.REVIEW, "parent and child of one name in one home"),
    (
        {"name": "髙橋 健太", "kana": "タカハシ ケンタ", "birth_date": date(2012, 9, 20)},
        Outcome.NEW,
        "a brother",
    ),
    ({"name": "髙橋 美優", "kana": "タカハシ ミユ"}, Outcome.REVIEW, "an unlisted twin"),
    ({"name": "髙橋 美幸", "kana": "タカハシ ミサキ"}, Outcome.REVIEW, "other characters, surely typed"),
    ({"name": None, "kana": None}, Outcome.REVIEW, "household and birth date alone name nobody"),
]


@pytest.mark.parametrize(("change", "outcome", "reason"), DECISIONS)
def test_one_candidate(change: dict[str, object], outcome: Outcome, reason: str) -> None:
    decision = match(replace(APPLIED, **change), misaki=MISAKI)  # type: ignore[arg-type]
    assert decision.outcome is outcome, (reason, decision.reasons)
    assert decision.best == ("misaki" if outcome is Outcome.LINK else None)
    assert bool(decision.reasons) is (outcome is not Outcome.LINK)


def test_a_stranger_of_a_common_name_is_somebody_new_one_of_a_rare_name_is_for_a_person() -> None:
    elsewhere = {"birth_date": date(1984, 9, 20), "address": "福山市緑町1-1", "phone": None, "postal_code": None}
    said = normalise(replace(APPLIED, **elsewhere))  # type: ignore[arg-type]
    own = {"family": "高橋", "given": "美咲", "kana_family": "タカハシ", "kana_given": "ミサキ"}
    rest = {str(number): 1 for number in range(600)}
    for bearers, outcome in ((400, Outcome.NEW), (1, Outcome.REVIEW)):
        known = {field: value_shares({**rest, "other": 401 - bearers, value: bearers}) for field, value in own.items()}
        comparison = compare(said, normalise(MISAKI), load_weights(), frequencies=known)
        assert decide([Scored("misaki", comparison)]).outcome is outcome, bearers


def test_twins_listed_both() -> None:
    assert match(APPLIED, misaki=MISAKI, miyu=MIYU).best == "misaki"
    other = replace(APPLIED, name=MIYU.name, kana=MIYU.kana)
    assert match(other, misaki=MISAKI, miyu=MIYU).best == "miyu"


def test_twins_of_one_reading() -> None:
    """Their characters tell them apart when typed; read off paper they are for a person to see."""
    one = replace(MISAKI, name="髙橋 蒼太", kana="タカハシ ソウタ")
    two = replace(one, name="髙橋 蒼汰", resident_number="0000123457", reference_number="R-002")
    typed = replace(APPLIED, name="高橋 蒼汰", kana="タカハシ ソウタ")
    assert match(typed, one=one, two=two).best == "two"
    for confidence in (0.5, 0.95):
        read = replace(typed, confidence={"name": confidence})
        assert match(read, one=one, two=two).outcome is Outcome.REVIEW
        assert match(read, one=one).outcome is Outcome.REVIEW, "the right twin is not listed"


def test_twins_and_a_name_between_them() -> None:
    """Name of the one, reading of the other: never linked."""
    torn = replace(APPLIED, kana=MIYU.kana)
    assert match(torn, misaki=MISAKI, miyu=MIYU).outcome is Outcome.REVIEW


def test_twins_read_off_paper() -> None:
    """Given name unreadable: birth date and home fit both."""
    read = replace(APPLIED, name="髙橋 美", kana=None, confidence={"name": 0.4})
    decision = match(read, misaki=MISAKI, miyu=MIYU)
    assert decision.outcome is Outcome.REVIEW
    assert "runner_up_close" in decision.reasons


def test_same_person_twice_in_the_roster_is_for_a_person_to_see() -> None:
    decision = match(APPLIED, one=MISAKI, two=replace(MISAKI, resident_number="0000555555"))
    assert (decision.outcome, decision.reasons) == (Outcome.REVIEW, ("runner_up_close",))


def test_low_confidence_name_never_links_by_itself() -> None:
    alone = replace(APPLIED, kana=None, confidence={"name": 0.5})
    assert match(alone, misaki=MISAKI).reasons == ("low_confidence_name",)
    confirmed = replace(alone, confidence={})
    assert match(confirmed, misaki=MISAKI).outcome is Outcome.LINK
    borne_out = replace(APPLIED, confidence={"name": 0.5, "kana": 0.6})
    assert match(borne_out, misaki=MISAKI).outcome is Outcome.LINK, "name, reading, birth date and home agree"


def test_ink_links_a_misread_name() -> None:
    read = replace(APPLIED, name="商橋 羊咲", kana="タカハツ ミサチ", confidence={"name": 0.4, "kana": 0.4})
    assert match(read, misaki=MISAKI).outcome is Outcome.REVIEW
    assert match(read, {"name": -0.3, "kana": -0.1}, misaki=MISAKI).outcome is Outcome.LINK


def test_ink_for_another_name_does_not_link() -> None:
    read = replace(APPLIED, name="商橋 羊咲", kana=None, confidence={"name": 0.4})
    against_it = against(read, MISAKI, {"name": -60.0})
    assert level(against_it, "ink_name") == "against"
    assert against_it.total < against(read, MISAKI).total
    assert match(read, {"name": -60.0}, misaki=MISAKI).outcome is Outcome.REVIEW
    assert level(against(read, MISAKI, {"name": -24.0}), "ink_name") == "neutral"


def test_ink_tells_twins_apart() -> None:
    read = replace(APPLIED, name="髙橋 美", kana=None, confidence={"name": 0.4})
    scored = [
        Scored("misaki", against(read, MISAKI, {"name": -0.2})),
        Scored("miyu", against(read, MIYU, {"name": -40.0})),
    ]
    assert decide(scored).best == "misaki"


NUMBERS = [
    ({"birth_date": None}, Outcome.LINK, "number and name"),
    ({"birth_date": date(2015, 4, 7)}, Outcome.LINK, "a slip in the birth date beside a printed number"),
    ({"name": None, "kana": None, "birth_date": None}, Outcome.REVIEW, "a number alone proposes"),
    ({"birth_date": date(1984, 9, 20)}, Outcome.REVIEW, "the number's person was born on another day"),
    (
        {"name": "髙橋 健太", "kana": "タカハシ ケンタ"},
        Outcome.REVIEW,
        "the number's person has another name",
    ),
]


@pytest.mark.parametrize(("change", "outcome", "reason"), NUMBERS)
def test_printed_number(change: dict[str, object], outcome: Outcome, reason: str) -> None:
    record = replace(APPLIED, reference_number="R-001", **change)  # type: ignore[arg-type]
    assert match(record, misaki=MISAKI).outcome is outcome, reason


def test_swapped_letters_open_review() -> None:
    """The twin filled in the form that bears her sister's number."""
    record = replace(APPLIED, reference_number="R-002")
    decision = match(record, misaki=MISAKI, miyu=MIYU)
    assert decision.outcome is Outcome.REVIEW
    assert "contradiction" in decision.reasons


def test_nobody() -> None:
    assert decide([]).reasons == ("nobody_near",)
    stranger = PersonRecord(name="森 蓮", kana="モリ レン", birth_date=date(1970, 1, 2))
    assert match(stranger, misaki=MISAKI).reasons == ("below_threshold",)


def test_household_evidence_is_bounded_and_apart() -> None:
    sister = replace(APPLIED, name="髙橋 健太", kana="タカハシ ケンタ", account="1234-567", email="a@example.jp")
    comparison = against(sister, replace(MISAKI, account="1234-567", email="a@example.jp"))
    shared = sum(one.weight for one in comparison.evidence if one.field in SHARED_FIELDS)
    assert shared > load_weights().household_cap
    assert comparison.total == pytest.approx(comparison.person_evidence + load_weights().household_cap)


def test_contradictions_need_certainty() -> None:
    born = replace(APPLIED, birth_date=date(1984, 9, 20))
    assert against(born, MISAKI).contradictions == ("birth_date",)
    unsure = replace(born, confidence={"birth_date": 0.6})
    assert against(unsure, MISAKI).contradictions == ()
    brother = replace(APPLIED, name="髙橋 健太", kana="タカハシ ケンタ")
    assert against(brother, MISAKI).contradictions == ("given",)
    numbered = replace(APPLIED, resident_number="0000999999")
    assert against(numbered, MISAKI).contradictions == ("resident_number",)


@given_examples(st.floats(-20, 20), st.floats(0, 1))
def test_doubt_only_weakens(weight: float, confidence: float) -> None:
    damped = damp(weight, confidence)
    assert abs(damped) <= abs(weight) + 1e-9
    assert damped * weight >= -1e-9


def test_symmetric() -> None:
    for change, _, _, _ in LEVELS:
        record = replace(APPLIED, **change)  # type: ignore[arg-type]
        assert against(record, MISAKI).total == pytest.approx(against(MISAKI, record).total)


def test_every_level_and_reason_has_words_without_values() -> None:
    told = {"exact_again", "other_reading", "missing"}
    ink = {f"ink_{name}": ("supports", "neutral", "against") for name in load_weights().ink}
    for field, levels in {**load_weights().table, **ink}.items():
        for code in (*levels, *told):
            words = level_words(field, code)
            assert words.ja.startswith(FIELD_LABELS[field].ja)
            assert words.en.startswith(FIELD_LABELS[field].en)
    lines = explain(against(replace(APPLIED, birth_date=date(2015, 4, 7)), MISAKI))
    assert ("birth_date", "生年月日は数字が一つ違います") in {(field, words) for field, words, _ in lines}
    assert not any("美咲" in words or "2015" in words for _, words, _ in lines)
    seen = {reason for change, _, _ in DECISIONS for reason in match(replace(APPLIED, **change), m=MISAKI).reasons}  # type: ignore[arg-type]
    assert seen <= set(REASON_WORDS)


def test_weights_file_must_be_whole() -> None:
    with pytest.raises(BadWeights):
        parse_weights({"version": "x", "fields": {}})
    with pytest.raises(BadWeights, match=r"birth_date\.exact"):
        parse_weights(
            {
                "version": "x",
                "fields": {},
                "household": {"floor": -1, "cap": 1},
                "repeated": {"for": 0.1, "against": 0.5},
                "nobody": 16,
                "thresholds": {"link_score": 9, "link_person": 12, "review_score": -8, "min_confidence": 0.9},
                "ink": {name: {"bits": 5, "slope": 1, "floor": -5, "cap": 5} for name in ("name", "kana")},
                "trusted_confidence": 0.9,
            }
        )


def test_thresholds_can_be_raised() -> None:
    strict = replace(load_weights().thresholds, link_score=40)
    assert decide([Scored("m", against(APPLIED, MISAKI))], strict).reasons == ("below_threshold",)
