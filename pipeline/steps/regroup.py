"""統合 and 分離 of persons: rows move from one to another, each remembered, so that undoing moves exactly those back.

Everything here happens in the caller's write, on persons and applications that `hold_people` locked. What was said and
done before stays: rows keep their ids, and the histories of all that is touched tell who moved it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func
from sqlmodel import Session, col, or_, select

from pipeline.domain.errors import Conflict, NotVisible
from pipeline.domain.statuses import CaseStatus, LinkStatus, RegroupingKind, SubmissionStatus
from pipeline.runtime import Runtime
from pipeline.steps.hold import hold_submission, move_submission
from pipeline.steps.merged import FROM_ROSTER, index_people
from pipeline.steps.protection import protect_around
from pipeline.steps.regroup_errors import (
    AlreadyMerged,
    BothHaveCases,
    ErasedSince,
    KeepTheListed,
    NamedTogether,
    NothingToSplit,
    SplitTouchesCase,
    UndoLaterFirst,
    UsedSince,
)
from pipeline.store.events import append_events
from pipeline.store.tables import (
    Case,
    Distinction,
    Entry,
    Link,
    Person,
    RegroupedRow,
    Regrouping,
    RosterRow,
    Submission,
)

OWNERS: dict[str, tuple[type[Any], str]] = {
    "link": (Link, "person_id"),
    "case_file": (Case, "subject_id"),
    "roster_row": (RosterRow, "person_id"),
}
"""Tables whose rows belong to a person and follow, and the column that says to whom."""

DISTINCTION = "distinction"
"""What else a regrouping leaves to be undone: the "not the same" that a split says."""


@dataclass(frozen=True)
class Held:
    """Persons and the applications that name them, all locked."""

    people: dict[str, Person]
    submissions: dict[str, Submission]


def hold_people(session: Session, person_ids: Collection[str], more: Collection[str] = ()) -> Held:
    """Locks the applications that name these persons (and `more` applications), then the persons: in the order in
    which steps and decisions lock. Raises NotVisible, and Conflict when an application named one just then."""
    ids = {*named_in(session, person_ids), *more}
    submissions = {one: hold_submission(session, one) for one in sorted(ids)}
    query = select(Person).where(col(Person.id).in_(person_ids)).order_by(col(Person.id)).with_for_update()
    people = {row.id: row for row in session.exec(query.execution_options(populate_existing=True)).all()}
    if set(people) != set(person_ids):
        raise NotVisible
    if not named_in(session, person_ids) <= set(submissions):
        raise Conflict
    return Held(people, submissions)


def named_in(session: Session, person_ids: Collection[str]) -> set[str]:
    """Applications that name one of these persons now."""
    rows = session.exec(
        select(Link.submission_id).where(col(Link.person_id).in_(person_ids), Link.status != LinkStatus.UNDONE)
    ).all()
    return set(rows)


def merge_people(
    runtime: Runtime, session: Session, held: Held, kept: Person, gone: Person, *, actor: str, at: datetime
) -> Regrouping:
    """All that `gone` has becomes `kept`'s. Raises AlreadyMerged, ErasedSince, KeepTheListed, NamedTogether and
    BothHaveCases.

    Who goes into a protected person is protected with them, and stays so when it is undone: that is the lists' to end.
    """
    if not (kept.name and gone.name):
        raise ErasedSince
    if kept.id == gone.id or kept.merged_into is not None or gone.merged_into is not None:
        raise AlreadyMerged
    if gone.source == FROM_ROSTER != kept.source:
        raise KeepTheListed
    if _named_together(session, kept.id, gone.id):
        raise NamedTogether
    rows = [*_links_of(session, gone.id), *_free_cases(session, kept.id, gone.id), *_free_rows(session, kept, gone)]
    regrouping = _begin(session, RegroupingKind.MERGE, gone.id, kept.id, actor, at)
    _move(session, regrouping, rows, kept.id)
    kept.protected = kept.protected or gone.protected
    gone.merged_into = kept.id
    session.add_all([kept, gone])
    session.flush()
    if kept.protected:
        protect_around(session, [kept.id])
    _tell(runtime, session, held, regrouping, "merged", actor, at)
    return regrouping


def split_people(
    runtime: Runtime,
    session: Session,
    held: Held,
    person: Person,
    fresh: Person,
    link_ids: Collection[str],
    digests: dict[str, str],
    *,
    actor: str,
    at: datetime,
) -> Regrouping:
    """These links of `person` become those of `fresh`, a person added for it, and the cases of these applications.

    digests: link id -> digest of what its application says of the role, by which "not the same" is remembered.
    Raises NothingToSplit, SplitTouchesCase.
    """
    links = [link for link in _links_of(session, person.id) if link.id in set(link_ids)]
    if not links or len(links) != len(set(link_ids)):
        raise NothingToSplit
    cases = _cases_of_links(session, person.id, links)
    regrouping = _begin(session, RegroupingKind.SPLIT, person.id, fresh.id, actor, at)
    fresh.protected = person.protected
    _move(session, regrouping, [*links, *cases], fresh.id)
    for link in links:
        _say_not_same(session, regrouping, link, person.id, digests[link.id], actor, at)
    session.flush()
    _tell(runtime, session, held, regrouping, "split", actor, at)
    return regrouping


def undo(runtime: Runtime, session: Session, held: Held, regrouping: Regrouping, *, actor: str, at: datetime) -> None:
    """Moves back exactly what was moved, as far as it still exists.

    Raises AlreadyMerged for one that is undone, UndoLaterFirst, UsedSince and ErasedSince.
    """
    source, target = held.people[regrouping.from_id], held.people[regrouping.to_id]
    merged = regrouping.kind is RegroupingKind.MERGE
    if regrouping.undone_at is not None:
        raise AlreadyMerged
    if not source.name:
        raise ErasedSince
    if target.merged_into is not None or source.merged_into != (target.id if merged else None):
        raise UndoLaterFirst
    if _moved_since(session, regrouping):
        raise UndoLaterFirst
    moved = _moved(session, regrouping)
    _require_nothing_new(session, regrouping, moved)
    _give_back(session, moved, source.id)
    said = select(RegroupedRow.row_id).where(
        RegroupedRow.regrouping_id == regrouping.id, RegroupedRow.kind == DISTINCTION
    )
    session.execute(delete(Distinction).where(col(Distinction.id).in_(said)))
    if merged:
        source.merged_into = None
    else:
        target.merged_into = source.id
    regrouping.undone_by, regrouping.undone_at = actor, at
    session.add_all([source, target, regrouping])
    session.flush()
    _tell(runtime, session, held, regrouping, f"{regrouping.kind.value}_undone", actor, at)


def _links_of(session: Session, person_id: str) -> Sequence[Link]:
    query = select(Link).where(Link.person_id == person_id, Link.status != LinkStatus.UNDONE).order_by(col(Link.id))
    return session.exec(query).all()


def _named_together(session: Session, one: str, other: str) -> bool:
    places = [{(link.submission_id, link.role) for link in _links_of(session, person_id)} for person_id in (one, other)]
    return not places[0].isdisjoint(places[1])


def _free_cases(session: Session, kept_id: str, gone_id: str) -> list[Case]:
    """The cases that follow. A withdrawn one stays behind where the other has a case of that kind too."""
    query = select(Case).where(col(Case.subject_id).in_([kept_id, gone_id])).order_by(col(Case.id)).with_for_update()
    cases = session.exec(query.execution_options(populate_existing=True)).all()
    taken = {(case.procedure_id, case.instance) for case in cases if case.subject_id == kept_id}
    free = []
    for case in cases:
        if case.subject_id != gone_id:
            continue
        if (case.procedure_id, case.instance) not in taken:
            free.append(case)
        elif case.status is not CaseStatus.WITHDRAWN:
            raise BothHaveCases
    return free


def _free_rows(session: Session, kept: Person, gone: Person) -> list[RosterRow]:
    """The roster rows that follow; where both stand on a list, each row stays whose it is."""
    listed = select(RosterRow.roster_id).where(RosterRow.person_id == kept.id)
    query = select(RosterRow).where(RosterRow.person_id == gone.id, col(RosterRow.roster_id).not_in(listed))
    return list(session.exec(query.order_by(col(RosterRow.id))).all())


def _cases_of_links(session: Session, person_id: str, links: Iterable[Link]) -> list[Case]:
    """The person's cases that hold applications of these links. Raises SplitTouchesCase when one holds others too."""
    places = {(link.submission_id, link.role, link.role_index) for link in links}
    entries = session.exec(
        select(Entry)
        .join(Case, col(Case.id) == Entry.case_id)
        .where(Case.subject_id == person_id)
        .order_by(col(Entry.case_id))
    ).all()
    inside = {entry.case_id for entry in entries if (entry.submission_id, entry.role, entry.role_index) in places}
    if any(
        entry.case_id in inside and (entry.submission_id, entry.role, entry.role_index) not in places
        for entry in entries
    ):
        raise SplitTouchesCase
    return list(session.exec(select(Case).where(col(Case.id).in_(inside)).order_by(col(Case.id))).all())


