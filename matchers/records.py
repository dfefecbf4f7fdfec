"""The values this package takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple


@dataclass(frozen=True)
class PersonRecord:
    """A person as somebody wrote or registered them; None means not given.

    sex: in any writing of `japan.sex`. building: building and room, where the source keeps them apart from the
        address; else they are taken from it.
    former_names: maiden names and other names the person has borne (旧氏), whole names.
    aliases: other names in use beside the registered one (通称, the name in katakana), whole names.
    resident_number 宛名番号, household_number 世帯番号 and reference_number 整理番号 are exact keys.
    confidence: per attribute name, 0.0-1.0 for values read off paper and not yet confirmed by a person;
        an attribute that is absent was typed or confirmed.
    """

    name: str | None = None
    kana: str | None = None
    birth_date: date | None = None
    sex: str | None = None
    postal_code: str | None = None
    address: str | None = None
    building: str | None = None
    phone: str | None = None
    email: str | None = None
    account: str | None = None
    resident_number: str | None = None
    household_number: str | None = None
    reference_number: str | None = None
    former_names: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    confidence: Mapping[str, float] = field(default_factory=dict)


class FieldEvidence(NamedTuple):
    """What the comparison of one field says.

    level: stable code such as "exact", "variant", "close", "else", "missing".
    weight: log2 of a likelihood ratio; positive speaks for the same person.
    confidence: 0.0-1.0 of the less sure of the two values; None when both were typed or confirmed.
    rarity: how much the weight was raised since the value is rare, or lessened since it is common; log2.
    """

    field: str
    level: str
    weight: float
    confidence: float | None = None
    rarity: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """The evidence for two records being one person. `total` is the sum of the weights.

    person_evidence: the part of the total that only this person can give (given name, reading of it,
        birth date, exact numbers); the rest is shared by the whole household.
    contradictions: fields whose disagreement forbids an automatic link.
    ink: the ratios of the ink as they were passed in, see `matchers.compare.compare`.
    """

    evidence: tuple[FieldEvidence, ...]
    total: float
    person_evidence: float
    contradictions: tuple[str, ...] = ()
    ink: Mapping[str, float] = field(default_factory=dict)


class Outcome(StrEnum):
    """What to do with the record that was compared."""

    LINK = "link"
    REVIEW = "review"
    NEW = "new"


@dataclass(frozen=True)
class Scored:
    """A candidate (the caller's id) with its comparison."""

    candidate_id: str
    comparison: Comparison


@dataclass(frozen=True)
class MatchDecision:
    """The outcome with its candidates, best first; `best` is set for LINK only.

    scores: of each candidate, log2 odds that it is the one meant, against all others and nobody
        (`matchers.competition`): one number a pair, for thresholds.
    reasons: stable codes of why it is not a clear link ("runner_up_close", "contradiction",
        "weak_person_evidence", "low_confidence_name", "name_differs", "twin_possible", "below_threshold",
        "nobody_near").
    """

    outcome: Outcome
    best: str | None
    candidates: tuple[Scored, ...]
    reasons: tuple[str, ...]
    weights_version: str
    scores: tuple[float, ...] = ()
