"""Step MATCH: who is meant, role by role. Links clear cases, proposes unclear ones, and keeps all evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import delete
from sqlmodel import Session, col, select

from matchers.compare import compare
from matchers.decide import decide
from matchers.normalise import normalise
from matchers.records import Outcome, PersonRecord, Scored
from matchers.weights import load_weights
from pipeline.domain.statuses import LinkStatus, SubmissionStatus
from pipeline.procedures.pack import Procedure
from pipeline.runtime import Runtime
from pipeline.steps.confirm import confirm_fields, confirm_same_kana
from pipeline.steps.hold import hold_submission, move_submission, protect_submission
from pipeline.steps.links import drop_stale_links, write_candidates, write_entries, write_link
from pipeline.steps.packs import get_pack
from pipeline.steps.people import by_reference, find_near, record_of
from pipeline.steps.protection import protect_all, touches_protected
from pipeline.steps.roles import RoleKey, RoleMatch, eligible_persons, role_digest, role_record, values_by_key
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import (
    Candidate,
    Distinction,
    FieldValue,
    Link,
    Person,
    Submission,
)


def match_submission(runtime: Runtime, submission_id: str) -> None:
    """Finds who each role is; writes candidates, links and entries; then the submission is MATCHED."""
    with read(runtime.engine) as session:
        submission = session.get_one(Submission, submission_id)
        pack = get_pack(session, submission.pack_version_id)
        matches = _match_roles(runtime, session, submission, pack)
    with write(runtime.engine) as session:
        held = hold_submission(session, submission_id, submission.version)
        session.execute(delete(Candidate).where(col(Candidate.submission_id) == submission_id))
        for match in matches:
            write_candidates(session, submission_id, match)
            write_link(runtime, session, submission_id, match)
        drop_stale_links(session, submission_id, {(m.role, m.index) for m in matches})
        write_entries(session, submission_id, pack, matches)
        confirm_fields(session, submission_id, pack, matches)
        confirm_same_kana(session, submission_id, pack)
        if held.protected or touches_protected(session, submission_id):
            protect_submission(session, held)
            protect_all(session, {submission_id})
        move_submission(session, held, SubmissionStatus.MATCHED)
        append_event(
            session,
            "submission",
            submission_id,
            "submission_matched",
            actor="system",
            at=runtime.clock(),
            payload={"links": {s: n for s, n in Counter(str(m.status) for m in matches).items()}},
        )


def _match_roles(runtime: Runtime, session: Session, submission: Submission, pack: Procedure) -> list[RoleMatch]:
    values = values_by_key(session, submission.id)
    confirmed = _confirmed(session, submission.id)
    matches: list[RoleMatch] = []
    # Whom a clerk named stays named, also where nothing legible was written.
    for role, index in dict.fromkeys([*_given_roles(pack, values), *confirmed]):
        if (role, index) in confirmed:
            matches.append(RoleMatch(role, index, None, confirmed[role, index], LinkStatus.CONFIRMED))
        else:
            matches.append(_match_role(runtime, session, submission, pack, values, role, index))
    matches += _preprinted_subjects(runtime, session, submission, pack, values, matches)
    return _one_person_once(matches)


def _given_roles(pack: Procedure, values: Mapping[str, FieldValue]) -> list[RoleKey]:
    given: list[RoleKey] = []
    for match in pack.matching.roles:
        most = pack.role(match.role).max
        own = [spec.name for spec in pack.fields if spec.role == match.role]
        for index in range(1, most + 1) if most > 1 else (0,):
            keys = [f"{name}.{index}" if index else name for name in own]
            if any((row := values.get(key)) is not None and (row.value or row.raw) for key in keys):
                given.append((match.role, index))
    return given


def _confirmed(session: Session, submission_id: str) -> dict[RoleKey, str]:
    rows = session.exec(
        select(Link).where(Link.submission_id == submission_id, Link.status == LinkStatus.CONFIRMED)
    ).all()
    return {(row.role, row.role_index): row.person_id for row in rows}


def _match_role(
    runtime: Runtime,
    session: Session,
    submission: Submission,
    pack: Procedure,
    values: Mapping[str, FieldValue],
    role: str,
    index: int,
) -> RoleMatch:
    record = role_record(pack, submission, values, role, index)
    wanted = normalise(record)
    near = {person.id: person for person in find_near(session, wanted, runtime.secrets.key)}
    if record.reference_number:
        near |= {person.id: person for person in by_reference(session, record.reference_number)}
    refused = _refused(runtime, session, submission.id, role, index, record)
    weights = load_weights()
    scored = [
        Scored(person.id, compare(wanted, normalise(record_of(person)), weights))
        for person in near.values()
        if person.id not in refused
    ]
    decision = decide(scored, weights=weights)
    if decision.outcome is Outcome.LINK:
        return RoleMatch(role, index, decision, decision.best, LinkStatus.AUTO)
    if decision.outcome is Outcome.REVIEW and decision.candidates:
        return RoleMatch(role, index, decision, decision.candidates[0].candidate_id, LinkStatus.PROPOSED)
    return RoleMatch(role, index, decision, None, None)


def _refused(
    runtime: Runtime, session: Session, submission_id: str, role: str, index: int, record: PersonRecord
) -> set[str]:
    rows = session.exec(
        select(Distinction).where(
            Distinction.submission_id == submission_id,
            Distinction.role == role,
            Distinction.role_index == index,
        )
    ).all()
    said = role_digest(runtime, record)
    return {row.person_id for row in rows if row.data_digest == said}


def _preprinted_subjects(
    runtime: Runtime,
    session: Session,
    submission: Submission,
    pack: Procedure,
    values: Mapping[str, FieldValue],
    matches: Sequence[RoleMatch],
) -> list[RoleMatch]:
    """On a preprinted form the subjects are those the city itself printed: the eligible of the household."""
    subject = pack.matching.subject_role
    named = {match.index: match.link for match in matches if match.role == subject}
    if submission.reference_number is None or any(role == subject for role, _ in _given_roles(pack, values)):
        return []
    owner = next((m for m in matches if m.role != subject and m.status and m.status.is_active), None)
    person = session.get(Person, owner.link) if owner and owner.link else None
    if person is None or person.household_number is None:
        return []
    eligible = eligible_persons(session, pack.id)
    family = session.exec(
        select(Person).where(Person.household_number == person.household_number).order_by(col(Person.resident_number))
    ).all()
    found = []
    for index, member in enumerate((m for m in family if m.id in eligible), start=1):
        said = role_record(pack, submission, values, subject, index)
        refused = _refused(runtime, session, submission.id, subject, index, said)
        if index not in named and member.id not in {*named.values(), *refused}:
            found.append(RoleMatch(subject, index, None, member.id, LinkStatus.AUTO))
    return found


def _one_person_once(matches: list[RoleMatch]) -> list[RoleMatch]:
    """Twins on one form must not become one child: two roles on one person are both for a clerk."""
    counts = Counter((m.role, m.link or "") for m in matches if m.status is LinkStatus.AUTO)
    return [replace(m, status=LinkStatus.PROPOSED) if counts[m.role, m.link or ""] > 1 else m for m in matches]