def _say_not_same(
    session: Session, regrouping: Regrouping, link: Link, person_id: str, digest: str, actor: str, at: datetime
) -> None:
    """The application is not about the person it was split off from, so that matching does not find them again."""
    known = select(Distinction.id).where(
        Distinction.submission_id == link.submission_id,
        Distinction.role == link.role,
        Distinction.role_index == link.role_index,
        Distinction.person_id == person_id,
    )
    if session.exec(known).first() is not None:
        return
    said = Distinction(
        submission_id=link.submission_id,
        role=link.role,
        role_index=link.role_index,
        person_id=person_id,
        data_digest=digest,
        made_by=actor,
        made_at=at,
    )
    session.add(said)
    session.add(RegroupedRow(regrouping_id=regrouping.id, kind=DISTINCTION, row_id=said.id))


def _begin(session: Session, kind: RegroupingKind, from_id: str, to_id: str, actor: str, at: datetime) -> Regrouping:
    number = 1 + (session.exec(select(func.max(Regrouping.number))).one() or 0)
    regrouping = Regrouping(number=number, kind=kind, from_id=from_id, to_id=to_id, made_by=actor, made_at=at)
    session.add(regrouping)
    session.flush()
    return regrouping


def _move(session: Session, regrouping: Regrouping, rows: Iterable[Any], person_id: str) -> None:
    for row in rows:
        kind = str(row.__tablename__)
        session.add(RegroupedRow(regrouping_id=regrouping.id, kind=kind, row_id=row.id))
        _give(session, row, person_id)
    session.flush()


