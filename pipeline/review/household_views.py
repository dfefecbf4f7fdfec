"""世帯: which household an application comes from, why, and who lives there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from matchers.explain import level_words
from matchers.records import FieldEvidence
from pipeline.domain.statuses import LinkStatus, RosterMarkKind
from pipeline.procedures.pack import Label, Procedure
from pipeline.review.people_views import PersonView, see_people
from pipeline.steps.evidence import read_evidence
from pipeline.steps.listed import listed
from pipeline.store.access import Viewer, visible
from pipeline.store.tables import Household, HouseholdLink, HouseholdMember, Link, Submission


@dataclass(frozen=True)
class Shared:
    """One thing that the application and the household have in common, or not. weight: log2 of a likelihood ratio."""

    field: str
    level: str
    weight: float
    sentence: Label


@dataclass(frozen=True)
class MemberView:
    """Somebody who lives there, or lived there until `until`. roles: as whom this application is linked to them.

    listed: on the procedure's list on its reference date. marks: what the list says of them, and since when.
    """

    person: PersonView
    since: date
    until: date | None
    roles: tuple[str, ...]
    listed: bool
    marks: Mapping[RosterMarkKind, date | None]


@dataclass(frozen=True)
class HouseholdView:
    """The household of an application. shared: () where one of its members is linked, who brought it."""

    id: str
    number: str | None
    postal_code: str | None
    address: str | None
    phone: str | None
    status: LinkStatus
    made_by: str
    shared: tuple[Shared, ...]
    members: tuple[MemberView, ...]

    @property
    def member_unclear(self) -> bool:
        """True when the household is known and nobody says which of its people is meant."""
        return not any(member.roles for member in self.members)


def household_panel(session: Session, viewer: Viewer, submission: Submission, pack: Procedure) -> HouseholdView | None:
    """The household that matching or a clerk linked this application to; None when there is none, or none to be seen.

    Those who live there now come first. Nobody whom the viewer may not see is among them.
    """
    found = session.exec(
        select(HouseholdLink, Household)
        .join(Household, col(Household.id) == HouseholdLink.household_id)
        .where(
            HouseholdLink.submission_id == submission.id,
            HouseholdLink.status != LinkStatus.UNDONE,
            visible(HouseholdLink, viewer),
        )
    ).first()
    if found is None:
        return None
    link, household = found
    return HouseholdView(
        id=household.id,
        number=household.number,
        postal_code=household.postal_code,
        address=household.address,
        phone=household.phone,
        status=link.status,
        made_by=link.made_by,
        shared=tuple(_shared(one) for one in read_evidence(link.evidence, link.total).evidence),
        members=_members(session, viewer, submission, pack, household.id),
    )


def _members(
    session: Session, viewer: Viewer, submission: Submission, pack: Procedure, household_id: str
) -> tuple[MemberView, ...]:
    stays = session.exec(
        select(HouseholdMember)
        .where(HouseholdMember.household_id == household_id, visible(HouseholdMember, viewer))
        .order_by(col(HouseholdMember.valid_to).is_not(None), col(HouseholdMember.valid_from))
    ).all()
    people, _ = see_people(session, viewer, {row.person_id for row in stays})
    said = listed(session, pack.id, set(people))
    roles = _roles(session, viewer, submission.id)
    ordered = sorted(stays, key=lambda row: (row.valid_to is not None, people[row.person_id].birth_date or date.max))
    return tuple(
        MemberView(
            person=people[row.person_id],
            since=row.valid_from,
            until=row.valid_to,
            roles=roles.get(row.person_id, ()),
            listed=row.person_id in said and said[row.person_id].holds,
            marks=said[row.person_id].marks if row.person_id in said else {},
        )
        for row in ordered
    )


def _roles(session: Session, viewer: Viewer, submission_id: str) -> dict[str, tuple[str, ...]]:
    rows = session.exec(
        select(Link).where(Link.submission_id == submission_id, Link.status != LinkStatus.UNDONE, visible(Link, viewer))
    ).all()
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        if row.status.is_active:
            found[row.person_id] = (*found.get(row.person_id, ()), row.role)
    return found


def _shared(one: FieldEvidence) -> Shared:
    try:
        words = level_words(one.field, one.level)
        sentence = Label(ja=words.ja, en=words.en)
    except KeyError:  # stored under weights that declared other levels
        sentence = Label(ja=f"{one.field} {one.level}", en=f"{one.field} {one.level}")
    return Shared(one.field, one.level, one.weight, sentence)
