"""What a submission needs next; the one place that knows the order of the path."""

from __future__ import annotations

from enum import StrEnum

from pipeline.domain.statuses import SubmissionStatus


class Step(StrEnum):
    """A step that software takes. What a person does is a Decision."""

    READ = "read"
    CHECK = "check"
    MATCH = "match"
    ASSIGN = "assign"


_NEXT: dict[SubmissionStatus, Step] = {
    SubmissionStatus.RECEIVED: Step.READ,
    SubmissionStatus.READ: Step.CHECK,
    SubmissionStatus.CHECKED: Step.MATCH,
    SubmissionStatus.MATCHED: Step.ASSIGN,
    SubmissionStatus.ACCEPTED: Step.ASSIGN,
}


def next_step(status: SubmissionStatus) -> Step | None:
    """The step due for a submission in this status; None when it waits for a person or has come to its end."""
    return _NEXT.get(status)


def order_of(step: Step) -> int:
    """The place of a step on the path, from 0."""
    return list(Step).index(step)
