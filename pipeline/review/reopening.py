"""審査に戻す: before it is drafted, an examined case goes back to its reviewers with a reason."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from pipeline.domain.errors import Conflict, Impossible, NotVisible
from pipeline.domain.statuses import CaseStatus, EntryStatus, StaffRole, SubmissionStatus
from pipeline.review.claim import LEASE
from pipeline.review.draft_cases import NAMED, hold_cases, numbers_of
from pipeline.runtime import Runtime
from pipeline.steps.hold import hold_submission
from pipeline.steps.reopen import reopen_submission
from pipeline.store.access import Viewer, visible
from pipeline.store.engine import write
from pipeline.store.tables import Case, Entry, Submission


class ReasonMissing(Impossible):
    """A case is sent back without saying why."""

    code = "reopen_reason_missing"
    ja = "審査に戻す理由を書いてください。履歴に残り、審査する人が読みます。"
    en = "Please say why it goes back; it stays in the history, and whoever examines it reads it."


class NotExamined(Conflict):
    """Cases of the application do not wait to be drafted: nobody goes back behind a draft."""

    code = "not_examined"

    def __init__(self, numbers: Sequence[str]) -> None:
        shown = " ".join(numbers[:NAMED])
        super().__init__(
            ja=f"審査に戻せるのは、起案を待っている案件だけです。起案中なら先に引き戻すか差し戻します: {shown}",
            en=f"Only what waits to be drafted goes back. First withdraw or return the draft of: {shown}",
        )


def reopen_case(runtime: Runtime, viewer: Viewer, case_id: str, note: str, version: int) -> str:
    """Sends the adopted application of an examined case back into review, with all its cases, and gives the id of its
    task, which is in this reviewer's hands. version: of the case as it was on the page.

    Raises ReasonMissing, NotVisible, NotExamined, and Conflict when the case changed meanwhile.
    """
    if not note.strip():
        raise ReasonMissing
    now = runtime.clock()
    reviewer = viewer.only(StaffRole.REVIEWER)
    with write(runtime.engine) as session:
        submission = _hold_adopted(session, reviewer, case_id)
        cases = hold_cases(session, {case_id, *_counting_in(session, submission.id)})
        if any(case.version != version for case in cases if case.id == case_id):
            raise Conflict
        begun = [case.id for case in cases if case.status is not CaseStatus.EXAMINED]
        if begun or submission.status is not SubmissionStatus.SETTLED:
            raise NotExamined(numbers_of(session, reviewer, begun or [case_id]))
        task = reopen_submission(session, submission, cases, actor=viewer.user_id, note=note.strip(), at=now)
        task.lease_owner, task.lease_until = viewer.user_id, now + LEASE
        session.add(task)
        return task.id


def _hold_adopted(session: Session, viewer: Viewer, case_id: str) -> Submission:
    """The application that counts in the case, locked before its cases as the steps do."""
    found = session.exec(
        select(Submission.id)
        .join(Case, col(Case.adopted_submission_id) == Submission.id)
        .where(
            Case.id == case_id, visible(Case, viewer), visible(Submission, viewer), col(Submission.erased_at).is_(None)
        )
    ).first()
    if found is None:
        raise NotVisible
    return hold_submission(session, found)


def _counting_in(session: Session, submission_id: str) -> Sequence[str]:
    """Ids of the cases in which this application is the adopted one."""
    return session.exec(
        select(Case.id)
        .join(Entry, col(Entry.case_id) == Case.id)
        .where(
            Entry.submission_id == submission_id,
            Entry.status == EntryStatus.IN_CASE,
            Case.adopted_submission_id == submission_id,
        )
    ).all()
