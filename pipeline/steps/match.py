"""Step MATCH: who is meant, role by role. Links clear cases, proposes unclear ones, and keeps all evidence."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import delete
from sqlmodel import Session, col, select

from japan.kana import kana_key
from matchers.compare import compare
from matchers.decide import decide
from matchers.normalise import normalise
from matchers.records import Comparison, MatchDecision, Outcome, PersonRecord, Scored
from matchers.weights import load_weights
from pipeline.domain.statuses import EntryStatus, LinkStatus, Origin, SubmissionStatus
from pipeline.procedures.pack import CheckKind, Procedure
from pipeline.runtime import Runtime
from pipeline.steps.hold import hold_submission, move_submission, protect_submission
from pipeline.steps.packs import get_pack
from pipeline.steps.people import applicant_record, by_reference, find_near, record_of
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import (
    Candidate,
    Distinction,
    Entry,
    FieldValue,
    Link,
    Person,
    Roster,
    RosterRow,
    Submission,
)

KEPT_CANDIDATES = 5
AGREEING = {"exact", "exact_again", "variant"}
PARTS = {"name": ("family", "given"), "kana": ("kana_family", "kana_given")}
"""Which evidence speaks of an attribute, where it is not the one of its own name."""

RoleKey = tuple[str, int]


@dataclass(frozen=True)
class RoleMatch:
    """What matching says of one role. link is the person linked or proposed, if any."""

    role: str
    index: int
    decision: MatchDecision | None
    link: str | None
    status: LinkStatus | None


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
            _write_candidates(session, submission_id, match)
            _write_link(runtime, session, submission_id, match)
        _drop_stale_links(session, submission_id, {(m.role, m.index) for m in matches})
        _write_entries(session, submission_id, pack, matches)
        _confirm_fields(session, submission_id, pack, matches)
        _confirm_same_kana(session, submission_id, pack)
        if held.protected or _touches_protected(session, submission_id):
            protect_submission(session, held)
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


def values_by_key(session: Session, submission_id: str) -> dict[str, FieldValue]:
    """The submission's field values by field key."""
    rows = session.exec(select(FieldValue).where(FieldValue.submission_id == submission_id)).all()
    return {row.key: row for row in rows}


def role_record(
    pack: Procedure, submission: Submission, values: Mapping[str, FieldValue], role: str, index: int
) -> PersonRecord:
    """What the submission says of one role. KeyError when the pack does not match that role."""
    attributes = {match.role: match.attributes for match in pack.matching.roles}[role]
    reference = None if role == pack.matching.subject_role else submission.reference_number
    return applicant_record(values, attributes, index, reference)


def role_digest(runtime: Runtime, record: PersonRecord) -> str:
    """A keyed digest of what was said of a role: a remembered "not the same" holds while this stays."""
    said = [record.name, record.kana, str(record.birth_date), record.address, record.reference_number]
    return runtime.secrets.digest(json.dumps(said, ensure_ascii=False))


def eligible_persons(session: Session, procedure_id: str) -> set[str]:
    """Ids of all whom the procedure's newest roster calls eligible."""
    roster = _newest_roster(session, procedure_id)
    if roster is None:
        return set()
    rows = session.exec(
        select(RosterRow.person_id).where(RosterRow.roster_id == roster.id, col(RosterRow.eligible).is_(True))
    ).all()
    return set(rows)


def _newest_roster(session: Session, procedure_id: str) -> Roster | None:
    return session.exec(
        select(Roster).where(Roster.procedure_id == procedure_id).order_by(col(Roster.imported_at).desc())
    ).first()


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
    decision = decide(scored, weights_version=weights.version)
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


def _write_candidates(session: Session, submission_id: str, match: RoleMatch) -> None:
    if match.decision is None:
        return
    for rank, scored in enumerate(match.decision.candidates[:KEPT_CANDIDATES], start=1):
        session.add(
            Candidate(
                submission_id=submission_id,
                role=match.role,
                role_index=match.index,
                person_id=scored.candidate_id,
                rank=rank,
                total=scored.comparison.total,
                person_evidence=scored.comparison.person_evidence,
                evidence=evidence_json(scored.comparison),
                contradictions=",".join(scored.comparison.contradictions),
            )
        )


