"""The one read filter: who may see which rows.

Every query that leaves the house towards a person (lists, counts, search, pictures, candidates, API) passes
through `visible`. What touches a protected person (支援措置対象者) is whole and wholly elsewhere: a row of it
is not thinned out but absent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import col, select

from pipeline.domain.statuses import StaffRole
from pipeline.store.tables import (
    Arrival,
    Batch,
    Candidate,
    Case,
    Document,
    Draft,
    Household,
    HouseholdLink,
    HouseholdMember,
    Link,
    Outbound,
    Page,
    Person,
    ReviewTask,
    Submission,
)


@dataclass(frozen=True)
class Grant:
    """A role held in one department, for one procedure or (procedure_id "") for all of them.

    deputy_for: id of the approver whose place is taken (代決), "" in one's own right.
    """

    role: StaffRole
    department: str
    procedure_id: str = ""
    deputy_for: str = ""


def grants(department: str, *roles: StaffRole, procedure_id: str = "") -> frozenset[Grant]:
    """These roles in one department, for every procedure unless one is named."""
    return frozenset(Grant(role, department, procedure_id) for role in roles)


@dataclass(frozen=True)
class Viewer:
    """A signed-in member of staff, as far as seeing and acting is concerned. department is where they belong."""

    user_id: str
    display_name: str
    department: str
    grants: frozenset[Grant] = field(default_factory=frozenset)
    sees_protected: bool = False

    def has(self, role: StaffRole) -> bool:
        """True when this person holds the role anywhere."""
        return any(grant.role is role for grant in self.grants)

    def may(self, role: StaffRole, department: str, procedure_id: str = "") -> bool:
        """True when this person holds the role for this department and procedure.

        procedure_id "" asks about what belongs to no procedure yet: a grant for any of them will do.
        """
        return any(
            grant.role is role
            and grant.department == department
            and (not procedure_id or grant.procedure_id in ("", procedure_id))
            for grant in self.grants
        )

    def only(self, *roles: StaffRole) -> Viewer:
        """The same person with the grants of these roles alone, to ask what they see or do in them."""
        return replace(self, grants=frozenset(grant for grant in self.grants if grant.role in roles))


READERS = frozenset({StaffRole.REVIEWER, StaffRole.MAILROOM, StaffRole.APPROVER})
"""Roles that may read what people wrote, within their grants. Operators and administrators see numbers and names
of staff only."""

Rule = Callable[[Viewer], ColumnElement[bool]]


def visible(model: type[Any], viewer: Viewer) -> ColumnElement[bool]:
    """The condition under which rows of `model` may be read by `viewer`; KeyError for a model without a rule.

    Put it into every `where`. Tables that only hang on one of these (field values, entries, findings) are read
    through their submission.
    """
    rule: Rule = _RULES[model]
    return rule(viewer)


def _own(model: type[Any]) -> Rule:
    """Rows with a department and a procedure of their own, and a mark for protected persons."""

    def rule(viewer: Viewer) -> ColumnElement[bool]:
        mine = or_(false(), *(_within(model, grant) for grant in _reading(viewer)))
        return mine if viewer.sees_protected else and_(mine, col(model.protected).is_(False))

    return rule


def _within(model: type[Any], grant: Grant) -> ColumnElement[bool]:
    there = col(model.department) == grant.department
    return and_(there, col(model.procedure_id).in_(["", grant.procedure_id])) if grant.procedure_id else there


def _department_only(model: type[Any]) -> Rule:
    def rule(viewer: Viewer) -> ColumnElement[bool]:
        return col(model.department).in_(sorted({grant.department for grant in _reading(viewer)}))

    return rule


def _reading(viewer: Viewer) -> list[Grant]:
    """The grants that let somebody read; one for all procedures makes those for single ones needless."""
    found = {(grant.department, grant.procedure_id): grant for grant in viewer.grants if grant.role in READERS}
    return [
        grant
        for (department, procedure), grant in sorted(found.items())
        if not procedure or (department, "") not in found
    ]


def _person(viewer: Viewer) -> ColumnElement[bool]:
    # People belong to the city, not to a department; who works on no application has no business with them.
    if not _reading(viewer):
        return false()
    return true() if viewer.sees_protected else col(Person.protected).is_(False)


def guarded(household_id: Mapped[str]) -> ColumnElement[bool]:
    """The condition under which somebody protected lives in the household now."""
    # Under names of their own: queries around this one ask the same tables for other rows.
    member, person = aliased(HouseholdMember), aliased(Person)
    return (
        select(member.id)
        .join(person, col(person.id) == member.person_id)
        .where(member.household_id == household_id, col(member.valid_to).is_(None), col(person.protected).is_(True))
        .exists()
    )


def _household(viewer: Viewer) -> ColumnElement[bool]:
    # Where somebody protected lives, everybody else of the house and its address would tell where that is.
    if not _reading(viewer):
        return false()
    return true() if viewer.sees_protected else ~guarded(col(Household.id))


def _household_member(viewer: Viewer) -> ColumnElement[bool]:
    person = select(Person.id).where(col(Person.id) == HouseholdMember.person_id, visible(Person, viewer))
    household = select(Household.id).where(
        col(Household.id) == HouseholdMember.household_id, visible(Household, viewer)
    )
    return and_(person.correlate(HouseholdMember).exists(), household.correlate(HouseholdMember).exists())


def _household_link(viewer: Viewer) -> ColumnElement[bool]:
    submission = select(Submission.id).where(
        col(Submission.id) == HouseholdLink.submission_id, visible(Submission, viewer)
    )
    household = select(Household.id).where(col(Household.id) == HouseholdLink.household_id, visible(Household, viewer))
    return and_(submission.correlate(HouseholdLink).exists(), household.correlate(HouseholdLink).exists())


def _who_is_it(model: type[Any]) -> Rule:
    # Also on an application that may be seen, somebody protected must not show as a possible namesake.
    def rule(viewer: Viewer) -> ColumnElement[bool]:
        submission = select(Submission.id).where(col(Submission.id) == model.submission_id, visible(Submission, viewer))
        person = select(Person.id).where(col(Person.id) == model.person_id, visible(Person, viewer))
        return and_(submission.exists(), person.exists())

    return rule


def _document(viewer: Viewer) -> ColumnElement[bool]:
    own = select(Submission.id).where(col(Submission.id) == Document.submission_id, visible(Submission, viewer))
    # Correlated by name: queries around this one may have joined the submission themselves.
    seen = own.correlate(Document).exists()
    return or_(seen, and_(col(Document.submission_id).is_(None), _in_mailroom(Document, viewer)))


def _page(viewer: Viewer) -> ColumnElement[bool]:
    of = select(Document.id).join(Submission, col(Submission.id) == Document.submission_id)
    of = of.where(col(Document.id) == Page.document_id).correlate(Page)
    return or_(of.where(visible(Submission, viewer)).exists(), and_(~of.exists(), _in_mailroom(Page, viewer)))


def _in_mailroom(model: type[Any], viewer: Viewer) -> ColumnElement[bool]:
    """Paper of an application is seen with it; what is of none yet is the mailroom's, which has to look."""
    mailroom = visible(Batch, viewer.only(StaffRole.MAILROOM))
    return select(Batch.id).where(col(Batch.id) == model.batch_id, mailroom).correlate(model).exists()


_RULES: dict[type[Any], Rule] = {
    Submission: _own(Submission),
    Case: _own(Case),
    ReviewTask: _own(ReviewTask),
    Outbound: _own(Outbound),
    Draft: _own(Draft),
    Batch: _department_only(Batch),
    Arrival: _department_only(Arrival),
    Person: _person,
    Household: _household,
    HouseholdMember: _household_member,
    HouseholdLink: _household_link,
    Candidate: _who_is_it(Candidate),
    Link: _who_is_it(Link),
    Document: _document,
    Page: _page,
}
