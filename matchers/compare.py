"""Two persons in, evidence out."""

from __future__ import annotations

import math
from collections.abc import Mapping

from matchers.comparisons import COMPARISONS
from matchers.normalise import NormalisedPerson
from matchers.pairing import pair_up
from matchers.records import Comparison, FieldEvidence
from matchers.weights import INK_FIELDS, Weights

SHARED_FIELDS = frozenset(comparison.field for comparison in COMPARISONS if comparison.shared)
_READ_BY_INK = {"ink_name": ("family", "given"), "ink_kana": ("kana_family", "kana_given")}


def compare(
    a: NormalisedPerson, b: NormalisedPerson, weights: Weights, ink: Mapping[str, float] | None = None
) -> Comparison:
    """The evidence for `a` and `b` being one person.

    ink: for "name" and "kana", how well the picture of that field fits `b` against the best other reading, as
    log2 of the likelihood ratio; near 0 or above for what was written, far below for another name.

    A value that is not certain weighs log2(c * 2^w + 1 - c) where w is the full weight and c its confidence:
    read wrongly, it says nothing either way. What a household shares is summed within bounds and is no person
    evidence.
    """
    pair = pair_up(a, b)
    found = [
        _evidence(comparison.field, comparison.level(pair), _confidence(a, b, comparison.attribute), weights)
        for comparison in COMPARISONS
    ]
    found = _with_ink(found, ink or {}, weights)
    person = sum(one.weight for one in found if one.field not in SHARED_FIELDS)
    shared = sum(one.weight for one in found if one.field in SHARED_FIELDS)
    bounded = min(max(shared, weights.household_floor), weights.household_cap)
    return Comparison(tuple(found), person + bounded, person, _contradictions(found, weights))


def _confidence(a: NormalisedPerson, b: NormalisedPerson, attribute: str) -> float | None:
    known = [person.confidence[attribute] for person in (a, b) if attribute in person.confidence]
    return min(known) if known else None


def _evidence(field: str, level: str, confidence: float | None, weights: Weights) -> FieldEvidence:
    weight = weights.weight(field, level)
    if confidence is not None:
        weight = damp(weight, confidence)
    return FieldEvidence(field, level, weight, confidence)


def damp(weight: float, confidence: float) -> float:
    """The weight of a value that is right with this confidence (clipped to 0-1)."""
    sure = min(max(confidence, 0.0), 1.0)
    return math.log2(sure * 2.0**weight + 1.0 - sure)


def _with_ink(found: list[FieldEvidence], ink: Mapping[str, float], weights: Weights) -> list[FieldEvidence]:
    """The evidence with the ink's; where the ink supports, a free reading that differs is superseded."""
    added = [
        FieldEvidence(f"ink_{name}", level, weights.weight(f"ink_{name}", level))
        for name in INK_FIELDS
        if name in ink and (level := _ink_level(ink[name], weights))
    ]
    superseded = {field for one in added if one.level == "supports" for field in _READ_BY_INK[one.field]}
    kept = [
        FieldEvidence(one.field, one.level, 0.0, one.confidence) if one.field in superseded and one.weight < 0 else one
        for one in found
    ]
    return kept + added


def _ink_level(ratio: float, weights: Weights) -> str:
    if ratio >= weights.ink_supports:
        return "supports"
    return "against" if ratio <= weights.ink_against else "neutral"


def _contradictions(found: list[FieldEvidence], weights: Weights) -> tuple[str, ...]:
    """The fields whose disagreement is certain enough to forbid an automatic link.

    Names contradict when given name and reading both speak of somebody else: one of them alone may be a slip,
    and readings in old registers are often wrong.
    """
    sure = {
        one.field: one.level
        for one in found
        if one.weight < 0 and (one.confidence is None or one.confidence >= weights.trusted_confidence)
    }
    levels = {one.field: one.level for one in found}
    against = [field for field in ("birth_date", "resident_number") if sure.get(field) == "else"]
    given, kana = sure.get("given"), sure.get("kana_given")
    unlike_kana = kana == "else" and levels["given"] in {"missing", "else", "close", "variant_weak"}
    unlike_given = given == "else" and levels["kana_given"] in {"missing", "else"}
    return (*against, "given") if unlike_kana or unlike_given else tuple(against)
