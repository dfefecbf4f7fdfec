"""What an applicant may be told of their application: five words, whatever goes on inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.statuses import CaseStatus, EndReason, Outcome, SubmissionStatus


class ApplicantStatus(StrEnum):
    """状況: the applicant's side of a submission."""

    RECEIVED = "received"  # 受付
    IN_REVIEW = "in_review"  # 審査中
    CORRECTION_REQUESTED = "correction_requested"  # 補正依頼
    DECIDED = "decided"  # 決定
    ENDED = "ended"  # 終了


class Ending(StrEnum):
    """Why it ended without a determination of its own."""

    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
    REFERRED = "referred"
    OUT_OF_SCOPE = "out_of_scope"
    NOT_ADOPTED = "not_adopted"  # another application of the case counts


@dataclass(frozen=True)
class EntryFacts:
    """What became of one entry. case_status: None while it is in no case. adopted: this application counts there."""

    ended: EndReason | None = None
    case_status: CaseStatus | None = None
    adopted: bool = True


@dataclass(frozen=True)
class Standing:
    """Where an application stands for its applicant. outcomes: one an entry, when it is decided."""

    status: ApplicantStatus
    outcomes: tuple[Outcome, ...] = ()
    ending: Ending | None = None


_OUTCOMES = {CaseStatus.GRANTED: Outcome.GRANT, CaseStatus.REFUSED: Outcome.REFUSE}
_ON_THE_WAY = {
    SubmissionStatus.RECEIVED,
    SubmissionStatus.READ,
    SubmissionStatus.CHECKED,
    SubmissionStatus.MATCHED,
}


def standing(status: SubmissionStatus, entries: Sequence[EntryFacts], *, seen_before: bool = False) -> Standing:
    """Where an application in this status stands for its applicant.

    seen_before: a person has had it in hand already, so that software looking at it again is not news.
    A determination is told once all entries have one; what its case is doing until then is nobody's business.
    """
    if status is SubmissionStatus.AWAITING_CORRECTION:
        return Standing(ApplicantStatus.CORRECTION_REQUESTED)
    if status is SubmissionStatus.ENDED:
        return Standing(ApplicantStatus.ENDED, ending=_ending(entries))
    if status is SubmissionStatus.SETTLED:
        return _settled(entries)
    if status in _ON_THE_WAY and not seen_before:
        return Standing(ApplicantStatus.RECEIVED)
    return Standing(ApplicantStatus.IN_REVIEW)


def _settled(entries: Sequence[EntryFacts]) -> Standing:
    own = [entry for entry in entries if entry.adopted and entry.case_status is not CaseStatus.WITHDRAWN]
    if not own:
        given_up = any(entry.case_status is CaseStatus.WITHDRAWN for entry in entries)
        return Standing(ApplicantStatus.ENDED, ending=Ending.WITHDRAWN if given_up else Ending.NOT_ADOPTED)
    outcomes = [_OUTCOMES.get(entry.case_status) if entry.case_status else None for entry in own]
    decided = tuple(outcome for outcome in outcomes if outcome is not None)
    if len(decided) < len(own):
        return Standing(ApplicantStatus.IN_REVIEW)
    return Standing(ApplicantStatus.DECIDED, outcomes=decided)


def _ending(entries: Sequence[EntryFacts]) -> Ending | None:
    reasons = [entry.ended for entry in entries if entry.ended is not None]
    return Ending(reasons[0].value) if reasons else None