def _give(session: Session, row: Any, person_id: str) -> None:
    setattr(row, OWNERS[str(row.__tablename__)][1], person_id)
    if isinstance(row, Case):
        row.version += 1
    session.add(row)


def _give_back(session: Session, rows: Iterable[Any], person_id: str) -> None:
    for row in rows:
        _give(session, row, person_id)
    session.flush()


def _moved(session: Session, regrouping: Regrouping) -> list[Any]:
    """The rows that a regrouping moved, of those that are still there."""
    found: list[Any] = []
    for kind, (model, _) in OWNERS.items():
        ids = select(RegroupedRow.row_id).where(RegroupedRow.regrouping_id == regrouping.id, RegroupedRow.kind == kind)
        query = select(model).where(col(model.id).in_(ids)).order_by(col(model.id)).with_for_update()
        found += session.exec(query.execution_options(populate_existing=True)).all()
    return found


def _moved_since(session: Session, regrouping: Regrouping) -> bool:
    """True when a regrouping that stands has moved one of these rows after this one did."""
    mine = select(RegroupedRow.row_id).where(
        RegroupedRow.regrouping_id == regrouping.id, col(RegroupedRow.kind).in_(OWNERS)
    )
    query = (
        select(Regrouping.id)
        .join(RegroupedRow, col(RegroupedRow.regrouping_id) == Regrouping.id)
        .where(
            col(RegroupedRow.row_id).in_(mine),
            col(RegroupedRow.kind).in_(OWNERS),
            Regrouping.number > regrouping.number,
            col(Regrouping.undone_at).is_(None),
        )
    )
    return session.exec(query.limit(1)).first() is not None


def _require_nothing_new(session: Session, regrouping: Regrouping, moved: Collection[Any]) -> None:
    """Raises UsedSince when a case that goes back holds an application that does not, or when the person whom a split
    made has come to more than it was made for."""
    ids = {row.id for row in moved}
    places = {(row.submission_id, row.role, row.role_index) for row in moved if isinstance(row, Link)}
    cases = [row.id for row in moved if isinstance(row, Case)]
    entries = session.exec(select(Entry).where(col(Entry.case_id).in_(cases))).all()
    if any((one.submission_id, one.role, one.role_index) not in places for one in entries):
        raise UsedSince
    if regrouping.kind is RegroupingKind.SPLIT:
        links = {link.id for link in _links_of(session, regrouping.to_id)}
        own = set(session.exec(select(Case.id).where(Case.subject_id == regrouping.to_id)).all())
        absorbs = session.exec(select(Person.id).where(Person.merged_into == regrouping.to_id)).first()
        if not (links | own) <= ids or absorbs is not None:
            raise UsedSince


def _tell(
    runtime: Runtime, session: Session, held: Held, regrouping: Regrouping, what: str, actor: str, at: datetime
) -> None:
    """Keys, histories, and the applications that have to be matched anew. what: of the events' names."""
    people = [regrouping.from_id, regrouping.to_id]
    index_people(session, people, runtime.secrets.key)
    said = {"regrouping": regrouping.id, "from": regrouping.from_id, "to": regrouping.to_id}
    append_events(session, "person", people, f"person_{what}", actor=actor, at=at, payload=said)
    moved = _moved(session, regrouping)
    payload = {"regrouping": regrouping.id}
    cases = [row.id for row in moved if isinstance(row, Case)]
    append_events(session, "case", cases, f"case_{what}", actor=actor, at=at, payload=payload)
    touched = {row.submission_id for row in moved if isinstance(row, Link)}
    append_events(session, "submission", touched, f"submission_{what}", actor=actor, at=at, payload=payload)
    for one, submission in held.submissions.items():
        if submission.status in (SubmissionStatus.IN_REVIEW, SubmissionStatus.MATCHED):
            move_submission(session, submission, SubmissionStatus.CHECKED, at)
        elif one in touched:
            submission.version += 1
            session.add(submission)


def regroupings_with(session: Session, person_id: str) -> Sequence[Regrouping]:
    """Every merge and split of this person, undone ones too, the latest first."""
    query = select(Regrouping).where(or_(Regrouping.from_id == person_id, Regrouping.to_id == person_id))
    return session.exec(query.order_by(col(Regrouping.number).desc())).all()
