"""Five words for the applicant, whatever goes on inside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.applicant_status import ApplicantStatus, Ending, EntryFacts, Standing, standing
from pipeline.domain.statuses import CaseStatus, EndReason, Outcome, SubmissionStatus

GRANTED = EntryFacts(case_status=CaseStatus.GRANTED)
REFUSED = EntryFacts(case_status=CaseStatus.REFUSED)
EXAMINED = EntryFacts(case_status=CaseStatus.EXAMINED)
OTHERS = EntryFacts(case_status=CaseStatus.GRANTED, adopted=False)
GIVEN_UP = EntryFacts(case_status=CaseStatus.WITHDRAWN)

CASES = {
    "just received": (SubmissionStatus.RECEIVED, [], Standing(ApplicantStatus.RECEIVED)),
    "read by software": (SubmissionStatus.READ, [EntryFacts()], Standing(ApplicantStatus.RECEIVED)),
    "before a person": (SubmissionStatus.IN_REVIEW, [EntryFacts()], Standing(ApplicantStatus.IN_REVIEW)),
    "accepted, not in its case": (SubmissionStatus.ACCEPTED, [EntryFacts()], Standing(ApplicantStatus.IN_REVIEW)),
    "asked to mend": (SubmissionStatus.AWAITING_CORRECTION, [], Standing(ApplicantStatus.CORRECTION_REQUESTED)),
    "waiting for approval": (SubmissionStatus.SETTLED, [EXAMINED], Standing(ApplicantStatus.IN_REVIEW)),
    "one of two children decided": (SubmissionStatus.SETTLED, [GRANTED, EXAMINED], Standing(ApplicantStatus.IN_REVIEW)),
    "both decided": (
        SubmissionStatus.SETTLED,
        [GRANTED, REFUSED],
        Standing(ApplicantStatus.DECIDED, outcomes=(Outcome.GRANT, Outcome.REFUSE)),
    ),
    "one child is another application's": (
        SubmissionStatus.SETTLED,
        [GRANTED, OTHERS],
        Standing(ApplicantStatus.DECIDED, outcomes=(Outcome.GRANT,)),
    ),
    "all are another's": (
        SubmissionStatus.SETTLED,
        [OTHERS],
        Standing(ApplicantStatus.ENDED, ending=Ending.NOT_ADOPTED),
    ),
    "the case was withdrawn": (
        SubmissionStatus.SETTLED,
        [GIVEN_UP],
        Standing(ApplicantStatus.ENDED, ending=Ending.WITHDRAWN),
    ),
    "referred": (
        SubmissionStatus.ENDED,
        [EntryFacts(ended=EndReason.REFERRED)],
        Standing(ApplicantStatus.ENDED, ending=Ending.REFERRED),
    ),
    "ended without an entry": (SubmissionStatus.ENDED, [], Standing(ApplicantStatus.ENDED)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_word_for_it(case: str) -> None:
    status, entries, wanted = CASES[case]
    assert standing(status, entries) == wanted


def test_software_looking_again_is_no_news() -> None:
    assert standing(SubmissionStatus.READ, [], seen_before=True) == Standing(ApplicantStatus.IN_REVIEW)


FACTS = st.builds(
    EntryFacts,
    ended=st.none() | st.sampled_from(EndReason),
    case_status=st.none() | st.sampled_from(CaseStatus),
    adopted=st.booleans(),
)


@given(status=st.sampled_from(SubmissionStatus), entries=st.lists(FACTS, max_size=4), seen=st.booleans())
def test_an_outcome_is_told_of_ones_own_decided_cases_alone(
    status: SubmissionStatus, entries: list[EntryFacts], seen: bool
) -> None:
    told = standing(status, entries, seen_before=seen)
    assert bool(told.outcomes) == (told.status is ApplicantStatus.DECIDED)
    assert told.ending is None or told.status is ApplicantStatus.ENDED
    if told.status is ApplicantStatus.DECIDED:
        own = [one for one in entries if one.adopted and one.case_status is not CaseStatus.WITHDRAWN]
        assert {one.case_status for one in own} <= {CaseStatus.GRANTED, CaseStatus.REFUSED}


def test_every_end_reason_has_its_word() -> None:
    assert {reason.value for reason in EndReason} < {ending.value for ending in Ending}
