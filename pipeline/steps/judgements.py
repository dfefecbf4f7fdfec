"""What clerks decided of who somebody is, kept with how the candidates compared: levels, never values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from matchers.compare import MISSING
from matchers.comparisons import AS_COMPARED, level_codes
from matchers.fields import PERSON
from matchers.observed import Labelled
from matchers.records import Comparison, FieldEvidence
from pipeline.domain.statuses import LinkStatus, Verdict
from pipeline.runtime import Secrets
from pipeline.steps.evidence import read_evidence
from pipeline.store.tables import Candidate, Judgement, Link

LEARNED = 20_000
"""Judgements that are learned from: a few hundred megabytes of comparisons, and half a minute."""
_DECLARED = level_codes(PERSON)
_ABOUT_ALL = (Verdict.SAME, Verdict.NEW, Verdict.LET_STAND)
"""Verdicts that say who it is, of which a role has one; NOT_SAME says it of one person only."""


@dataclass(frozen=True)
class Judged:
    """One judgement to learn from. fitting: weights may be fitted on it; thresholds are set on the others."""

    submission_id: str
    verdict: Verdict
    labelled: Labelled
    fitting: bool


def keep_judgement(
    session: Session,
    submission_id: str,
    role: str,
    role_index: int,
    person_id: str,
    verdict: Verdict,
    *,
    by: str,
    at: datetime,
) -> None:
    """Keeps what a clerk decided, in the write that decides it and before the candidates are found anew.

    Nothing is kept where the person was not among the candidates: there is no comparison to learn from.
    """
    candidates = _candidates(session, submission_id, role, role_index)
    places = [place for place, one in enumerate(candidates) if one.person_id == person_id]
    forget_judgement(session, submission_id, role, role_index, person_id if verdict is Verdict.NOT_SAME else None)
    if verdict is Verdict.NOT_SAME:
        candidates = [one for one in candidates if one.person_id == person_id]
    if not candidates or (verdict is not Verdict.NEW and not places):
        return
    session.add(
        Judgement(
            submission_id=submission_id,
            role=role,
            role_index=role_index,
            person_id=person_id,
            verdict=verdict,
            evidence=json.dumps([_given(one.evidence) for one in candidates], separators=(",", ":")),
            right_place=places[0] if verdict in (Verdict.SAME, Verdict.LET_STAND) else None,
            made_by=by,
            made_at=at,
        )
    )
    session.flush()


def _given(evidence: str) -> list[dict[str, object]]:
    """What was compared; most fields of most pairs are missing, and there are many judgements."""
    return [item for item in json.loads(evidence) if item["level"] != MISSING]


def forget_judgement(
    session: Session, submission_id: str, role: str, role_index: int, person_id: str | None = None
) -> None:
    """Takes back what was decided of this person, or without one whatever was said of who the role is."""
    about = col(Judgement.person_id) == person_id if person_id is not None else col(Judgement.verdict).in_(_ABOUT_ALL)
    session.execute(
        delete(Judgement).where(
            col(Judgement.submission_id) == submission_id,
            col(Judgement.role) == role,
            col(Judgement.role_index) == role_index,
            about,
        )
    )


def keep_accepted(session: Session, submission_id: str, *, by: str, at: datetime) -> None:
    """Keeps, for every link that was made automatically, that the clerk who accepted the application let it stand."""
    links = session.exec(select(Link).where(Link.submission_id == submission_id, Link.status == LinkStatus.AUTO)).all()
    for link in links:
        keep_judgement(
            session, submission_id, link.role, link.role_index, link.person_id, Verdict.LET_STAND, by=by, at=at
        )


def forget_accepted(session: Session, submission_id: str) -> None:
    """Takes back that links were let stand, when an application is looked at again."""
    session.execute(
        delete(Judgement).where(
            col(Judgement.submission_id) == submission_id, col(Judgement.verdict) == Verdict.LET_STAND
        )
    )


def _candidates(session: Session, submission_id: str, role: str, role_index: int) -> Sequence[Candidate]:
    return session.exec(
        select(Candidate)
        .where(Candidate.submission_id == submission_id, Candidate.role == role, Candidate.role_index == role_index)
        .order_by(col(Candidate.rank))
    ).all()


def count_judgements(session: Session) -> dict[Verdict, int]:
    """How many judgements are kept, by verdict."""
    rows = session.exec(select(Judgement.verdict, func.count()).group_by(col(Judgement.verdict))).all()
    found = dict(rows)
    return {verdict: found.get(verdict, 0) for verdict in Verdict}


def judgements(session: Session, secrets: Secrets) -> list[Judged]:
    """The latest judgements, LEARNED at most, the latest last, as comparisons with the right one named.

    A digest of the application says which are fitted on (two of three) and which thresholds are set on: what was said
    of one application is always on one side.
    """
    rows = session.exec(select(Judgement).order_by(col(Judgement.made_at).desc(), col(Judgement.id)).limit(LEARNED))
    return [_judged(row, secrets) for row in rows][::-1]


def _judged(row: Judgement, secrets: Secrets) -> Judged:
    comparisons = tuple(comparison_of(json.dumps(one)) for one in json.loads(row.evidence))
    fitting = int(secrets.digest(f"learning:{row.submission_id}")[:8], 16) % 3 < 2
    return Judged(row.submission_id, row.verdict, Labelled(comparisons, row.right_place), fitting)


def comparison_of(evidence: str) -> Comparison:
    """A stored comparison with every declared field; what is declared no longer is as if not given."""
    stored = read_evidence(evidence, 0.0)
    known = {one.field: one for one in stored.evidence if _is_declared(one.field, one.level)}
    return replace(stored, evidence=tuple(known.get(name, FieldEvidence(name, MISSING, 0.0)) for name in _DECLARED))


def _is_declared(field: str, level: str) -> bool:
    return AS_COMPARED.get(level, level) in _DECLARED.get(field, ())
