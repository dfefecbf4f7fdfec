"""A clerk's word on the household of an application. It says nothing of the person, and can be taken back."""

from __future__ import annotations

from sqlmodel import select

from pipeline.domain.errors import NotVisible
from pipeline.domain.statuses import DecisionKind, LinkStatus, SubmissionStatus
from pipeline.review.desk import Desk, open_desk
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance
from pipeline.steps.hold import move_submission
from pipeline.steps.households import current_household
from pipeline.store.access import Viewer, visible
from pipeline.store.tables import Household, HouseholdLink


def confirm_household(runtime: Runtime, viewer: Viewer, task_id: str, household_id: str, version: int) -> None:
    """The application comes from this household, whoever of it is meant. Raises NotVisible for one not to be seen."""
    with open_desk(runtime, viewer, task_id, version) as desk:
        submission, _ = desk.submission()
        seen = select(Household.id).where(Household.id == household_id, visible(Household, viewer))
        if desk.session.exec(seen).first() is None:
            raise NotVisible
        current = _current(desk, submission.id)
        if current is not None:
            # A wrong one that matching found is refused by naming another.
            current.undone_by = "" if current.household_id == household_id else viewer.user_id
            current.status = LinkStatus.UNDONE
            desk.session.add(current)
        evidence = (current.total, current.evidence) if current and not current.undone_by else (0.0, "[]")
        desk.session.add(
            HouseholdLink(
                submission_id=submission.id,
                household_id=household_id,
                status=LinkStatus.CONFIRMED,
                total=evidence[0],
                evidence=evidence[1],
                made_by=viewer.user_id,
                made_at=desk.now,
            )
        )
        move_submission(desk.session, submission, SubmissionStatus.CHECKED)
        desk.decided(DecisionKind.SAME_HOUSEHOLD, household_id)
    advance(runtime, submission.id)


def undo_household(runtime: Runtime, viewer: Viewer, task_id: str, version: int) -> None:
    """It is not this household: not proposed again for this application. Raises NotVisible when there is none."""
    with open_desk(runtime, viewer, task_id, version) as desk:
        submission, _ = desk.submission()
        current = _current(desk, submission.id)
        if current is None:
            raise NotVisible
        current.status, current.undone_by = LinkStatus.UNDONE, viewer.user_id
        desk.session.add(current)
        move_submission(desk.session, submission, SubmissionStatus.CHECKED)
        desk.decided(DecisionKind.NOT_SAME_HOUSEHOLD, current.household_id)
    advance(runtime, submission.id)


def _current(desk: Desk, submission_id: str) -> HouseholdLink | None:
    """The household link that the clerk sees."""
    current = current_household(desk.session, submission_id)
    if current is None:
        return None
    seen = select(HouseholdLink.id).where(HouseholdLink.id == current.id, visible(HouseholdLink, desk.viewer))
    return current if desk.session.exec(seen).first() else None
