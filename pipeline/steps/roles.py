"""What a submission says of each role, and what matching found about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session, select

from matchers.records import MatchDecision, PersonRecord
from pipeline.domain.statuses import LinkStatus
from pipeline.procedures.pack import MatchRole, Procedure
from pipeline.runtime import Runtime
from pipeline.steps.people import applicant_record
from pipeline.store.tables import FieldValue, Submission

RoleKey = tuple[str, int]


@dataclass(frozen=True)
class RoleMatch:
    """What matching says of one role. link is the person linked or proposed, if any."""

    role: str
    index: int
    decision: MatchDecision | None
    link: str | None
    status: LinkStatus | None


def values_by_key(session: Session, submission_id: str) -> dict[str, FieldValue]:
    """The submission's field values by field key."""
    rows = session.exec(select(FieldValue).where(FieldValue.submission_id == submission_id)).all()
    return {row.key: row for row in rows}


def applying_role(pack: Procedure) -> MatchRole:
    """The matched role that applies and is written to: the first that is not the subject, or else the subject."""
    roles = pack.matching.roles
    return next((match for match in roles if match.role != pack.matching.subject_role), roles[0])


def match_role_of(pack: Procedure, role: str) -> MatchRole:
    """Which fields identify somebody of this role. KeyError when the pack does not match it."""
    return {match.role: match for match in pack.matching.roles}[role]


def role_record(
    pack: Procedure, submission: Submission, values: Mapping[str, FieldValue], role: str, index: int
) -> PersonRecord:
    """What the submission says of one role. KeyError when the pack does not match that role."""
    attributes = match_role_of(pack, role).attributes
    reference = None if role == pack.matching.subject_role else submission.reference_number
    return applicant_record(values, attributes, index, reference)


def role_digest(runtime: Runtime, record: PersonRecord) -> str:
    """A keyed digest of what was said of a role: a remembered "not the same" holds while this stays."""
    said = [record.name, record.kana, str(record.birth_date), record.address, record.reference_number]
    return runtime.secrets.digest(json.dumps(said, ensure_ascii=False))
