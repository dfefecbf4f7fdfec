"""支援措置: what touches a protected person moves whole to those who may see it.

An application is moved when it names a protected person, somebody of their household, or a subject of whom another
moved application or case speaks: "the other parent has applied" must not tell where a child lives now.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import update
from sqlmodel import Session, and_, col, select

from pipeline.domain.statuses import LinkStatus, ReasonCode, TaskStatus
from pipeline.steps.hold import protect_submission
from pipeline.steps.tasks import Doubt, add_reason
from pipeline.store.access import guarded
from pipeline.store.tables import (
    Case,
    Entry,
    HouseholdLink,
    HouseholdMember,
    Link,
    Person,
    ReviewReason,
    ReviewTask,
    Submission,
)


def touches_protected(session: Session, submission_id: str) -> bool:
    """True when an application has to be moved, as it is linked now."""
    named = set(
        session.exec(
            select(Link.person_id).where(Link.submission_id == submission_id, Link.status != LinkStatus.UNDONE)
        ).all()
    )
    subjects = _subjects_of(session, {submission_id})
    return bool(_near_protected(session, named)) or bool(
        session.exec(
            select(HouseholdLink.id).where(
                HouseholdLink.submission_id == submission_id,
                HouseholdLink.status != LinkStatus.UNDONE,
                guarded(col(HouseholdLink.household_id)),
            )
        ).first()
        or session.exec(
            select(Case.id).where(col(Case.subject_id).in_(subjects), col(Case.protected).is_(True))
        ).first()
        or session.exec(
            select(Submission.id).where(
                col(Submission.id).in_(_speaking_of(session, subjects)),
                Submission.id != submission_id,
                col(Submission.protected).is_(True),
            )
        ).first()
    )


def protect_around(session: Session, person_ids: Iterable[str]) -> None:
    """Moves what speaks of these persons or of their households, as far as somebody there is protected now."""
    people = _near_protected(session, set(person_ids))
    linked = session.exec(
        select(Link.submission_id).where(col(Link.person_id).in_(people), Link.status != LinkStatus.UNDONE)
    ).all()
    own = select(Person.id).where(col(Person.id).in_(people), col(Person.protected).is_(True))
    session.execute(update(Case).where(col(Case.subject_id).in_(own)).values(protected=True))
    homes = select(HouseholdMember.household_id).where(
        col(HouseholdMember.person_id).in_(people), col(HouseholdMember.valid_to).is_(None)
    )
    from_there = session.exec(
        select(HouseholdLink.submission_id).where(
            col(HouseholdLink.household_id).in_(homes), HouseholdLink.status != LinkStatus.UNDONE
        )
    ).all()
    protect_all(session, {*linked, *from_there})


def protect_all(session: Session, submission_ids: set[str]) -> None:
    """Moves these applications, whatever else speaks of their subjects, and the cases of all."""
    found, reached = set(submission_ids), set[str]()
    while found - reached:
        reached |= found
        found |= _speaking_of(session, _subjects_of(session, found))
    rows = session.exec(
        select(Submission)
        .where(col(Submission.id).in_(found))
        .order_by(col(Submission.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for submission in rows:
        if not submission.protected:
            protect_submission(session, submission)
            submission.version += 1
    entered = select(Entry.case_id).where(col(Entry.submission_id).in_(found), col(Entry.case_id).is_not(None))
    session.execute(update(Case).where(col(Case.id).in_(entered)).values(protected=True))
    _leave_neutral(session, found)


def _leave_neutral(session: Session, submission_ids: set[str]) -> None:
    """Open tasks of others that point at these applications show that no more, but still that a person has to look."""
    pointing = session.exec(
        select(ReviewTask)
        .join(ReviewReason, col(ReviewReason.task_id) == ReviewTask.id)
        .where(
            col(ReviewReason.about).in_(submission_ids),
            ReviewTask.status == TaskStatus.OPEN,
            col(ReviewTask.protected).is_(False),
        )
        .distinct()
    ).all()
    for task in pointing:
        add_reason(session, task, Doubt(ReasonCode.NOT_STRAIGHT_THROUGH))


def _near_protected(session: Session, person_ids: set[str]) -> set[str]:
    """Of these persons and the others of their households, those who are protected or live with who is."""
    known = session.exec(
        select(Person.id, Person.household_number, Person.protected).where(col(Person.id).in_(person_ids))
    ).all()
    households = {household for _, household, _ in known if household}
    guarded = select(Person.household_number).where(
        col(Person.household_number).in_(households), col(Person.protected).is_(True)
    )
    living_there = session.exec(select(Person.id).where(col(Person.household_number).in_(guarded))).all()
    return {person_id for person_id, _, protected in known if protected} | set(living_there)


def _subjects_of(session: Session, submission_ids: set[str]) -> set[str]:
    """Persons whom these applications are about."""
    entry = and_(
        col(Entry.submission_id) == Link.submission_id,
        col(Entry.role) == Link.role,
        col(Entry.role_index) == Link.role_index,
    )
    query = select(Link.person_id).join(Entry, entry)
    return set(
        session.exec(query.where(col(Link.submission_id).in_(submission_ids), Link.status != LinkStatus.UNDONE)).all()
    )


def _speaking_of(session: Session, person_ids: set[str]) -> set[str]:
    """Applications that are about one of these persons, or have been put into their case."""
    linked = session.exec(
        select(Link.submission_id)
        .join(Entry, and_(col(Entry.submission_id) == Link.submission_id, col(Entry.role) == Link.role))
        .where(col(Link.person_id).in_(person_ids), Link.status != LinkStatus.UNDONE)
    ).all()
    entered = session.exec(
        select(Entry.submission_id)
        .join(Case, col(Case.id) == Entry.case_id)
        .where(col(Case.subject_id).in_(person_ids))
    ).all()
    return {*linked, *entered}
