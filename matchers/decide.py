"""Link, review or new: the rules over the evidence."""

from __future__ import annotations

from collections.abc import Sequence

from matchers.competition import log_odds
from matchers.records import Comparison, FieldEvidence, MatchDecision, Outcome, Scored
from matchers.weights import Thresholds, Weights, load_weights

__all__ = ["Thresholds", "decide", "is_near"]

_AGREES = {"exact", "exact_again", "variant", "swapped"}
_UNCERTAIN = {"close", "look_alike", "similar", "variant_weak", "other_reading", "else"}
_OTHER_CHARACTERS = {"look_alike", "close", "similar", "else"}
_NUMBERS = ("resident_number", "reference_number")
_INK_OF = {"given": "ink_name", "kana_given": "ink_kana"}
_CONTACT = ("address", "phone", "account", "email", "household_number")
_LIKE_HOME = {"exact", "other_room", "close", "close_street", "area_missing"}
_OTHER_FAMILY = {"similar", "other_reading", "else"}


def decide(
    scored: Sequence[Scored], thresholds: Thresholds | None = None, *, weights: Weights | None = None
) -> MatchDecision:
    """What to do with a record, given all candidates that met it. weights: those they were compared with, by default
    the shipped ones; thresholds: by default those of the weights.

    LINK needs: no contradiction; enough evidence against everybody else, and of it enough from the person; a trusted
    given name or reading that agrees, no given name in other characters, and with them the birth date or a printed
    number, and something of the family name or the home; no other candidate with the printed number; and where a
    brother or sister of the same birth date stands among the candidates, a given name without any doubt. NEW when
    nobody comes near; REVIEW between.
    """
    own = weights or load_weights()
    bounds = thresholds or own.thresholds
    ranked = tuple(
        sorted(scored, key=lambda one: (-one.comparison.total, -one.comparison.person_evidence, one.candidate_id))
    )
    if not ranked:
        return MatchDecision(Outcome.NEW, None, (), ("nobody_near",), own.version)
    scores = tuple(log_odds([one.comparison.total for one in ranked], own.nobody))
    if not any(is_near(one.comparison, score, bounds) for one, score in zip(ranked, scores, strict=True)):
        return MatchDecision(Outcome.NEW, None, ranked, ("below_threshold",), own.version, scores)
    reasons = _doubts(ranked, scores[0], own.nobody, bounds)
    if reasons:
        return MatchDecision(Outcome.REVIEW, None, ranked, reasons, own.version, scores)
    return MatchDecision(Outcome.LINK, ranked[0].candidate_id, ranked, (), own.version, scores)


def is_near(comparison: Comparison, score: float, bounds: Thresholds) -> bool:
    """True for a candidate a person should see before a record is taken for somebody new.

    That is one with enough evidence; with the same printed number; or of the same given name with the same address or
    contact, since a birth date can be written quite wrongly.
    """
    levels = _levels(comparison)
    if score >= bounds.review_score or _number_agrees(levels):
        return True
    same_given = any(levels[field].level in _AGREES for field in _INK_OF if field in levels)
    same_contact = any(levels[field].level == "exact" for field in _CONTACT if field in levels)
    return same_given and same_contact


def _doubts(ranked: tuple[Scored, ...], score: float, nobody: float, bounds: Thresholds) -> tuple[str, ...]:
    """Why the best candidate is no clear link; () when it is."""
    best, others = ranked[0], ranked[1:]
    levels = _levels(best.comparison)
    reasons = []
    if best.comparison.contradictions or _number_says_other(levels, others):
        reasons.append("contradiction")
    if best.comparison.total - nobody < bounds.link_score:
        reasons.append("below_threshold")
    identified = _anchored(levels) and _given_agrees(levels) and not _of_another_family(levels)
    if best.comparison.person_evidence < bounds.link_person or not identified:
        reasons.append("weak_person_evidence")
    if _level(levels, "given") in _OTHER_CHARACTERS and not _supported(levels, "given"):
        reasons.append("name_differs" if _is_sure(levels["given"], bounds) else "low_confidence_name")
    elif _given_agrees(levels) and not _given_is_trusted(levels, bounds):
        reasons.append("low_confidence_name")
    close = bool(others) and best.comparison.total - others[0].comparison.total < bounds.link_score
    beaten = score < bounds.link_score <= best.comparison.total - nobody
    if (close or beaten) and not _told_by_characters(best.comparison, others, bounds):
        reasons.append("runner_up_close")
    if any(_is_twin(one.comparison) for one in others) and not _given_beyond_doubt(levels):
        reasons.append("twin_possible")
    return tuple(reasons)


def _told_by_characters(best: Comparison, others: Sequence[Scored], bounds: Thresholds) -> bool:
    """True when the characters of a given name that was typed or confirmed tell the best from all who come near, as
    they tell twins of one reading apart (蒼太, 蒼汰).
    """
    given = _levels(best).get("given")
    if given is None or given.confidence is not None or given.level not in {"exact", "variant"}:
        return False
    near = [one.comparison for one in others if best.total - one.comparison.total < bounds.link_score]
    return all(one.total < best.total and _level(_levels(one), "given") in _OTHER_CHARACTERS for one in near)


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


def _of_another_family(levels: dict[str, FieldEvidence]) -> bool:
    """True where family name and its reading are others and nothing of the home agrees either: in a city there are
    people of one given name born on one day.
    """
    unlike = _level(levels, "family") in _OTHER_FAMILY and _level(levels, "kana_family") in {"missing", *_OTHER_FAMILY}
    at_home = any(_level(levels, field) in _LIKE_HOME for field in _CONTACT)
    return unlike and not at_home and not _number_agrees(levels)


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
