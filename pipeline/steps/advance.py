"""The straight path. This file names every step in order; each step is one function in a module of its name.

paper  ── intake_paper, assemble:  receive_files → take_pages → assemble_batch ─┐
online ── intake_api:              receive, one by one from a sending system ───┤
online ── intake_online:           store_export → take_records ─────────────────┴→ a Submission that is RECEIVED
then   ── advance:       read → check → match → assign ──→ its cases (SETTLED), or one ReviewTask (IN_REVIEW)
person ── review:        a Decision puts the submission back on this path and advances it at once
out    ── export, letters; outbox, deliver: what a sending system is told

Workers claim what is due (due, work), do it (pieces), and park what fails again and again (parked).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import structlog
from sqlmodel import col, select

from pipeline.domain.errors import Conflict
from pipeline.domain.next_step import Step, next_step, order_of
from pipeline.domain.statuses import ReasonCode, SubmissionStatus
from pipeline.runtime import Runtime
from pipeline.steps.assemble import assemble_batch
from pipeline.steps.assign import assign_submission, park
from pipeline.steps.check import check_submission
from pipeline.steps.hold import hold_submission
from pipeline.steps.intake_paper import take_pages
from pipeline.steps.match import match_submission
from pipeline.steps.packs import get_pack
from pipeline.steps.read import read_submission
from pipeline.steps.tasks import Doubt
from pipeline.store.engine import CLASHES, read, write
from pipeline.store.outages import find_outage
from pipeline.store.tables import Arrival, Submission

STEPS: dict[Step, Callable[[Runtime, str], None]] = {
    Step.READ: read_submission,
    Step.CHECK: check_submission,
    Step.MATCH: match_submission,
    Step.ASSIGN: assign_submission,
}

MAX_ATTEMPTS = 3
MAX_CONFLICTS = 20

log = structlog.get_logger(__name__)


def advance(runtime: Runtime, submission_id: str, until: Step = Step.ASSIGN) -> SubmissionStatus:
    """Takes a submission as far as software can, at most through `until`, and says where it now stands.

    May be called any number of times, by any number of workers. A step that fails three times parks the
    submission in the review queue, with what was read so far; an outage around us is raised and not counted.
    """
    conflicts = 0
    while True:
        with read(runtime.engine) as session:
            submission = session.get_one(Submission, submission_id)
        step = next_step(submission.status)
        if step is None or order_of(step) > order_of(until):
            return submission.status
        try:
            STEPS[step](runtime, submission_id)
        except (Conflict, *CLASHES) as error:
            # Somebody else took this step, or a clerk changed a value: look again.
            if find_outage(error) is not None:
                raise
            conflicts += 1
            if conflicts > MAX_CONFLICTS and not _count_failure(runtime, submission_id, step):
                raise
        except Exception as error:
            if find_outage(error) is not None:
                raise
            log.warning("step_failed", submission=submission_id, step=step.value, error=type(error).__name__)
            if not _count_failure(runtime, submission_id, step):
                raise


def advance_batch(runtime: Runtime, batch_id: str) -> list[str]:
    """Takes a batch from stored files to submissions, and gives their ids in stack order."""
    for arrival_id in arrivals_of(runtime, batch_id):
        take_pages(runtime, arrival_id)
    return assemble_batch(runtime, batch_id)


def arrivals_of(runtime: Runtime, batch_id: str) -> list[str]:
    """Ids of a batch's scan files, in the order they were handed over."""
    with read(runtime.engine) as session:
        return list(
            session.exec(select(Arrival.id).where(Arrival.batch_id == batch_id).order_by(col(Arrival.position))).all()
        )


def due_submissions(runtime: Runtime, limit: int = 1000) -> list[str]:
    """Ids of submissions that wait for software, in the order they were received."""
    with read(runtime.engine) as session:
        return list(
            session.exec(
                select(Submission.id)
                .where(col(Submission.due).is_(True))
                .order_by(col(Submission.received_at), col(Submission.receipt_number))
                .limit(limit)
            ).all()
        )


def count_statuses(runtime: Runtime, submission_ids: Sequence[str]) -> dict[str, int]:
    """Where these submissions now stand: how many in which status."""
    with read(runtime.engine) as session:
        rows = session.exec(select(Submission.status).where(col(Submission.id).in_(submission_ids))).all()
    return dict(Counter(str(status) for status in rows))


def _count_failure(runtime: Runtime, submission_id: str, step: Step) -> bool:
    """True once the submission is parked for a person; until then the failure is the caller's to retry."""
    with write(runtime.engine) as session:
        submission = hold_submission(session, submission_id)
        submission.attempts += 1
        session.add(submission)
        if submission.attempts < MAX_ATTEMPTS:
            return False
        pack = get_pack(session, submission.pack_version_id)
        park(session, submission, pack, [Doubt(ReasonCode.PROCESSING_FAILED, step.value)], runtime.clock())
        return True
