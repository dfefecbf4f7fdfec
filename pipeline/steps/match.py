"""Step MATCH: who is meant, role by role. Links clear cases, proposes unclear ones, and keeps all evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlmodel import Session, select

from matchers.records import MatchDecision, Outcome
from pipeline.domain.statuses import LinkStatus, SubmissionStatus
from pipeline.procedures.pack import FieldType, Procedure
from pipeline.runtime import Runtime
from pipeline.steps.confirm import confirm_fields, confirm_same_kana
from pipeline.steps.hold import hold_submission, move_submission, protect_submission
from pipeline.steps.households import HouseholdMatch, find_household, household_of, members_of, write_household
from pipeline.steps.ink import Pictures, find_pictures, unconfirmed
from pipeline.steps.links import drop_stale_links, write_candidates, write_entries, write_link
from pipeline.steps.listed import listed
from pipeline.steps.merged import index_people, require_living
from pipeline.steps.packs import get_pack
from pipeline.steps.protection import protect_all, touches_protected
from pipeline.steps.questions import Question, ask_who
from pipeline.steps.remembered import confirmed_person, refused_persons
from pipeline.steps.roles import RoleKey, RoleMatch, match_role_of, role_record, values_by_key
from pipeline.steps.weights import weights_in_force
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import FieldValue, Link, Submission


def match_submission(runtime: Runtime, submission_id: str) -> None:
    """Finds who each role is; writes candidates, links and entries; then the submission is MATCHED."""
    with read(runtime.engine) as session:
        submission = session.get_one(Submission, submission_id)
        pack = get_pack(session, submission.pack_version_id)
        values = values_by_key(session, submission_id)
        confirmed = _confirmed(session, submission_id)
        # Whom a clerk named stays named, also where nothing legible was written.
        roles = list(dict.fromkeys([*_given_roles(pack, values), *confirmed]))
        asked = {
            role: _question(runtime, session, submission, pack, values, *role)
            for role in roles
            if role not in confirmed
        }
        pictures = find_pictures(runtime, session, submission_id, pack, values)
    matches = [
        _answer(pack, values, role, asked[role], pictures)
        if role in asked
        else RoleMatch(*role, None, confirmed[role], LinkStatus.CONFIRMED)
        for role in roles
    ]
    with read(runtime.engine) as session:
        matches += _preprinted_subjects(runtime, session, submission, pack, values, matches)
        household = find_household(session, submission_id, pack, matches)
    _write(runtime, submission, pack, _one_person_once(matches), household)


def _write(
    runtime: Runtime,
    submission: Submission,
    pack: Procedure,
    matches: Sequence[RoleMatch],
    household: HouseholdMatch | None,
) -> None:
    with write(runtime.engine) as session:
        held = hold_submission(session, submission.id, submission.version)
        require_living(session, {match.link for match in matches if match.link})
        write_candidates(session, submission.id, matches)
        undone = [one for match in matches for one in write_link(runtime, session, submission.id, match)]
        undone += drop_stale_links(session, submission.id, {(m.role, m.index) for m in matches})
        if undone:
            index_people(session, undone, runtime.secrets.key)
        write_household(runtime, session, submission.id, household)
        write_entries(session, submission.id, pack, matches)
        confirm_fields(session, submission.id, pack, matches)
        confirm_same_kana(session, submission.id, pack)
        if held.protected or touches_protected(session, submission.id):
            protect_submission(session, held)
            protect_all(session, {submission.id})
        move_submission(session, held, SubmissionStatus.MATCHED)
        append_event(
            session,
            "submission",
            submission.id,
            "submission_matched",
            actor="system",
            at=runtime.clock(),
            payload={"links": {s: n for s, n in Counter(str(m.status) for m in matches).items()}},
        )


def match_role(
    runtime: Runtime,
    session: Session,
    submission: Submission,
    pack: Procedure,
    values: Mapping[str, FieldValue],
    role: str,
    index: int,
) -> RoleMatch:
    """Who a role is by its values alone, without asking the ink; may be called inside a write."""
    question, known = _question(runtime, session, submission, pack, values, role, index)
    return _match(role, index, question.answer(), known)


Asked = tuple[Question, str | None]
"""Who a role is, and whom a clerk named on an application that said the very same."""


def _question(
    runtime: Runtime,
    session: Session,
    submission: Submission,
    pack: Procedure,
    values: Mapping[str, FieldValue],
    role: str,
    index: int,
) -> Asked:
    record = role_record(pack, submission, values, role, index)
    refused = refused_persons(session, runtime, record, submission.id, role, index)
    known = confirmed_person(session, runtime, record)
    question = ask_who(session, record, weights_in_force(session), runtime.secrets.key, refused)
    return question, known if known not in refused else None


def _answer(
    pack: Procedure, values: Mapping[str, FieldValue], role: RoleKey, asked: Asked, pictures: Pictures
) -> RoleMatch:
    """The decision; where it is open and a name was read from paper, with what the ink says of the likeliest."""
    question, known = asked
    decision = question.answer()
    people = question.unsettled(decision) if known is None else ()
    fields = unconfirmed(match_role_of(pack, role[0]), values, role[1]) if people else {}
    if fields and (ink := pictures.ask(fields, question, people, role)):
        decision = question.answer(ink)
    return _match(*role, decision, known)


def _match(role: str, index: int, decision: MatchDecision, known: str | None) -> RoleMatch:
    if known is not None:
        return RoleMatch(role, index, decision, known, LinkStatus.AUTO)
    if decision.outcome is Outcome.LINK:
        return RoleMatch(role, index, decision, decision.best, LinkStatus.AUTO)
    if decision.outcome is Outcome.REVIEW and decision.candidates:
        return RoleMatch(role, index, decision, decision.candidates[0].candidate_id, LinkStatus.PROPOSED)
    return RoleMatch(role, index, decision, None, None)


_SHARED = {FieldType.ADDRESS, FieldType.POSTAL_CODE, FieldType.PHONE, FieldType.EMAIL}


def _given_roles(pack: Procedure, values: Mapping[str, FieldValue]) -> list[RoleKey]:
    """The roles of which something was given that is one person's own: a row of children with nothing but a postal
    code is no child."""
    given: list[RoleKey] = []
    for match in pack.matching.roles:
        most = pack.role(match.role).max
        own = [spec.name for spec in pack.fields if spec.role == match.role and spec.type not in _SHARED]
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


def _preprinted_subjects(
    runtime: Runtime,
    session: Session,
    submission: Submission,
    pack: Procedure,
    values: Mapping[str, FieldValue],
    matches: Sequence[RoleMatch],
) -> list[RoleMatch]:
    """On a preprinted form the subjects are those the city itself printed: the eligible who lived together then."""
    subject = pack.matching.subject_role
    named = {match.index: match.link for match in matches if match.role == subject}
    if submission.reference_number is None or any(role == subject for role, _ in _given_roles(pack, values)):
        return []
    owner = next((m for m in matches if m.role != subject and m.status and m.status.is_active), None)
    base_date = date.fromisoformat(pack.matching.base_date)
    home = household_of(session, [owner.link], base_date).get(owner.link) if owner and owner.link else None
    if home is None:
        return []
    family = members_of(session, home, base_date)
    on_list = listed(session, pack.id, [member.id for member in family])
    eligible = {one for one, said in on_list.items() if said.eligible and said.holds}
    found = []
    for index, member in enumerate((m for m in family if m.id in eligible), start=1):
        said = role_record(pack, submission, values, subject, index)
        refused = refused_persons(session, runtime, said, submission.id, subject, index)
        if index not in named and member.id not in {*named.values(), *refused}:
            found.append(RoleMatch(subject, index, None, member.id, LinkStatus.AUTO))
    return found


def _one_person_once(matches: list[RoleMatch]) -> list[RoleMatch]:
    """Twins on one form must not become one child: two roles on one person are both for a clerk."""
    counts = Counter((m.role, m.link or "") for m in matches if m.status is LinkStatus.AUTO)
    return [replace(m, status=LinkStatus.PROPOSED) if counts[m.role, m.link or ""] > 1 else m for m in matches]
