"""Doubts about who is meant, and about what the list says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlmodel import Session

from pipeline.domain.statuses import ReasonCode, RosterMarkKind
from pipeline.procedures.pack import Procedure
from pipeline.steps.households import current_household
from pipeline.steps.listed import Listed, listed
from pipeline.steps.roles import RoleKey
from pipeline.steps.tasks import Doubt
from pipeline.store.tables import Link, Submission

NOTE_NEEDED = frozenset({ReasonCode.DECEASED, ReasonCode.ALREADY_PAID})
"""What a clerk may pass over only by writing down the ground."""

_OF_SUBJECTS = {
    RosterMarkKind.MOVED_OUT: ReasonCode.MOVED_OUT,
    RosterMarkKind.PAID: ReasonCode.ALREADY_PAID,
    RosterMarkKind.APPLIED: ReasonCode.ALREADY_APPLIED,
}
"""What counts only of those the benefit is for: whoever applies for a child may live elsewhere."""


def person_doubts(
    session: Session,
    submission: Submission,
    pack: Procedure,
    links: Mapping[RoleKey, Link],
    entries: frozenset[RoleKey],
) -> list[Doubt]:
    """Roles of which nobody knows who it is, and what the list in force says against those who are known."""
    subject = pack.matching.subject_role
    named = {(match.role, 0) for match in pack.matching.roles if match.role != subject}
    said = listed(session, pack.id, {link.person_id for link in links.values() if link.status.is_active})
    home = current_household(session, submission.id) is not None
    doubts = [] if entries else [Doubt(ReasonCode.PERSON_UNCLEAR, subject)]
    for role, index in sorted(entries | set(links) | named):
        link = links.get((role, index))
        about = f"{role}.{index}" if index else role
        if link is None:
            doubts.append(Doubt(ReasonCode.MEMBER_UNCLEAR if home else ReasonCode.NOT_ON_ROSTER, about))
        elif not link.status.is_active:
            printed = submission.reference_number and role != subject
            doubts.append(Doubt(ReasonCode.REFERENCE_CONTRADICTED if printed else ReasonCode.PERSON_UNCLEAR, about))
        else:
            doubts += list_doubts(said.get(link.person_id), about, subject=role == subject)
    return doubts


def list_doubts(said: Listed | None, about: str, *, subject: bool) -> Iterator[Doubt]:
    """What a list says against somebody; said: None when they are not on it. detail: the day it names."""
    if subject:
        if said is None:
            yield Doubt(ReasonCode.NOT_ELIGIBLE, about)
        elif not said.holds:
            yield Doubt(ReasonCode.NOT_LISTED_THEN, about, _edge(said))
        elif not said.eligible:
            yield Doubt(ReasonCode.NOT_ELIGIBLE, about)
    if said is None:
        return
    if RosterMarkKind.DECEASED in said.marks:
        yield Doubt(ReasonCode.DECEASED, about, _day(said, RosterMarkKind.DECEASED))
    for kind, code in _OF_SUBJECTS.items():
        if subject and said.said(kind):
            yield Doubt(code, about, _day(said, kind))


def _day(said: Listed, kind: RosterMarkKind) -> str:
    day = said.marks[kind]
    return day.isoformat() if day else ""


def _edge(said: Listed) -> str:
    """The day nearest the reference date on which the person is on the list."""
    edge = said.valid_from if said.valid_from > said.on else said.valid_to
    return edge.isoformat() if edge else ""
