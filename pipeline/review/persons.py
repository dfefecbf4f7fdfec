"""Deciding who is meant. Every link can be undone, and every "not the same" is remembered."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, delete, func, or_
from sqlmodel import col, select

from matchers.records import PersonRecord
from pipeline.domain.errors import Impossible, NotVisible
from pipeline.domain.statuses import DecisionKind, LinkStatus, SubmissionStatus, Verdict
from pipeline.review.desk import Desk, open_desk
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance
from pipeline.steps.hold import move_submission
from pipeline.steps.judgements import forget_judgement, keep_judgement
from pipeline.steps.match import match_role
from pipeline.steps.merged import index_people
from pipeline.steps.people import person_as_named
from pipeline.steps.regroup_errors import AlreadyMerged
from pipeline.steps.remembered import is_whole
from pipeline.steps.roles import role_digest, role_record, values_by_key
from pipeline.store.access import Viewer, visible
from pipeline.store.events import append_event
from pipeline.store.tables import Candidate, Distinction, Link, Person


def same_person(
    runtime: Runtime, viewer: Viewer, task_id: str, role: str, role_index: int, person_id: str, version: int
) -> None:
    """Links a role to a person by a clerk's word; an earlier link of the role is undone, not erased.

    Raises AlreadyMerged for who is somebody else by now. What is said of whole data holds for other applications that
    say the very same.
    """
    with open_desk(runtime, viewer, task_id, version) as desk:
        _require_visible(desk, person_id)
        _require_place(desk, role, role_index)
        _keep(desk, role, role_index, person_id, Verdict.SAME)
        _forget_refusal(runtime, desk, role, role_index, person_id)
        _link(runtime, desk, role, role_index, person_id)
        _match_again(desk)
        desk.decided(DecisionKind.SAME_PERSON, person_id)
    advance(runtime, _submission_id(desk))


def not_same_person(
    runtime: Runtime, viewer: Viewer, task_id: str, role: str, role_index: int, person_id: str, version: int
) -> None:
    """Remembers that this is somebody else: not proposed again until what the applicant said changes."""
    with open_desk(runtime, viewer, task_id, version) as desk:
        _require_visible(desk, person_id)
        _require_place(desk, role, role_index)
        _keep(desk, role, role_index, person_id, Verdict.NOT_SAME)
        _distinguish(runtime, desk, role, role_index, person_id)
        _undo(runtime, desk, role, role_index, only=person_id)
        _match_again(desk)
        desk.decided(DecisionKind.NOT_SAME_PERSON, person_id)
    advance(runtime, _submission_id(desk))


def new_person(runtime: Runtime, viewer: Viewer, task_id: str, role: str, role_index: int, version: int) -> None:
    """Registers somebody whom no list knows, as the application names them, and links the role to them.

    Whoever the role was linked to before is remembered as somebody else. Where the same person was registered just
    now, by another application, nobody is registered twice: matching runs again and finds them. Raises Impossible
    while the name is missing.
    """
    with open_desk(runtime, viewer, task_id, version) as desk:
        _require_place(desk, role, role_index)
        record = _said(desk, role, role_index)
        if not record.name:
            raise Impossible
        for person_id in _linked(desk, role, role_index):
            _distinguish(runtime, desk, role, role_index, person_id)
            _undo(runtime, desk, role, role_index)
        if not _came_in_meanwhile(runtime, desk, role, role_index):
            person_id = _register(runtime, desk, record)
            _keep(desk, role, role_index, person_id, Verdict.NEW)
            _link(runtime, desk, role, role_index, person_id)
            desk.decided(DecisionKind.NEW_PERSON, person_id)
        _match_again(desk)
    advance(runtime, _submission_id(desk))


def undo_link(runtime: Runtime, viewer: Viewer, task_id: str, role: str, role_index: int, version: int) -> None:
    """Takes a link back; matching then proposes afresh. Somebody whom nothing means any more is found no more."""
    with open_desk(runtime, viewer, task_id, version) as desk:
        forget_judgement(desk.session, _submission_id(desk), role, role_index)
        _undo(runtime, desk, role, role_index)
        _match_again(desk)
        desk.decided(DecisionKind.UNDO_LINK, f"{role}.{role_index}")
    advance(runtime, _submission_id(desk))


def _register(runtime: Runtime, desk: Desk, record: PersonRecord) -> str:
    """The id of a new person, as the application names them."""
    person = person_as_named(record)
    desk.session.add(person)
    desk.session.flush()
    append_event(
        desk.session,
        "person",
        person.id,
        "person_registered",
        actor=desk.viewer.user_id,
        at=desk.now,
        payload={"submission": _submission_id(desk)},
    )
    return person.id


def _came_in_meanwhile(runtime: Runtime, desk: Desk, role: str, role_index: int) -> bool:
    """True when matching, asked now, would link the role to somebody who was not among the candidates on the page.

    Registrations follow one another, so that of two at the same moment the second one sees the first.
    """
    session = desk.session
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext("person:register"))))
    submission, pack = desk.submission()
    values = values_by_key(session, submission.id)
    found = match_role(runtime, session, submission, pack, values, role, role_index)
    if found.link is None or found.status is not LinkStatus.AUTO:
        return False
    shown = select(Candidate.id).where(
        Candidate.submission_id == submission.id,
        Candidate.role == role,
        Candidate.role_index == role_index,
        Candidate.person_id == found.link,
    )
    return session.exec(shown).first() is None


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


def _require_visible(desk: Desk, person_id: str) -> None:
    """Raises NotVisible, and AlreadyMerged for who is somebody else by now; nobody is merged until this write ends."""
    query = select(Person).where(Person.id == person_id, visible(Person, desk.viewer))
    person = desk.session.exec(query.with_for_update(read=True, key_share=True)).first()
    if person is None:
        raise NotVisible
    if person.merged_into is not None:
        raise AlreadyMerged


def _said(desk: Desk, role: str, role_index: int) -> PersonRecord:
    submission, pack = desk.submission()
    return role_record(pack, submission, values_by_key(desk.session, submission.id), role, role_index)


def _linked(desk: Desk, role: str, role_index: int) -> Sequence[str]:
    """Who the role is linked to, by a clerk or by software; a proposal is no link."""
    query = select(Link.person_id).where(
        Link.submission_id == _submission_id(desk),
        Link.role == role,
        Link.role_index == role_index,
        col(Link.status).in_([LinkStatus.AUTO, LinkStatus.CONFIRMED]),
    )
    return desk.session.exec(query).all()


def _link(runtime: Runtime, desk: Desk, role: str, role_index: int, person_id: str) -> None:
    _undo(runtime, desk, role, role_index)
    record = _said(desk, role, role_index)
    desk.session.add(
        Link(
            submission_id=_submission_id(desk),
            role=role,
            role_index=role_index,
            person_id=person_id,
            status=LinkStatus.CONFIRMED,
            made_by=desk.viewer.user_id,
            made_at=desk.now,
            data_digest=role_digest(runtime, record) if is_whole(record) else None,
        )
    )
    index_people(desk.session, [person_id], runtime.secrets.key)


def _undo(runtime: Runtime, desk: Desk, role: str, role_index: int, only: str | None = None) -> None:
    rows = desk.session.exec(
        select(Link).where(
            Link.submission_id == _submission_id(desk),
            Link.role == role,
            Link.role_index == role_index,
            Link.status != LinkStatus.UNDONE,
        )
    ).all()
    undone = [row for row in rows if only is None or row.person_id == only]
    for row in undone:
        row.status = LinkStatus.UNDONE
        desk.session.add(row)
    index_people(desk.session, [row.person_id for row in undone], runtime.secrets.key)


def _keep(desk: Desk, role: str, role_index: int, person_id: str, verdict: Verdict) -> None:
    keep_judgement(
        desk.session,
        _submission_id(desk),
        role,
        role_index,
        person_id,
        verdict,
        by=desk.viewer.user_id,
        at=desk.now,
    )


def _distinguish(runtime: Runtime, desk: Desk, role: str, role_index: int, person_id: str) -> None:
    record = _said(desk, role, role_index)
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
        data_digest="",
        made_by=desk.viewer.user_id,
    )
    row.data_digest, row.whole = role_digest(runtime, record), is_whole(record)
    row.made_by, row.made_at = desk.viewer.user_id, desk.now
    desk.session.add(row)
    desk.session.flush()


def _forget_refusal(runtime: Runtime, desk: Desk, role: str, role_index: int, person_id: str) -> None:
    """A later "the same" ends an earlier "not the same" of what says the same; the history keeps both."""
    record = _said(desk, role, role_index)
    here = and_(
        col(Distinction.submission_id) == _submission_id(desk),
        col(Distinction.role) == role,
        col(Distinction.role_index) == role_index,
    )
    desk.session.execute(
        delete(Distinction).where(
            col(Distinction.person_id) == person_id,
            col(Distinction.data_digest) == role_digest(runtime, record),
            or_(here, col(Distinction.whole).is_(True)) if is_whole(record) else here,
        )
    )


def _match_again(desk: Desk) -> None:
    submission, _ = desk.submission()
    move_submission(desk.session, submission, SubmissionStatus.CHECKED)
