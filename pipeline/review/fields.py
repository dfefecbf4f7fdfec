"""Deciding on field values."""

from __future__ import annotations

from sqlmodel import Session, select

from ocr.fields.ditto import SIGNS
from ocr.readings import ReadingReason
from pipeline.domain.errors import Impossible
from pipeline.domain.statuses import DecisionKind, Origin, SubmissionStatus
from pipeline.procedures.pack import Procedure
from pipeline.procedures.values import normalise_value
from pipeline.review.desk import open_desk
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance
from pipeline.steps.hold import move_submission
from pipeline.steps.traces import trace_account
from pipeline.store.access import Viewer
from pipeline.store.tables import FieldValue


class NotAValue(Impossible):
    """What was typed cannot be a value of this field; nothing was changed."""

    code = "not_a_value"
    ja = "この項目に入れられない値です。入力を確かめてください。"
    en = "This cannot be a value of the field. Please check what you typed."


def correct_field(runtime: Runtime, viewer: Viewer, task_id: str, key: str, raw: str, version: int) -> None:
    """Writes what the clerk typed and runs checks and matching again. Raises NotAValue, NotVisible, Conflict.

    What was read stays beside it; an empty text clears the field.
    """
    with open_desk(runtime, viewer, task_id, version) as desk:
        submission, pack = desk.submission()
        row = _get_or_make(desk.session, submission.id, pack, key)
        spec = pack.field(key.split(".")[0])
        normalised = normalise_value(spec, raw) if raw.strip() else None
        if normalised is not None and (normalised.problem or normalised.value is None):
            raise NotAValue
        before = row.value
        # Spaces alone are no writing that nobody can read: the field is blank.
        row.raw = raw if normalised else ""
        row.value = normalised.value if normalised else None
        row.problem, row.reasons, row.confidence = None, "", None
        row.origin, row.accepted = Origin.CLERK, True
        desk.session.add(row)
        _correct_repeats(desk.session, row, before)
        trace_account(desk.session, runtime.secrets, submission.id, pack, desk.now)
        move_submission(desk.session, submission, SubmissionStatus.READ)
        desk.decided(DecisionKind.CORRECT_FIELD, key)
    advance(runtime, submission.id)


def accept_field(runtime: Runtime, viewer: Viewer, task_id: str, key: str, version: int) -> None:
    """Confirms a value as it stands, and matches again since it is now certain. Raises NotVisible, Conflict."""
    with open_desk(runtime, viewer, task_id, version) as desk:
        submission, pack = desk.submission()
        row = _get_or_make(desk.session, submission.id, pack, key)
        if row.problem or (row.raw and row.value is None):
            raise NotAValue
        row.accepted, row.reasons = True, ""
        desk.session.add(row)
        move_submission(desk.session, submission, SubmissionStatus.READ)
        desk.decided(DecisionKind.ACCEPT_FIELD, key)
    advance(runtime, submission.id)


def _correct_repeats(session: Session, row: FieldValue, before: str | None) -> None:
    """Gives the rows below that repeat this one, as 〃 and 同上 do, its value too. before: what it was until now.

    Whether a person looks at them stays as it was, save that there is a value above now.
    """
    name, _, index = row.key.partition(".")
    while index:
        index = str(int(index) + 1)
        below = session.exec(
            select(FieldValue).where(FieldValue.submission_id == row.submission_id, FieldValue.key == f"{name}.{index}")
        ).first()
        if below is None or below.origin is not Origin.OCR or below.read_raw not in SIGNS or below.value != before:
            return
        below.value, below.problem = row.value, None
        reasons = below.reasons.split(",") if below.reasons else []
        below.reasons = ",".join(why for why in reasons if why != ReadingReason.NOTHING_ABOVE)
        session.add(below)


def _get_or_make(session: Session, submission_id: str, pack: Procedure, key: str) -> FieldValue:
    row = session.exec(
        select(FieldValue).where(FieldValue.submission_id == submission_id, FieldValue.key == key)
    ).first()
    if row is not None:
        return row
    if not _is_key(pack, key):
        raise Impossible
    return FieldValue(submission_id=submission_id, key=key, origin=Origin.CLERK)


def _is_key(pack: Procedure, key: str) -> bool:
    name, _, index = key.partition(".")
    spec = next((spec for spec in pack.fields if spec.name == name), None)
    if spec is None:
        return False
    most = pack.role(spec.role).max
    return index == "" if most == 1 else index.isdecimal() and 1 <= int(index) <= most
