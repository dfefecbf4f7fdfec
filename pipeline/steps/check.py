"""Step CHECK: the pack's contradictions and its points, the same on every channel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete
from sqlmodel import Session, col, select

from pipeline.domain.statuses import SubmissionStatus
from pipeline.procedures.checks import CheckFinding, run_checks
from pipeline.procedures.pack import CheckKind, Procedure
from pipeline.runtime import Runtime
from pipeline.steps.assertions import asserted_kinds
from pipeline.steps.hold import hold_submission, move_submission
from pipeline.steps.packs import get_pack
from pipeline.steps.score import get_scorer, write_scores
from pipeline.store.engine import read, write
from pipeline.store.tables import Attachment, Document, FieldValue, Finding, Submission


def check_submission(runtime: Runtime, submission_id: str) -> None:
    """Runs the pack's checks and rules of points over the present values and keeps what they say; it is CHECKED."""
    with read(runtime.engine) as session:
        submission = session.get_one(Submission, submission_id)
        pack = get_pack(session, submission.pack_version_id)
        rows = session.exec(select(FieldValue).where(FieldValue.submission_id == submission.id)).all()
        findings = _findings(session, submission, pack, rows)
        scores = get_scorer(session, submission.pack_version_id).subjects(present_values(rows))
    with write(runtime.engine) as session:
        held = hold_submission(session, submission_id, submission.version)
        session.execute(delete(Finding).where(col(Finding.submission_id) == submission_id))
        for finding in findings:
            session.add(_row(submission_id, finding))
        write_scores(session, submission_id, pack, scores)
        move_submission(session, held, SubmissionStatus.CHECKED)


def present_values(rows: Iterable[FieldValue]) -> dict[str, str]:
    """Field key -> normal form, of those that have one."""
    return {row.key: row.value for row in rows if row.value is not None}


def _findings(
    session: Session, submission: Submission, pack: Procedure, rows: Sequence[FieldValue]
) -> tuple[CheckFinding, ...]:
    if submission.channel.is_paper and not rows:
        return ()  # nothing was read: that is the reason for review, not thirty missing fields
    values = present_values(rows)
    problems = {row.key: row.problem for row in rows if row.problem}
    kinds = attached_kinds(session, submission) | asserted_kinds(session, submission.id, pack)
    findings = run_checks(pack, values, submission.received_on, kinds, problems)
    covered = covered_fields(session, submission, pack)
    unreadable = {row.key for row in rows if row.value is None and row.raw}
    return tuple(
        finding
        for finding in findings
        if _was_asked(pack, finding, covered) and not (finding.fields and set(finding.fields) <= unreadable)
    )


def _was_asked(pack: Procedure, finding: CheckFinding, covered: set[str]) -> bool:
    """True when the form asked for what the finding misses; a preprinted form asks for no children."""
    if finding.fields:
        return set(finding.fields) <= covered
    about_subjects = {check.code for check in pack.checks if check.kind is CheckKind.ANY_SUBJECT}
    asked_for_subjects = any(pack.field(key.split(".")[0]).role == pack.matching.subject_role for key in covered)
    return asked_for_subjects or finding.code not in about_subjects


def covered_fields(session: Session, submission: Submission, pack: Procedure) -> set[str]:
    """The field keys this submission could have given: those on its form, or every one for online records.

    A confirmation form asks for less than the procedure; what it does not ask cannot be missing.
    """
    everything = {key for spec in pack.fields for key in _keys(pack, spec.name, spec.role)}
    if not submission.channel.is_paper:
        return everything
    forms = session.exec(
        select(Document.form_id, Document.form_revision).where(
            Document.submission_id == submission.id, col(Document.form_id).is_not(None)
        )
    ).all()
    covered: set[str] = set()
    for form_id, revision in forms:
        form = next((f for f in pack.forms if (f.id, f.revision) == (form_id, revision)), None)
        if form:
            covered |= {
                f"{box.field}.{box.index}" if box.index else box.field
                for page in form.pages
                for box in page.all_boxes()
            }
    return covered


def _keys(pack: Procedure, name: str, role: str) -> set[str]:
    most = pack.role(role).max
    return {name} if most == 1 else {f"{name}.{index}" for index in range(1, most + 1)}


def attached_kinds(session: Session, submission: Submission) -> set[str]:
    """The kinds of attachment present and readable; a copy nobody could name counts for nothing."""
    rows = session.exec(select(Attachment).where(Attachment.submission_id == submission.id)).all()
    return {row.kind for row in rows if row.kind and row.problem_code is None}


def _row(submission_id: str, finding: CheckFinding) -> Finding:
    return Finding(
        submission_id=submission_id,
        code=finding.code,
        fields=",".join(finding.fields),
        message_ja=finding.message.ja,
        message_en=finding.message.en,
        deficiency_ja=finding.deficiency.ja if finding.deficiency else "",
        deficiency_en=finding.deficiency.en if finding.deficiency else "",
    )
