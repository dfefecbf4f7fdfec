"""Deciding who is meant. Every link can be undone, and every "not the same" is remembered."""

from __future__ import annotations

from sqlmodel import Session, select

from pipeline.domain.errors import Impossible, NotVisible
from pipeline.domain.statuses import DecisionKind, LinkStatus, SubmissionStatus
from pipeline.review.desk import Desk, open_desk
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance
from pipeline.steps.hold import move_submission
from pipeline.steps.people import index_person
from pipeline.steps.roles import role_digest, role_record, values_by_key
from pipeline.store.access import Viewer, visible
from pipeline.store.events import append_event
from pipeline.store.tables import Distinction, Link, Person


def same_person(
    runtime: Runtime, viewer: Viewer, task_id: str, role: str, role_index: int, person_id: str, version: int
) -> None:
    """Links a role to a person by a clerk's word; an earlier link of the role is undone, not erased."""
    with open_desk(runtime, viewer, task_id, version) as desk:
        person = _visible_person(desk, person_id)
        _require_place(desk, role, role_index)
        _link(desk, role, role_index, person.id)
        _match_again(desk)
        desk.decided(DecisionKind.SAME_PERSON, person_id)
    advance(runtime, _submission_id(desk))


def not_same_person(
    runtime: Runtime, viewer: Viewer, task_id: str, role: str, role_index: int, person_id: str, version: int
) -> None:
    """Remembers that this is somebody else: not proposed again until what the applicant said changes."""
    with open_desk(runtime, viewer, task_id, version) as desk:
        _visible_person(desk, person_id)
        _require_place(desk, role, role_index)
        submission, pack = desk.submission()
        record = role_record(pack, submission, values_by_key(desk.session, submission.id), role, role_index)
        _distinguish(desk, role, role_index, person_id, role_digest(runtime, record))
        _undo(desk.session, submission.id, role, role_index, only=person_id)
        _match_again(desk)
        desk.decided(DecisionKind.NOT_SAME_PERSON, person_id)
    advance(runtime, _submission_id(desk))


def new_person(runtime: Runtime, viewer: Viewer, task_id: str, role: str, role_index: int, version: int) -> None:
    """Registers somebody whom no list knows, as the application names them, and links the role to them.

    Raises Impossible while the name is missing.
    """
    with open_desk(runtime, viewer, task_id, version) as desk:
        _require_place(desk, role, role_index)
        submission, pack = desk.submission()
        record = role_record(pack, submission, values_by_key(desk.session, submission.id), role, role_index)
        if not record.name:
            raise Impossible
        person = Person(
            name=record.name,
            kana=record.kana or "",
            birth_date=record.birth_date,
            postal_code=record.postal_code,
            address=record.address,
            phone=record.phone,
            source="application",
        )
        desk.session.add(person)
        desk.session.flush()
        index_person(desk.session, person, runtime.secrets.key)
        append_event(
            desk.session,
            "person",
            person.id,
            "person_registered",
            actor=viewer.user_id,
            at=desk.now,
            payload={"submission": submission.id},
        )
        _link(desk, role, role_index, person.id)
        _match_again(desk)
        desk.decided(DecisionKind.NEW_PERSON, person.id)
    advance(runtime, _submission_id(desk))


def undo_link(runtime: Runtime, viewer: Viewer, task_id: str, role: str, role_index: int, version: int) -> None:
    """Takes a link back; matching then proposes afresh."""
    with open_desk(runtime, viewer, task_id, version) as desk:
        submission, _ = desk.submission()
        _undo(desk.session, submission.id, role, role_index)
        _match_again(desk)
        desk.decided(DecisionKind.UNDO_LINK, f"{role}.{role_index}")
    advance(runtime, _submission_id(desk))


def _submission_id(desk: Desk) -> str:
    assert desk.task.submission_id is not None
    return desk.task.submission_id


def _require_place(desk: Desk, role: str, role_index: int) -> None:
    """Raises Impossible for a role that matching does not ask for, or an index beyond its number."""
    _, pack = desk.submission()
    if role not in {match.role for match in pack.matching.roles}:
        raise Impossible
    most = pack.role(role).max
    if role_index not in (range(1, most + 1) if most > 1 else (0,)):
        raise Impossible


def _visible_person(desk: Desk, person_id: str) -> Person:
    person = desk.session.exec(select(Person).where(Person.id == person_id, visible(Person, desk.viewer))).first()
    if person is None:
        raise NotVisible
    return person


def _link(desk: Desk, role: str, role_index: int, person_id: str) -> None:
    submission_id = _submission_id(desk)
    _undo(desk.session, submission_id, role, role_index)
    desk.session.add(
        Link(
            submission_id=submission_id,
            role=role,
            role_index=role_index,
            person_id=person_id,
            status=LinkStatus.CONFIRMED,
            made_by=desk.viewer.user_id,
            made_at=desk.now,
        )
    )


def _undo(session: Session, submission_id: str, role: str, role_index: int, only: str | None = None) -> None:
    rows = session.exec(
        select(Link).where(
            Link.submission_id == submission_id,
            Link.role == role,
            Link.role_index == role_index,
            Link.status != LinkStatus.UNDONE,
        )
    ).all()
    for row in rows:
        if only is None or row.person_id == only:
            row.status = LinkStatus.UNDONE
            session.add(row)
    session.flush()


def _distinguish(desk: Desk, role: str, role_index: int, person_id: str, digest: str) -> None:
    known = desk.session.exec(
        select(Distinction).where(
            Distinction.submission_id == _submission_id(desk),
            Distinction.role == role,
            Distinction.role_index == role_index,
            Distinction.person_id == person_id,
        )
    ).first()
    row = known or Distinction(
        submission_id=_submission_id(desk),
        role=role,
        role_index=role_index,
        person_id=person_id,
        data_digest=digest,
        made_by=desk.viewer.user_id,
    )
    row.data_digest, row.made_by, row.made_at = digest, desk.viewer.user_id, desk.now
    desk.session.add(row)


def _match_again(desk: Desk) -> None:
    submission, _ = desk.submission()
    move_submission(desk.session, submission, SubmissionStatus.CHECKED)
