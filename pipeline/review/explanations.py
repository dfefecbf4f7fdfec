"""Why this person: what was compared, what it weighs, why it was no clear link, and what would have changed that.

Everything is told from what was stored when the decision was made, under the weights of then. The values beside it are
those of the application and of the register as they stand now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

from matchers.decide import decide
from matchers.differences import Difference, Piece, find_differences
from matchers.explain import FIELD_LABELS, REASON_WORDS, Words, level_words
from matchers.fields import PERSON
from matchers.records import Comparison, FieldEvidence, MatchDecision, Outcome, PersonRecord, Scored
from matchers.waterfall import BOUND, Step, find_changes, waterfall
from matchers.weights import Weights
from pipeline.procedures.pack import Label
from pipeline.review.dates import wareki

MOST_CHANGES = 3
_ROUNDED = 0.1
_OWN_LABELS = {"name": Words("氏名", "Name"), "kana": Words("フリガナ", "Reading")}
_MOVED = frozenset({"same_place", "same_city", "same_area", "else"})
_PLACES = frozenset({"address", "postal_code"})
_ELSEWHERE = Label(
    ja="申請の中のほかの人と重なるなど、この人だけでは決められない事情があります",
    en="something else in the application, such as another role that may be the same person",
)


@dataclass(frozen=True)
class Evidence:
    """What the comparison of one field says. weight: log2 of a likelihood ratio. confidence: 0.0-1.0 of a reading,
    None for what was typed or confirmed. rarity: the share of the weight that is due to the value being rare or
    common, log2."""

    field: str
    level: str
    weight: float
    sentence: Label
    confidence: float | None = None
    rarity: float = 0.0


@dataclass(frozen=True)
class Row:
    """One attribute of both sides. ja, en: the two values in pieces, as they are shown in either language. also: other
    names registered. moved: the places are different ones. evidence: none where one side does not give it."""

    attribute: str
    label: Label
    ja: tuple[Piece, ...]
    en: tuple[Piece, ...]
    evidence: tuple[Evidence, ...]
    also: str = ""
    moved: bool = False
    read: bool = False

    @property
    def speaking(self) -> int:
        """The place of the evidence that the differences belong to: the first that is no full agreement."""
        return next((place for place, one in enumerate(self.evidence) if not one.level.startswith("exact")), 0)

    def pieces(self, language: str) -> tuple[tuple[Piece, str], ...]:
        """The pieces with what each difference means: a `Difference`, or "misread" or "moved"."""
        return tuple((one, self._meaning(one)) for one in (self.en if language == "en" else self.ja))

    def _meaning(self, piece: Piece) -> str:
        if piece.kind is Difference.OTHER and self.moved:
            return "moved"
        if piece.kind is Difference.LOOK_ALIKE and self.read:
            return "misread"
        return piece.kind.value


@dataclass(frozen=True)
class Explanation:
    """One candidate. total, line, rival: log2; line is the total from which it would be linked were there nobody else,
    rival the total of the best other candidate. score: log2 odds against all others and nobody."""

    rows: tuple[Row, ...]
    not_compared: tuple[Label, ...]
    steps: tuple[Step, ...]
    total: float
    score: float | None
    line: float | None
    rival: float | None
    version: str

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What was compared, the heaviest first."""
        found = [one for row in self.rows for one in row.evidence]
        return tuple(sorted(found, key=lambda one: -abs(one.weight)))

    @property
    def telling(self) -> Evidence | None:
        """The field that speaks loudest, for or against."""
        return next(iter(self.evidence), None)


@dataclass(frozen=True)
class Why:
    """The outcome of a role in words. reasons: why it was not linked by itself; changes: single changes that would have
    led elsewhere, the smallest first."""

    linked: bool
    reasons: tuple[Label, ...] = ()
    changes: tuple[Label, ...] = ()


def decide_again(comparisons: Mapping[str, Comparison], weights: Weights | None) -> MatchDecision | None:
    """The decision over what is stored of these candidates, by their ids; None without their weights."""
    if weights is None or not comparisons:
        return None
    return decide([Scored(key, one) for key, one in comparisons.items()], weights=weights)