def evidence_json(comparison: Comparison) -> str:
    """The evidence as stored: [{"field", "level", "weight"}, ...]."""
    return json.dumps([{"field": e.field, "level": e.level, "weight": round(e.weight, 2)} for e in comparison.evidence])


def _write_link(runtime: Runtime, session: Session, submission_id: str, match: RoleMatch) -> None:
    current = session.exec(
        select(Link).where(
            Link.submission_id == submission_id,
            Link.role == match.role,
            Link.role_index == match.index,
            Link.status != LinkStatus.UNDONE,
        )
    ).first()
    best = _scored(match)
    if current is not None:
        if (current.person_id, current.status) == (match.link, match.status):
            return
        current.status = LinkStatus.UNDONE
        session.add(current)
        session.flush()
    if match.link is None or match.status is None:
        return
    session.add(
        Link(
            submission_id=submission_id,
            role=match.role,
            role_index=match.index,
            person_id=match.link,
            status=match.status,
            total=best.total if best else 0.0,
            evidence=evidence_json(best) if best else "[]",
            weights_version=match.decision.weights_version if match.decision else "",
            made_at=runtime.clock(),
        )
    )


def _scored(match: RoleMatch) -> Comparison | None:
    if match.decision is None:
        return None
    return next((s.comparison for s in match.decision.candidates if s.candidate_id == match.link), None)


def _drop_stale_links(session: Session, submission_id: str, present: set[RoleKey]) -> None:
    rows = session.exec(select(Link).where(Link.submission_id == submission_id, Link.status != LinkStatus.UNDONE)).all()
    for row in rows:
        if (row.role, row.role_index) not in present:
            row.status = LinkStatus.UNDONE
            session.add(row)


def _write_entries(session: Session, submission_id: str, pack: Procedure, matches: Sequence[RoleMatch]) -> None:
    subject = pack.matching.subject_role
    wanted = {match.index for match in matches if match.role == subject}
    rows = session.exec(select(Entry).where(Entry.submission_id == submission_id)).all()
    for row in rows:
        if row.role_index not in wanted and row.status is not EntryStatus.IN_CASE:
            session.delete(row)
    for index in sorted(wanted - {row.role_index for row in rows}):
        session.add(Entry(submission_id=submission_id, role=subject, role_index=index))
    session.flush()


def _confirm_fields(session: Session, submission_id: str, pack: Procedure, matches: Sequence[RoleMatch]) -> None:
    """A reading that equals what is registered of the person it helped to find needs no second look.

    What was read stays in `read_raw` and `read_value`.
    """
    values = values_by_key(session, submission_id)
    for match in matches:
        comparison = _scored(match)
        if comparison is None or match.status is None or not match.status.is_active:
            continue
        agreeing = {e.field for e in comparison.evidence if e.level in AGREEING}
        attributes = next(m.attributes for m in pack.matching.roles if m.role == match.role)
        person = session.get_one(Person, match.link)
        for attribute, name in attributes.items():
            row = values.get(f"{name}.{match.index}" if match.index else name)
            confirmed = set(PARTS.get(attribute, (attribute,))) <= agreeing
            if confirmed and row is not None and row.value is not None and not row.problem:
                row.accepted = True
                if attribute == "kana" and row.origin is Origin.OCR and person.kana:
                    # Small and large kana look alike in cells; of the same reading the registered one counts.
                    row.value = person.kana
                session.add(row)
    session.flush()


def _confirm_same_kana(session: Session, submission_id: str, pack: Procedure) -> None:
    """Where the pack wants two readings to be one (account holder and applicant), an accepted one confirms the
    other, and lends it its spelling: マッオカ in the cells of a bank form is マツオカ."""
    values = values_by_key(session, submission_id)
    for check in pack.checks:
        if check.kind is not CheckKind.KANA_MATCHES:
            continue
        row, other = (values.get(name) for name in check.fields)
        if row is None or other is None or row.origin is not Origin.OCR or not other.accepted:
            continue
        if row.value and other.value and kana_key(row.value) == kana_key(other.value):
            row.value, row.accepted = other.value, True
            session.add(row)
    session.flush()


def _touches_protected(session: Session, submission_id: str) -> bool:
    found = session.exec(
        select(Person.id)
        .join(Link, col(Link.person_id) == Person.id)
        .where(
            Link.submission_id == submission_id,
            Link.status != LinkStatus.UNDONE,
            col(Person.protected).is_(True),
        )
    ).first()
    return found is not None
