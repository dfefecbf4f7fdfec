"""Persons whom only an application named: they go with the last application that means them.

Whoever stands on a roster stays as long as the roster is kept; that is the register's retention, not the form's.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, or_, update
from sqlmodel import Session, col, select

from pipeline.domain.statuses import LinkStatus, RegroupingKind
from pipeline.steps.erasure.losses import Cut
from pipeline.steps.merged import absorbed
from pipeline.store.tables import (
    Candidate,
    Case,
    Distinction,
    Entry,
    Judgement,
    Link,
    MatchKey,
    Person,
    PersonDistinction,
    RegroupedRow,
    Regrouping,
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
"""What a person's row holds when only its id is still needed, by a case, an undone link or a merge."""


def named_only_here(session: Session, submission_ids: Collection[str]) -> list[str]:
    """Persons made from an application whom these applications mean and no other does, nor a roster; those among them
    who were merged into somebody meant here too."""
    meant = set(
        session.exec(select(Link.person_id).where(col(Link.submission_id).in_(submission_ids)).distinct()).all()
    )
    meant |= {person.id for others in absorbed(session, meant).values() for person in others}
    made = session.exec(select(Person.id).where(col(Person.id).in_(meant), Person.source == APPLICATION)).all()
    return [person_id for person_id in sorted(made) if not _still_meant(session, person_id, submission_ids)]


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
    # Undoing their merge would link them to these again.
    moved = (
        select(Link.id)
        .join(RegroupedRow, col(RegroupedRow.row_id) == Link.id)
        .join(Regrouping, col(Regrouping.id) == RegroupedRow.regrouping_id)
        .where(
            Regrouping.from_id == person_id,
            Regrouping.kind == RegroupingKind.MERGE,
            col(Regrouping.undone_at).is_(None),
            col(Link.submission_id).not_in(submission_ids),
        )
    )
    return any(session.exec(query.limit(1)).first() is not None for query in (linked, rostered, subject, moved))


def cut_people(session: Session, person_ids: Collection[str], cut: Cut) -> None:
    """Takes away these persons with their keys, and the places where others were asked whether they are meant."""
    for model in (MatchKey, Candidate, Distinction, Judgement):
        gone = session.execute(delete(model).where(col(model.person_id).in_(person_ids)))
        cut.counts[str(model.__tablename__)] += max(gone.rowcount, 0)  # type: ignore[attr-defined]
    pairs = or_(col(PersonDistinction.low_id).in_(person_ids), col(PersonDistinction.high_id).in_(person_ids))
    gone = session.execute(delete(PersonDistinction).where(pairs))
    cut.counts["person_distinction"] += max(gone.rowcount, 0)  # type: ignore[attr-defined]
    needed = {
        one
        for column in (Case.subject_id, Link.person_id, Regrouping.from_id, Regrouping.to_id)
        for one in session.exec(select(col(column)).where(col(column).in_(person_ids))).all()
    }
    session.execute(update(Person).where(col(Person.id).in_(needed)).values(**BLANK))
    session.execute(delete(Person).where(col(Person.id).in_(set(person_ids) - needed)))
    cut.counts["person"] += len(person_ids)
