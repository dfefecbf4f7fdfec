"""Which household an application comes from: known with any of its members, or by what a household shares.

Surname, address, telephone and account tell the household and never the person: a household link identifies nobody. It
lets a reviewer choose among a few people where matching cannot.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from matchers.compare import SHARED_FIELDS
from matchers.records import Comparison, FieldEvidence
from pipeline.domain.statuses import LinkStatus
from pipeline.procedures.pack import Procedure
from pipeline.runtime import Runtime
from pipeline.steps.evidence import evidence_json
from pipeline.steps.roles import RoleMatch, applying_role
from pipeline.store.tables import HouseholdLink, HouseholdMember, Person

LEAD = 3.0
"""Bits by which the shared evidence of a household must beat that of the next, as eight to one."""
_HOMES = frozenset({"address"})
_CONTACTS = frozenset({"phone", "account"})
_NAMES = frozenset({"family", "kana_family"})
_AGREES = frozenset({"exact", "variant", "exact_again"})


@dataclass(frozen=True)
class HouseholdMatch:
    """The household of an application. comparison: what a household shares, as compared with that member who agrees
    best; None where a member is linked."""

    household_id: str
    status: LinkStatus
    comparison: Comparison | None = None


def find_household(
    session: Session, submission_id: str, pack: Procedure, matches: Sequence[RoleMatch]
) -> HouseholdMatch | None:
    """The household of the person who applies, or of another who is linked; else the one that shares most with what
    was written, AUTO only where no other comes near. None when none does, or a clerk said that it is not this one.
    """
    order = sorted(matches, key=lambda match: (match.role != applying_role(pack).role, match.role, match.index))
    refused = _refused(session, submission_id)
    linked = [match.link for match in order if match.link and match.status and match.status.is_active]
    homes = household_of(session, linked)
    known = next((homes[one] for one in linked if one in homes), None)
    if known is not None:
        return None if known in refused else HouseholdMatch(known, LinkStatus.AUTO)
    for match in order:
        if match.decision and (found := _by_evidence(session, match, refused)):
            return found
    return None


def household_of(session: Session, person_ids: Collection[str], on: date | None = None) -> dict[str, str]:
    """Person -> household in which they live on that day, by default now; who lives in none is left out."""
    rows = session.exec(
        select(HouseholdMember.person_id, HouseholdMember.household_id).where(
            col(HouseholdMember.person_id).in_(person_ids), _lives_there(on)
        )
    ).all()
    return dict(rows)


def members_of(session: Session, household_id: str, on: date | None = None) -> list[Person]:
    """Who lives in a household on that day, by default now, by 宛名番号. Ask only where those who may not see protected
    people do not read the answer; screens go through `pipeline.review.household_views`."""
    return list(
        session.exec(
            select(Person)
            .join(HouseholdMember, col(HouseholdMember.person_id) == Person.id)
            .where(HouseholdMember.household_id == household_id, _lives_there(on), col(Person.merged_into).is_(None))
            .order_by(col(Person.resident_number))
        ).all()
    )


def write_household(runtime: Runtime, session: Session, submission_id: str, found: HouseholdMatch | None) -> None:
    """Writes the household link in the place of the one that was; a clerk's word stays."""
    current = current_household(session, submission_id)
    evidence = evidence_json(found.comparison) if found and found.comparison else "[]"
    if current is not None:
        before = (current.household_id, current.status, current.evidence)
        same = found is not None and before == (found.household_id, found.status, evidence)
        if current.status is LinkStatus.CONFIRMED or same:
            return
        current.status = LinkStatus.UNDONE
        session.add(current)
    if found is None:
        return
    session.add(
        HouseholdLink(
            submission_id=submission_id,
            household_id=found.household_id,
            status=found.status,
            total=found.comparison.total if found.comparison else 0.0,
            evidence=evidence,
            made_at=runtime.clock(),
        )
    )


def current_household(session: Session, submission_id: str) -> HouseholdLink | None:
    """The household link of an application that was not undone."""
    return session.exec(
        select(HouseholdLink).where(
            HouseholdLink.submission_id == submission_id, HouseholdLink.status != LinkStatus.UNDONE
        )
    ).first()


def _refused(session: Session, submission_id: str) -> set[str]:
    """Households of which a clerk said that the application does not come from there."""
    rows = session.exec(
        select(HouseholdLink.household_id).where(
            HouseholdLink.submission_id == submission_id,
            HouseholdLink.status == LinkStatus.UNDONE,
            HouseholdLink.undone_by != "",
        )
    ).all()
    return set(rows)


def _lives_there(on: date | None) -> ColumnElement[bool]:
    if on is None:
        return col(HouseholdMember.valid_to).is_(None)
    left = or_(col(HouseholdMember.valid_to).is_(None), col(HouseholdMember.valid_to) >= on)
    return (col(HouseholdMember.valid_from) <= on) & left


def _by_evidence(session: Session, match: RoleMatch, refused: set[str]) -> HouseholdMatch | None:
    assert match.decision is not None
    shared = {one.candidate_id: shared_part(one.comparison) for one in match.decision.candidates}
    homes = household_of(session, shared)
    best: dict[str, Comparison] = {}
    for person_id, home in homes.items():
        one = shared[person_id]
        if home not in refused and is_at_home(one) and (home not in best or one.total > best[home].total):
            best[home] = one
    ranked = sorted(best.items(), key=lambda item: (-item[1].total, item[0]))
    if not ranked:
        return None
    (home, first), others = ranked[0], ranked[1:]
    clear = not others or first.total - others[0][1].total >= LEAD
    return HouseholdMatch(home, LinkStatus.AUTO if clear else LinkStatus.PROPOSED, first)


def shared_part(comparison: Comparison) -> Comparison:
    """Of a comparison with one member, what the whole household shares."""
    evidence = tuple(one for one in comparison.evidence if one.field in SHARED_FIELDS)
    return Comparison(evidence, _sum(evidence), 0.0)


def is_at_home(shared: Comparison) -> bool:
    """True when what agrees is enough for a household: its printed number, or two of surname, address and a contact."""
    agreeing = {one.field for one in shared.evidence if one.level in _AGREES}
    kinds = sum(1 for kind in (_NAMES, _HOMES, _CONTACTS) if agreeing & kind)
    return "household_number" in agreeing or kinds >= 2


def _sum(evidence: Iterable[FieldEvidence]) -> float:
    return sum(one.weight for one in evidence)
