"""How a total came about, step by step, for a picture; and which single change would have changed the outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from matchers.compare import weigh
from matchers.comparisons import AS_COMPARED, codes_of
from matchers.decide import decide
from matchers.explain import LEVEL_WORDS, Words, level_words
from matchers.fields import PERSON, FieldType, Schema
from matchers.records import Comparison, FieldEvidence, MatchDecision, Outcome, Scored
from matchers.weights import Weights

BOUND = "household_bound"
_BOUND_WORDS = Words(
    "世帯で共通する項目は、合わせて一定の範囲でだけ数えます",
    "what a household has in common counts within bounds only",
)
_NO_CHANGE = frozenset(
    {"missing", "nickname", "first_only", "initial", "close_street", "day_unknown", "former", "swapped"}
)
"""Levels nobody would think of as what might have been."""


@dataclass(frozen=True)
class Step:
    """One bar of the picture: it goes from `start` to `end` (log2). field: BOUND for what the bounds of a household
    take away or add. said: the sentence, which holds no value. confidence: as in `FieldEvidence`.
    """

    field: str
    level: str
    weight: float
    start: float
    end: float
    said: Words
    confidence: float | None = None


def waterfall(comparison: Comparison) -> tuple[Step, ...]:
    """The steps from 0 to the total: what was compared, the heaviest first, then the bounds of the household.

    The last `end` is the total. Fields that were not compared, or add nothing, are left out.
    """
    compared = [one for one in comparison.evidence if one.level != "missing" and one.weight]
    steps: list[Step] = []
    at = 0.0
    for one in sorted(compared, key=lambda one: -abs(one.weight)):
        said = level_words(one.field, one.level)
        steps.append(Step(one.field, one.level, one.weight, at, at + one.weight, said, one.confidence))
        at += one.weight
    if abs(comparison.total - at) > 1e-6:
        steps.append(Step(BOUND, "bounded", comparison.total - at, at, comparison.total, _BOUND_WORDS))
    return tuple(steps)


@dataclass(frozen=True)
class Change:
    """One change that would have led to another outcome: had this field of the best candidate stood in that level."""

    field: str
    level: str
    outcome: Outcome
    moved: float
    said: Words


def find_changes(decision: MatchDecision, weights: Weights, schema: Schema = PERSON) -> tuple[Change, ...]:
    """For each field of the best candidate the smallest change of its level that changes the outcome, the smallest
    first (`moved`, log2); () when no single one does.

    A field that was not given might have been; one that was read might have been certain. A change that would lead to
    another person is none.
    """
    if not decision.candidates:
        return ()
    best, *others = decision.candidates
    found = []
    for place, field in enumerate(schema.fields):
        for other in _others(best.comparison.evidence[place], field.type, weights):
            evidence = [*best.comparison.evidence[: len(schema.fields)]]
            evidence[place] = other
            changed = weigh(evidence, best.comparison.ink, weights, schema)
            again = decide([Scored(best.candidate_id, changed), *others], weights=weights)
            if again.outcome is not decision.outcome and again.best in (None, best.candidate_id):
                moved = abs(changed.total - best.comparison.total)
                found.append(Change(field.name, other.level, again.outcome, moved, _had(other, again.outcome)))
    smallest: dict[str, Change] = {}
    for change in sorted(found, key=lambda one: one.moved):
        smallest.setdefault(change.field, change)
    return tuple(smallest.values())


def _others(one: FieldEvidence, kind: FieldType, weights: Weights) -> Iterator[FieldEvidence]:
    own = AS_COMPARED.get(one.level, one.level)
    if one.confidence is not None and own != "missing":
        yield one._replace(level=own, confidence=None)
    for level in codes_of(kind):
        if level != own and level not in _NO_CHANGE and level in LEVEL_WORDS:
            yield one._replace(level=level, confidence=None, rarity=0.0)


def _had(one: FieldEvidence, outcome: Outcome) -> Words:
    said, then = level_words(one.field, one.level), _OUTCOME_WORDS[outcome]
    return Words(
        f"仮に「{said.ja}」であれば、{then.ja}",
        f"had it been “{said.en}”, {then.en}",
    )


_OUTCOME_WORDS = {
    Outcome.LINK: Words("自動で紐付いていました", "it would have been linked"),
    Outcome.REVIEW: Words("職員の確認になっていました", "a person would have had to look"),
    Outcome.NEW: Words("新しい人とされていました", "it would have been taken for somebody new"),
}
