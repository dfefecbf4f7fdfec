"""What clerks said of who somebody is, remembered for as long as the data stay: on the same application read again, and
on another one that says the very same."""

from __future__ import annotations

from sqlalchemy import and_
from sqlmodel import Session, col, or_, select

from matchers.records import PersonRecord
from pipeline.domain.statuses import LinkStatus
from pipeline.runtime import Runtime
from pipeline.steps.merged import survivors
from pipeline.steps.roles import role_digest
from pipeline.store.tables import Distinction, Link


def is_whole(record: PersonRecord) -> bool:
    """True for what tells a person by itself: name, day of birth and address. Of less, what a clerk said holds for
    that application alone."""
    return bool(record.name and record.birth_date and record.address)


def refused_persons(
    session: Session, runtime: Runtime, record: PersonRecord, submission_id: str, role: str, role_index: int
) -> set[str]:
    """Persons of whom a clerk said that they are not who is described here, under the name they live by now."""
    here = and_(
        col(Distinction.submission_id) == submission_id,
        col(Distinction.role) == role,
        col(Distinction.role_index) == role_index,
    )
    said = role_digest(runtime, record)
    anywhere = col(Distinction.whole).is_(True) if is_whole(record) else here
    found = session.exec(
        select(Distinction.person_id).where(Distinction.data_digest == said, or_(here, anywhere))
    ).all()
    lives = survivors(session) if found else {}
    return {lives.get(one, one) for one in found}


def confirmed_person(session: Session, runtime: Runtime, record: PersonRecord) -> str | None:
    """Who a clerk said this is, on an application that said the very same whole data; None when nobody did, or clerks
    said different persons."""
    if not is_whole(record):
        return None
    found = session.exec(
        select(Link.person_id)
        .where(Link.data_digest == role_digest(runtime, record), Link.status == LinkStatus.CONFIRMED)
        .distinct()
    ).all()
    lives = survivors(session) if found else {}
    people = {lives.get(one, one) for one in found}
    return people.pop() if len(people) == 1 else None
