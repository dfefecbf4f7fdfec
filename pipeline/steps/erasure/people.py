"""Persons whom only an application named: they go with the last application that means them.

Whoever stands on a roster stays as long as the roster is kept; that is the register's retention, not the form's.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from pipeline.domain.statuses import LinkStatus
from pipeline.steps.erasure.losses import Cut
from pipeline.store.tables import (
    Candidate,
    Case,
    Distinction,
    Entry,
    Judgement,
    Link,
    MatchKey,
    Person,
    RosterRow,
    Submission,
)

APPLICATION = "application"

BLANK = {
    "resident_number": None,
    "household_number": None,
    "reference_number": None,
    "name": "",
    "kana": "",
    "former_name": None,
    "birth_date": None,
    "postal_code": None,
    "address": None,
    "phone": None,
}
"""What a person's row holds when only its id is still needed, by a case or an undone link."""


def named_only_here(session: Session, submission_ids: Collection[str]) -> list[str]:
    """Persons made from an application whom these applications mean and no other does, nor a roster."""
    meant = session.exec(
        select(Link.person_id)
        .join(Person, col(Person.id) == Link.person_id)
        .where(col(Link.submission_id).in_(submission_ids), Person.source == APPLICATION)
        .distinct()
        .order_by(col(Link.person_id))
    ).all()
    return [person_id for person_id in meant if not _still_meant(session, person_id, submission_ids)]


def _still_meant(session: Session, person_id: str, submission_ids: Collection[str]) -> bool:
    linked = select(Link.id).where(
        Link.person_id == person_id, Link.status != LinkStatus.UNDONE, col(Link.submission_id).not_in(submission_ids)
    )
    rostered = select(RosterRow.id).where(RosterRow.person_id == person_id)
    subject = (
        select(Entry.id)
        .join(Case, col(Case.id) == Entry.case_id)
        .join(Submission, col(Submission.id) == Entry.submission_id)
        .where(
            Case.subject_id == person_id,
            col(Submission.erased_at).is_(None),
            col(Submission.id).not_in(submission_ids),
        )
    )
    return any(session.exec(query.limit(1)).first() is not None for query in (linked, rostered, subject))


def cut_people(session: Session, person_ids: Collection[str], cut: Cut) -> None:
    """Takes away these persons with their keys, and the places where others were asked whether they are meant."""
    for model in (MatchKey, Candidate, Distinction, Judgement):
        gone = session.execute(delete(model).where(col(model.person_id).in_(person_ids)))
        cut.counts[str(model.__tablename__)] += max(gone.rowcount, 0)  # type: ignore[attr-defined]
    needed = {
        *session.exec(select(Case.subject_id).where(col(Case.subject_id).in_(person_ids))).all(),
        *session.exec(select(Link.person_id).where(col(Link.person_id).in_(person_ids))).all(),
    }
    session.execute(update(Person).where(col(Person.id).in_(needed)).values(**BLANK))
    session.execute(delete(Person).where(col(Person.id).in_(set(person_ids) - needed)))
    cut.counts["person"] += len(person_ids)
