"""Link, review or new: the rules over the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matchers.records import Comparison, FieldEvidence, MatchDecision, Outcome, Scored

_AGREES = {"exact", "exact_again", "variant", "swapped"}
_UNCERTAIN = {"close", "look_alike", "variant_weak", "other_reading", "else"}
_NUMBERS = ("resident_number", "reference_number")
_INK_OF = {"given": "ink_name", "kana_given": "ink_kana"}
_CONTACT = ("address", "phone", "account", "email", "household_number")


@dataclass(frozen=True)
class Thresholds:
    """Bounds of a decision, weights in log2.

    link_total, link_person: at least this much altogether, and of it from the person alone.
    margin: lead of the best over the runner-up. review_total: below it nobody is meant.
    min_confidence: 0.0-1.0, below it a name read off paper cannot identify by itself.
    """

    link_total: float = 18.0
    link_person: float = 15.0
    margin: float = 6.0
    review_total: float = 8.0
    min_confidence: float = 0.9


def decide(
    scored: Sequence[Scored], thresholds: Thresholds | None = None, *, weights_version: str = "1"
) -> MatchDecision:
    """What to do with a record, given all candidates that met it.

    LINK needs: no contradiction; enough evidence, and of it enough from the person; a trusted given name or
    reading that agrees, no given name in other characters, and with them the birth date or a printed number;
    a clear lead over the runner-up; no other candidate with the printed number; and where a brother or sister
    of the same birth date stands among the candidates, a given name without any doubt. NEW when nobody comes
    near; REVIEW between.
    """
    bounds = thresholds or Thresholds()
    ranked = tuple(
        sorted(scored, key=lambda one: (-one.comparison.total, -one.comparison.person_evidence, one.candidate_id))
    )
    if not ranked:
        return MatchDecision(Outcome.NEW, None, (), ("nobody_near",), weights_version)
    if not any(is_near(one.comparison, bounds) for one in ranked):
        return MatchDecision(Outcome.NEW, None, ranked, ("below_threshold",), weights_version)
    reasons = _doubts(ranked, bounds)
    if reasons:
        return MatchDecision(Outcome.REVIEW, None, ranked, reasons, weights_version)
    return MatchDecision(Outcome.LINK, ranked[0].candidate_id, ranked, (), weights_version)


def is_near(comparison: Comparison, bounds: Thresholds) -> bool:
    """True for a candidate a person should see before a record is taken for somebody new.

    That is one with enough evidence; with the same printed number; or of the same given name with the same
    address or contact, since a birth date can be written quite wrongly.
    """
    levels = _levels(comparison)
    if comparison.total >= bounds.review_total or _number_agrees(levels):
        return True
    same_given = any(levels[field].level in _AGREES for field in _INK_OF if field in levels)
    same_contact = any(levels[field].level == "exact" for field in _CONTACT if field in levels)
    return same_given and same_contact


def _doubts(ranked: tuple[Scored, ...], bounds: Thresholds) -> tuple[str, ...]:
    """Why the best candidate is no clear link; () when it is."""
    best, others = ranked[0], ranked[1:]
    levels = _levels(best.comparison)
    reasons = []
    if best.comparison.contradictions or _number_says_other(levels, others):
        reasons.append("contradiction")
    if best.comparison.total < bounds.link_total:
        reasons.append("below_threshold")
    identified = _anchored(levels) and _given_agrees(levels)
    if best.comparison.person_evidence < bounds.link_person or not identified:
        reasons.append("weak_person_evidence")
    if _level(levels, "given") in {"close", "else"} and not _supported(levels, "given"):
        reasons.append("name_differs" if _is_sure(levels["given"], bounds) else "low_confidence_name")
    elif _given_agrees(levels) and not _given_is_trusted(levels, bounds):
        reasons.append("low_confidence_name")
    if others and not _leads(best.comparison, others[0].comparison, bounds):
        reasons.append("runner_up_close")
    if any(_is_twin(one.comparison) for one in others) and not _given_beyond_doubt(levels):
        reasons.append("twin_possible")
    return tuple(reasons)


def _leads(best: Comparison, second: Comparison, bounds: Thresholds) -> bool:
    """True when the best is clearly ahead: by the margin, or by the characters of a given name that was typed
    or confirmed, which is what tells twins of one reading apart (蒼太, 蒼汰).
    """
    lead = best.total - second.total
    given, other = _levels(best).get("given"), _levels(second).get("given")
    if lead >= bounds.margin or given is None or other is None:
        return lead >= bounds.margin
    typed = given.confidence is None and given.level in {"exact", "variant"}
    return lead > 0 and typed and other.level in {"close", "else"}


def _levels(comparison: Comparison) -> dict[str, FieldEvidence]:
    return {one.field: one for one in comparison.evidence}


def _level(levels: dict[str, FieldEvidence], field: str) -> str:
    return levels[field].level if field in levels else "missing"


def _number_agrees(levels: dict[str, FieldEvidence]) -> bool:
    return any(_level(levels, field) == "exact" for field in _NUMBERS)


def _number_says_other(levels: dict[str, FieldEvidence], others: tuple[Scored, ...]) -> bool:
    """Letters get swapped: the printed number is that of another candidate."""
    return not _number_agrees(levels) and any(_number_agrees(_levels(one.comparison)) for one in others)


def _anchored(levels: dict[str, FieldEvidence]) -> bool:
    return _level(levels, "birth_date") == "exact" or _number_agrees(levels)


def _supported(levels: dict[str, FieldEvidence], field: str) -> bool:
    return _level(levels, _INK_OF[field]) == "supports"


def _given_agrees(levels: dict[str, FieldEvidence]) -> bool:
    return any(_level(levels, field) in _AGREES or _supported(levels, field) for field in _INK_OF)


def _given_is_trusted(levels: dict[str, FieldEvidence], bounds: Thresholds) -> bool:
    """True when the agreement of the given name does not rest on one doubtful reading.

    It was typed, confirmed, read with confidence, or seen in the ink; or a printed number stands beside it;
    or name and reading, two separate fields, both agree together with the birth date and the home.
    """
    if _number_agrees(levels) or any(_supported(levels, field) for field in _INK_OF):
        return True
    agreeing = [levels[field] for field in _INK_OF if _level(levels, field) in _AGREES]
    if any(_is_sure(one, bounds) for one in agreeing):
        return True
    at_home = any(_level(levels, field) == "exact" for field in _CONTACT)
    return len(agreeing) == 2 and _level(levels, "birth_date") == "exact" and at_home


def _is_sure(one: FieldEvidence, bounds: Thresholds) -> bool:
    """True when both values were typed, confirmed or read with confidence."""
    return one.confidence is None or one.confidence >= bounds.min_confidence


def _given_beyond_doubt(levels: dict[str, FieldEvidence]) -> bool:
    """True when neither the given name nor its reading leaves room for a brother or sister."""
    return not any(_level(levels, field) in _UNCERTAIN and not _supported(levels, field) for field in _INK_OF)


def _is_twin(comparison: Comparison) -> bool:
    levels = _levels(comparison)
    same_family = _level(levels, "family") in _AGREES or _level(levels, "kana_family") in _AGREES
    same_home = _level(levels, "address") == "exact"
    return _level(levels, "birth_date") == "exact" and (same_family or same_home)
