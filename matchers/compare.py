"""Two records in, evidence out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matchers.comparisons import AS_COMPARED, TOLD_AGAIN, find_level
from matchers.fields import PERSON, FieldType, Named, Schema
from matchers.frequency import Frequencies
from matchers.ink import INK_OF, PICTURE_OF, combine
from matchers.pairing import pair_up
from matchers.records import Comparison, FieldEvidence
from matchers.sides import Sides
from matchers.weights import Weights

SHARED_FIELDS = PERSON.shared
MISSING = "missing"
_BY_VALUE = frozenset({"exact", "variant"})
_READINGS = frozenset({FieldType.FAMILY_KANA, FieldType.GIVEN_KANA})
_SAME_NAME = frozenset({"exact", "variant", "swapped"})


def compare(
    a: Named,
    b: Named,
    weights: Weights,
    ink: Mapping[str, float] | None = None,
    *,
    schema: Schema = PERSON,
    frequencies: Frequencies | None = None,
) -> Comparison:
    """The evidence for `a` and `b` being one person.

    ink: for "name" and "kana", how well the picture of that field fits `b` against the best other reading, as
    log2 of the likelihood ratio; near 0 or above for what was written, far below for another name.
    frequencies: how common values are; agreeing on a rare one weighs more.

    A value that is not certain weighs log2(c * 2^w + 1 - c) where w is the full weight and c its confidence:
    read wrongly, it says nothing either way. A field that repeats another (a reading its name) counts for little
    where both agree, see `repeated`. What a household shares is summed within bounds and is no person evidence.
    """
    pair, sure = pair_up(a, b), _confidences(a, b)
    found = []
    for field in schema.fields:
        sides, confidence = pair.sides(field), sure.get(field.attribute)
        if sides.left and sides.right:
            level = find_level(field.type, sides)
            rarity = _rarity(field.name, level, sides, weights, frequencies)
            found.append(FieldEvidence(field.name, level, 0.0, confidence, rarity))
        else:
            found.append(FieldEvidence(field.name, MISSING, 0.0, confidence))
    return weigh(found, ink or {}, weights, schema)


def weigh(
    found: Sequence[FieldEvidence], ink: Mapping[str, float], weights: Weights, schema: Schema = PERSON
) -> Comparison:
    """The comparison that these levels make under these weights; what they weighed before does not count.

    The ink is evidence of its own for what it adds to the free reading of the same picture; where it supports, a
    reading that differs is superseded.
    """
    compared = {one.field: one for one in found}
    asked = {name: weights.ink[name].weight(ratio) for name, ratio in ink.items() if name in weights.ink}
    weighed: dict[str, FieldEvidence] = {}
    whole: dict[str, float] = {}
    seen: list[FieldEvidence] = []
    for field in schema.fields:
        if (one := compared.get(field.name)) is None:
            continue
        picture = PICTURE_OF.get(field.name, "")
        if one.level == MISSING and picture not in asked:
            weighed[field.name] = one
            continue
        level = AS_COMPARED.get(one.level, one.level)
        weight = _full(one, level, weights)
        if weight < 0 <= asked.get(picture, -1.0):
            weight = 0.0
        first = whole.get(field.repeats, 0.0)
        alone, whole[field.name] = repeated(first, weight, weights), weight
        if field.name in INK_OF and picture in asked:
            whole[field.name] = combine(weight, asked[picture])
            added = repeated(first, whole[field.name], weights) - alone
            seen.append(FieldEvidence(f"ink_{picture}", weights.ink[picture].level(ink[picture]), added))
        if field.type in _READINGS and field.repeats in weighed and weighed[field.repeats].level in _SAME_NAME:
            level = TOLD_AGAIN.get(level, level)
        weighed[field.name] = FieldEvidence(field.name, level, alone, one.confidence, one.rarity)
    return _summed([*weighed.values(), *seen], ink, schema, weights)


def _full(one: FieldEvidence, level: str, weights: Weights) -> float:
    weight = weights.weight(one.field, level) + one.rarity
    return weight if one.confidence is None else damp(weight, one.confidence)


def weigh_again(comparison: Comparison, weights: Weights, schema: Schema = PERSON) -> Comparison:
    """A comparison made under other weights, under these."""
    return weigh(comparison.evidence, comparison.ink, weights, schema)


def _rarity(field: str, level: str, sides: Sides, weights: Weights, frequencies: Frequencies | None) -> float:
    """What the value agreed on adds; never so far down that a worse level would weigh more."""
    if frequencies is None or level not in _BY_VALUE or field not in frequencies:
        return 0.0
    least = weights.best_but(field, _BY_VALUE) - weights.weight(field, level)
    return max(frequencies[field].bits(sides.left), least)


def repeated(first: float, weight: float, weights: Weights) -> float:
    """What a field adds that repeats another, which weighs `first` already; never less for more agreement.

    Both for: the pair weighs as the heavier one with a small share of the lighter. The first for and this one
    against: a part of it, since a reading often differs from the one registered. Else both count in full.
    """
    if first > 0 and weight > 0:
        return max(first, weight) + weights.repeated_for * min(first, weight) - first
    return weights.repeated_against * weight if first > 0 else weight


def _confidences(a: Named, b: Named) -> Mapping[str, float]:
    """By attribute the confidence of the less sure of the two values, where one was read."""
    if not (a.confidence and b.confidence):
        return a.confidence or b.confidence
    both = a.confidence.keys() & b.confidence.keys()
    return {**a.confidence, **b.confidence, **{one: min(a.confidence[one], b.confidence[one]) for one in both}}


def damp(weight: float, confidence: float) -> float:
    """The weight of a value that is right with this confidence (clipped to 0-1)."""
    sure = min(max(confidence, 0.0), 1.0)
    return math.log2(sure * 2.0**weight + 1.0 - sure)


def _summed(found: list[FieldEvidence], ink: Mapping[str, float], schema: Schema, weights: Weights) -> Comparison:
    common = schema.shared
    person = sum(one.weight for one in found if one.field not in common)
    shared = sum(one.weight for one in found if one.field in common)
    bounded = min(max(shared, weights.household_floor), weights.household_cap)
    return Comparison(tuple(found), person + bounded, person, _contradictions(found, weights), ink)


_OTHER_DAY = frozenset({"else", "same_year", "same_day", "day_unknown"})
_OTHER_NAME = frozenset({"else", "similar"})


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
    against = []
    if sure.get("birth_date") in _OTHER_DAY:
        against.append("birth_date")
    if sure.get("resident_number") == "else":
        against.append("resident_number")
    given, kana = sure.get("given"), sure.get("kana_given")
    near = {"missing", "close", "look_alike", "variant_weak", *_OTHER_NAME}
    unlike_kana = kana in _OTHER_NAME and levels["given"] in near
    unlike_given = given in _OTHER_NAME and levels.get("kana_given", "missing") in {"missing", *_OTHER_NAME}
    return (*against, "given") if unlike_kana or unlike_given else tuple(against)
