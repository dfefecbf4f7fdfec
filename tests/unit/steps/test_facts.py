"""Fields of a page that say the same thing make each other surer, or less sure."""

from __future__ import annotations

import pytest

from fixtures.packs import load_sample_pack
from ocr.confidence.confirm import Why
from ocr.readings import PageReading, Reading, ReadingReason
from pipeline.steps.facts import facts_of, postal_of
from pipeline.steps.read import values_of
from pipeline.store.tables import FieldValue

SAMPLE = load_sample_pack("child_benefit")
PACK = SAMPLE.model_copy(update={"review": SAMPLE.review.model_copy(update={"accept_error": {}})})
"""With thresholds of its own: these readings were not calibrated."""


def values(**read: tuple[str, float]) -> dict[str, FieldValue]:
    readings = tuple(
        Reading(
            key.replace("__", "."), value, value, sure, reasons=() if sure >= 0.6 else (ReadingReason.LOW_CONFIDENCE,)
        )
        for key, (value, sure) in read.items()
    )
    page = PageReading("form/1", 1, 0, 0.1, readings)
    return {row.key: row for row in values_of(PACK, "submission", "page", page)}


def test_pairs_are_those_of_one_role_and_index() -> None:
    keys = [
        "applicant_name",
        "applicant_kana",
        "child_name.1",
        "child_kana.1",
        "child_kana.2",
        "postal_code",
        "address",
    ]
    found = {(fact.why, fact.keys) for fact in facts_of(PACK, keys)}
    assert found == {
        (Why.NAME_KANA, ("applicant_name", "applicant_kana")),
        (Why.NAME_KANA, ("child_name.1", "child_kana.1")),
        (Why.POSTAL_ADDRESS, ("postal_code", "address")),
    }
    assert postal_of(PACK, "address") == "postal_code"
    assert postal_of(PACK, "applicant_name") is None


def test_a_name_and_its_kana_accept_each_other() -> None:
    found = values(applicant_name=("高橋 美咲", 0.9), applicant_kana=("タカハシ ミサキ", 0.93))
    assert found["applicant_name"].accepted and found["applicant_kana"].accepted
    alone = values(applicant_name=("高橋 美咲", 0.9))["applicant_name"]
    assert not alone.accepted
    assert alone.confidence == pytest.approx(0.9)


def test_a_lost_character_is_not_accepted_where_the_kana_say_more() -> None:
    """高橋 莉央 without 莉."""
    found = values(applicant_name=("高橋 央", 0.98), applicant_kana=("タカハシ リオ", 0.999))
    assert not found["applicant_name"].accepted
    assert values(applicant_name=("高橋 央", 0.98))["applicant_name"].accepted


def test_what_is_confirmed_is_not_doubtful_for_its_ink_alone() -> None:
    found = values(postal_code=("3760101", 0.99), address=("群馬県みどり市大間々町大間々12-3", 0.5))["address"]
    assert found.reasons == ""
    assert found.confidence is not None and found.confidence > 0.9
