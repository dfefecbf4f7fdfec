"""統合・分離: a clerk says that two persons of the store are one, that one is two, or that two are not the same."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from matchers.records import PersonRecord
from pipeline.domain.errors import Conflict, Impossible, NotAllowed, NotVisible
from pipeline.domain.statuses import RegroupingKind, StaffRole
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance
from pipeline.steps.differences import forget_difference, remember_difference
from pipeline.steps.packs import get_pack
from pipeline.steps.people import person_as_named
from pipeline.steps.regroup import hold_people, merge_people, named_in, split_people, undo
from pipeline.steps.regroup_errors import AlreadyMerged, NothingToSplit
from pipeline.steps.roles import role_digest, role_record, values_by_key
from pipeline.store.access import Viewer, visible
from pipeline.store.engine import CLASHES, write
from pipeline.store.events import append_events
from pipeline.store.tables import Case, Link, Person, Regrouping, Submission

Done = tuple[str, Collection[str]]
"""The id of what was made, and the applications that may be due now."""
TRIES = 5


def merge_persons(runtime: Runtime, viewer: Viewer, kept_id: str, gone_id: str) -> str:
    """Everything of `gone` becomes `kept`'s, and their open applications are matched anew; gives the merge's id.

    Raises NotAllowed, NotVisible, AlreadyMerged, ErasedSince, KeepTheListed, NamedTogether, BothHaveCases.
    """

    def work() -> Done:
        with write(runtime.engine) as session:
            require_known(session, viewer, {kept_id, gone_id})
            held = hold_people(session, {kept_id, gone_id})
            now = runtime.clock()
            made = merge_people(
                runtime, session, held, held.people[kept_id], held.people[gone_id], actor=viewer.user_id, at=now
            )
            forget_difference(session, kept_id, gone_id)
            return made.id, held.submissions

    return _again(runtime, work)


def split_person(runtime: Runtime, viewer: Viewer, person_id: str, link_ids: Sequence[str]) -> str:
    """These links of a person, with the cases of their applications, become those of a new person, named as the first
    of the applications names them; gives the new person's id.

    Raises NotAllowed, NotVisible, NothingToSplit, SplitTouchesCase, and Impossible while the name is missing.
    """
    fresh_id = ""

    def work() -> Done:
        nonlocal fresh_id
        with write(runtime.engine) as session:
            require_known(session, viewer, {person_id})
            held = hold_people(session, {person_id})
            links = session.exec(select(Link).where(col(Link.id).in_(link_ids), Link.person_id == person_id)).all()
            if not links:
                raise NothingToSplit
            fresh = _person_of(session, next(link for link in links if link.id in link_ids))
            session.add(fresh)
            session.flush()
            digests = {link.id: role_digest(runtime, _said(session, link)) for link in links}
            made = split_people(
                runtime,
                session,
                held,
                held.people[person_id],
                fresh,
                link_ids,
                digests,
                actor=viewer.user_id,
                at=runtime.clock(),
            )
            fresh_id = fresh.id
            return made.id, held.submissions

    _again(runtime, work)
    return fresh_id


def undo_regrouping(runtime: Runtime, viewer: Viewer, regrouping_id: str) -> None:
    """Moves back exactly what a merge or split moved. After a merge the two are remembered as not the same.

    Raises NotAllowed, NotVisible, AlreadyMerged, UndoLaterFirst, UsedSince, ErasedSince.
    """

    def work() -> Done:
        with write(runtime.engine) as session:
            row = session.get(Regrouping, regrouping_id)
            if row is None:
                raise NotVisible
            both = {row.from_id, row.to_id}
            require_known(session, viewer, both)
            held = hold_people(session, both)
            session.refresh(row)
            now = runtime.clock()
            undo(runtime, session, held, row, actor=viewer.user_id, at=now)
            if row.kind is RegroupingKind.MERGE:
                remember_difference(runtime, session, *both, actor=viewer.user_id, at=now)
            return row.id, held.submissions

    _again(runtime, work)


def say_different(runtime: Runtime, viewer: Viewer, one_id: str, other_id: str) -> None:
    """Two persons are not the same; asked again only when what is known of either changes.

    Raises NotAllowed, NotVisible, AlreadyMerged.
    """
    with write(runtime.engine) as session:
        _require_two(session, viewer, one_id, other_id)
        now = runtime.clock()
        remember_difference(runtime, session, one_id, other_id, actor=viewer.user_id, at=now)
        _tell(session, viewer, "person_different", one_id, other_id, now)


def take_back_different(runtime: Runtime, viewer: Viewer, one_id: str, other_id: str) -> None:
    """Takes "not the same" back; nothing happens when nobody said so. Raises NotAllowed, NotVisible, AlreadyMerged."""
    with write(runtime.engine) as session:
        _require_two(session, viewer, one_id, other_id)
        if forget_difference(session, one_id, other_id):
            _tell(session, viewer, "person_different_taken_back", one_id, other_id, runtime.clock())


def _again(runtime: Runtime, work: Callable[[], Done]) -> str:
    """Does the write, anew where another one was faster, and then advances the applications that it made due."""
    for left in reversed(range(TRIES)):
        try:
            made, submissions = work()
            break
        except (Conflict, *CLASHES):
            if not left:
                raise
    for submission_id in sorted(submissions):
        advance(runtime, submission_id)
    return made


def require_known(session: Session, viewer: Viewer, person_ids: Collection[str]) -> None:
    """Raises NotAllowed for who is no reviewer, and NotVisible for people this viewer may not know everything of."""
    if not viewer.has(StaffRole.REVIEWER):
        raise NotAllowed
    if not may_know(session, viewer, person_ids):
        raise NotVisible


def may_know(session: Session, viewer: Viewer, person_ids: Collection[str]) -> bool:
    """False where one of these people is hidden, or an application or a case of theirs: merging them would tell."""
    seen = session.exec(select(Person.id).where(col(Person.id).in_(person_ids), visible(Person, viewer))).all()
    if set(seen) != set(person_ids):
        return False
    if viewer.sees_protected:
        return True
    named = named_in(session, person_ids)
    hidden = select(Submission.id).where(col(Submission.id).in_(named), col(Submission.protected).is_(True))
    cases = select(Case.id).where(col(Case.subject_id).in_(person_ids), col(Case.protected).is_(True))
    return session.exec(hidden.limit(1)).first() is None and session.exec(cases.limit(1)).first() is None


def _require_two(session: Session, viewer: Viewer, one_id: str, other_id: str) -> None:
    require_known(session, viewer, {one_id, other_id})
    rows = session.exec(select(Person).where(col(Person.id).in_([one_id, other_id]))).all()
    if len(rows) != 2 or any(row.merged_into is not None for row in rows):
        raise AlreadyMerged


def _tell(session: Session, viewer: Viewer, kind: str, one_id: str, other_id: str, at: datetime) -> None:
    pair = sorted((one_id, other_id))
    append_events(session, "person", pair, kind, actor=viewer.user_id, at=at, payload={"pair": pair})


def _person_of(session: Session, link: Link) -> Person:
    """A new person as the application of this link names them. Raises Impossible without a name."""
    record = _said(session, link)
    if not record.name:
        raise Impossible
    return person_as_named(record)


def _said(session: Session, link: Link) -> PersonRecord:
    submission = session.get_one(Submission, link.submission_id)
    pack = get_pack(session, submission.pack_version_id)
    return role_record(pack, submission, values_by_key(session, submission.id), link.role, link.role_index)