def explain_why(decision: MatchDecision, weights: Weights, *, linked: bool) -> Why:
    """The outcome in words. linked: the store holds an automatic link for it."""
    reasons = tuple(_label(REASON_WORDS[code]) for code in decision.reasons if code in REASON_WORDS)
    if not linked and decision.outcome is Outcome.LINK:
        return Why(linked, (_ELSEWHERE,))
    try:
        changes = find_changes(decision, weights)
    except KeyError:  # a field or level that is no longer declared
        changes = ()
    return Why(linked, reasons, tuple(_label(one.said) for one in changes[:MOST_CHANGES]))


def explain_candidate(
    said: PersonRecord,
    registered: PersonRecord,
    key: str,
    comparison: Comparison,
    decision: MatchDecision | None,
    weights: Weights | None,
) -> Explanation:
    """What speaks for the candidate `key` and against it. said: by the application; registered: of the candidate."""
    rows = tuple(_rows(said, registered, comparison.evidence))
    others = [one for one in decision.candidates if one.candidate_id != key] if decision else []
    scores = (
        dict(zip((one.candidate_id for one in decision.candidates), decision.scores, strict=True)) if decision else {}
    )
    return Explanation(
        rows=tuple(row for row in rows if row.evidence),
        not_compared=tuple(row.label for row in rows if not row.evidence),
        steps=_steps(comparison),
        total=comparison.total,
        score=scores.get(key),
        line=weights.nobody + weights.thresholds.link_score if weights else None,
        rival=max((one.comparison.total for one in others), default=None),
        version=weights.version if weights else "",
    )


def _steps(comparison: Comparison) -> tuple[Step, ...]:
    known = tuple(one for one in comparison.evidence if _sentence(one) is not None)
    steps = waterfall(replace(comparison, evidence=known))
    # Stored weights are rounded; what they miss of the total by that is no bound of a household.
    return tuple(step for step in steps if step.field != BOUND or abs(step.weight) >= _ROUNDED)


def _rows(said: PersonRecord, registered: PersonRecord, found: Sequence[FieldEvidence]) -> list[Row]:
    compared = {one.field: one for one in found if one.level != "missing"}
    rows = []
    for attribute, group in groupby(PERSON.fields, lambda field: field.attribute):
        mine, theirs = getattr(said, attribute), getattr(registered, attribute)
        fields = [*(field.name for field in group), f"ink_{attribute}"]
        evidence = tuple(_evidence(compared[name]) for name in fields if name in compared)
        if mine or theirs or evidence:
            rows.append(_row(attribute, mine, theirs, evidence, registered, attribute in said.confidence))
    return rows


def _row(
    attribute: str, mine: Any, theirs: Any, evidence: tuple[Evidence, ...], registered: PersonRecord, read: bool
) -> Row:
    label = _label(_OWN_LABELS.get(attribute) or FIELD_LABELS[attribute])
    left, right = _shown(attribute, mine), _shown(attribute, theirs)
    moved = attribute in _PLACES and any(one.level in _MOVED for one in evidence)
    names = (*registered.former_names, *registered.aliases) if attribute == "name" else ()
    return Row(
        attribute,
        label,
        find_differences(left.ja, right.ja),
        find_differences(left.en, right.en),
        evidence,
        also="、".join(names),
        moved=moved,
        read=read,
    )


def _shown(attribute: str, value: Any) -> Label:
    if isinstance(value, date):
        return Label(ja=wareki(value), en=value.isoformat())
    text = str(value or "")
    if attribute == "postal_code" and len(text) == 7 and text.isdigit():
        text = f"{text[:3]}-{text[3:]}"
    return Label(ja=text, en=text)


def _evidence(one: FieldEvidence) -> Evidence:
    words = _sentence(one) or Words(f"{one.field} {one.level}", f"{one.field} {one.level}")
    return Evidence(one.field, one.level, one.weight, _label(words), one.confidence, one.rarity)


def _sentence(one: FieldEvidence) -> Words | None:
    """None for evidence stored under weights of another version that names what is no longer declared."""
    try:
        return level_words(one.field, one.level)
    except KeyError:
        return None


def _label(words: Words) -> Label:
    return Label(ja=words.ja, en=words.en)
