"""Writing down what matching found: candidates, links, entries."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, select

from matchers.records import Comparison
from pipeline.domain.statuses import EntryStatus, LinkStatus
from pipeline.procedures.pack import Procedure
from pipeline.runtime import Runtime
from pipeline.steps.evidence import evidence_json
from pipeline.steps.roles import RoleKey, RoleMatch
from pipeline.store.tables import (
    Candidate,
    Entry,
    Link,
)

KEPT_CANDIDATES = 5


def write_candidates(session: Session, submission_id: str, matches: Sequence[RoleMatch]) -> None:
    """The candidates of these roles in the place of those before; what was found of a role that a clerk decided since
    stays, as what the machine said."""
    decided = {(match.role, match.index) for match in matches if match.status is LinkStatus.CONFIRMED}
    for row in session.exec(select(Candidate).where(Candidate.submission_id == submission_id)).all():
        if (row.role, row.role_index) not in decided:
            session.delete(row)
    session.flush()
    for match in matches:
        _add_candidates(session, submission_id, match)
    session.flush()


def _add_candidates(session: Session, submission_id: str, match: RoleMatch) -> None:
    if match.decision is None:
        return
    for rank, scored in enumerate(match.decision.candidates[:KEPT_CANDIDATES], start=1):
        session.add(
            Candidate(
                submission_id=submission_id,
                role=match.role,
                role_index=match.index,
                person_id=scored.candidate_id,
                rank=rank,
                total=scored.comparison.total,
                person_evidence=scored.comparison.person_evidence,
                evidence=evidence_json(scored.comparison),
                contradictions=",".join(scored.comparison.contradictions),
                weights_version=match.decision.weights_version,
            )
        )


def write_link(runtime: Runtime, session: Session, submission_id: str, match: RoleMatch) -> list[str]:
    """Writes the link that matching made, in the place of another; the person whose link that undid, if any."""
    current = session.exec(
        select(Link).where(
            Link.submission_id == submission_id,
            Link.role == match.role,
            Link.role_index == match.index,
            Link.status != LinkStatus.UNDONE,
        )
    ).first()
    best = scored_for(match)
    undone: list[str] = []
    if current is not None:
        if (current.person_id, current.status) == (match.link, match.status):
            return []
        current.status = LinkStatus.UNDONE
        session.add(current)
        session.flush()
        undone.append(current.person_id)
    if match.link is None or match.status is None:
        return undone
    session.add(
        Link(
            submission_id=submission_id,
            role=match.role,
            role_index=match.index,
            person_id=match.link,
            status=match.status,
            total=best.total if best else 0.0,
            evidence=evidence_json(best) if best else "[]",
            weights_version=match.decision.weights_version if match.decision else "",
            made_at=runtime.clock(),
        )
    )
    return undone


def scored_for(match: RoleMatch) -> Comparison | None:
    if match.decision is None:
        return None
    return next((s.comparison for s in match.decision.candidates if s.candidate_id == match.link), None)


def drop_stale_links(session: Session, submission_id: str, present: set[RoleKey]) -> list[str]:
    """Undoes the links of roles that are there no more; the persons they meant."""
    rows = session.exec(select(Link).where(Link.submission_id == submission_id, Link.status != LinkStatus.UNDONE)).all()
    stale = [row for row in rows if (row.role, row.role_index) not in present]
    for row in stale:
        row.status = LinkStatus.UNDONE
        session.add(row)
    return [row.person_id for row in stale]


def write_entries(session: Session, submission_id: str, pack: Procedure, matches: Sequence[RoleMatch]) -> None:
    subject = pack.matching.subject_role
    wanted = {match.index for match in matches if match.role == subject}
    rows = session.exec(select(Entry).where(Entry.submission_id == submission_id)).all()
    for row in rows:
        if row.role_index not in wanted and row.status is not EntryStatus.IN_CASE:
            session.delete(row)
    for index in sorted(wanted - {row.role_index for row in rows}):
        session.add(Entry(submission_id=submission_id, role=subject, role_index=index))
    session.flush()
