"""The order of the path, and what the history adds up to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.errors import Conflict, DomainError, Impossible, LeaseLost, NotAllowed, NotVisible
from pipeline.domain.history import GENESIS, ChainedEvent, chain_is_whole, event_hash, replay_case
from pipeline.domain.next_step import Step, next_step, order_of
from pipeline.domain.statuses import (
    CaseStatus,
    Channel,
    LinkStatus,
    PageFate,
    SubmissionStatus,
)

# What each step leads to where nothing is in the way.
AFTER = {
    Step.READ: SubmissionStatus.READ,
    Step.CHECK: SubmissionStatus.CHECKED,
    Step.MATCH: SubmissionStatus.MATCHED,
}
WAITS_FOR_A_PERSON = {SubmissionStatus.IN_REVIEW, SubmissionStatus.AWAITING_CORRECTION}
ENDS = {SubmissionStatus.SETTLED, SubmissionStatus.ENDED}


@given(st.sampled_from(SubmissionStatus), st.lists(st.booleans(), min_size=8, max_size=8))
def test_every_walk_ends_with_a_person_or_a_case(start: SubmissionStatus, in_order: list[bool]) -> None:
    status, walked = start, []
    for fine in in_order:
        step = next_step(status)
        if step is None:
            break
        walked.append(order_of(step))
        settled = SubmissionStatus.SETTLED if fine else SubmissionStatus.IN_REVIEW
        status = AFTER.get(step, settled)
    assert status in WAITS_FOR_A_PERSON | ENDS
    assert walked == sorted(set(walked)), "no step twice, none out of order"


@given(st.sampled_from(SubmissionStatus))
def test_software_has_a_step_exactly_where_no_person_is_waited_for(status: SubmissionStatus) -> None:
    assert (next_step(status) is None) == (status in WAITS_FOR_A_PERSON | ENDS)


def test_a_received_submission_meets_every_step_once() -> None:
    status, walked = SubmissionStatus.RECEIVED, []
    while (step := next_step(status)) is not None:
        walked.append(step)
        status = AFTER.get(step, SubmissionStatus.SETTLED)
    assert walked == list(Step)
    assert [order_of(step) for step in Step] == [0, 1, 2, 3]


TELLING = {
    "case_opened": CaseStatus.OPEN,
    "case_examined": CaseStatus.EXAMINED,
    "case_drafted": CaseStatus.DRAFTED,
    "case_released": CaseStatus.EXAMINED,
    "case_granted": CaseStatus.GRANTED,
    "case_refused": CaseStatus.REFUSED,
    "case_withdrawn": CaseStatus.WITHDRAWN,
    "case_reopened": CaseStatus.OPEN,
}
CASE_KINDS = list(TELLING)


@given(st.lists(st.sampled_from([*CASE_KINDS, "submission_adopted", "cases_exported"])))
def test_a_case_is_what_its_last_telling_event_says(kinds: list[str]) -> None:
    telling = [kind for kind in kinds if kind in TELLING]
    assert replay_case(kinds) == (TELLING[telling[-1]] if telling else None)


@given(st.lists(st.sampled_from(CASE_KINDS)), st.lists(st.sampled_from(CASE_KINDS), min_size=1))
def test_replaying_goes_on_where_it_stopped(before: list[str], after: list[str]) -> None:
    assert replay_case(before + after) == replay_case(after)


def chain(*kinds: str, at: datetime = datetime(2026, 11, 22, 1, tzinfo=UTC)) -> list[ChainedEvent]:
    events: list[ChainedEvent] = []
    for seq, kind in enumerate(kinds, start=1):
        body = {"aggregate": "case", "aggregate_id": "c1", "seq": seq, "kind": kind, "actor": "a", "at": at}
        previous = events[-1].hash if events else GENESIS
        digest = event_hash(**body, payload={"n": seq}, previous_hash=previous)  # type: ignore[arg-type]
        events.append(ChainedEvent(**body, payload={"n": seq}, previous_hash=previous, hash=digest))  # type: ignore[arg-type]
    return events


CHANGES = [
    {"aggregate": "submission"},
    {"aggregate_id": "c2"},
    {"seq": 9},
    {"kind": "case_refused"},
    {"actor": "b"},
    {"at": datetime(2026, 11, 22, 2, tzinfo=UTC)},
    {"payload": {"n": 7}},
    {"previous_hash": "1" * 64},
    {"hash": "1" * 64},
]


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_any_column_changed_anywhere_breaks_the_chain(change: dict[str, object], place: int) -> None:
    events = chain("case_opened", "case_granted", "submission_adopted")
    assert chain_is_whole(events)
    events[place] = replace(events[place], **change)  # type: ignore[arg-type]
    assert not chain_is_whole(events)


def test_an_event_dropped_doubled_or_swapped_breaks_the_chain() -> None:
    one, two, three = chain("case_opened", "case_granted", "submission_adopted")
    for broken in ([one, three], [two, three], [one, one, two, three], [one, three, two], [three]):
        assert not chain_is_whole(broken)
    assert chain_is_whole([one, two])  # a cut end is for the seals to find out
    assert chain_is_whole([])


def test_the_hash_of_an_event_does_not_depend_on_the_time_zone() -> None:
    japan = timezone(timedelta(hours=9))
    utc, there = (
        chain("case_opened", at=at)[0].hash
        for at in (datetime(2026, 11, 22, 1, tzinfo=UTC), datetime(2026, 11, 22, 10, tzinfo=japan))
    )
    assert utc == there


def test_only_online_is_not_paper() -> None:
    assert [channel for channel in Channel if not channel.is_paper] == [Channel.ONLINE]


def test_a_page_is_in_a_document_or_waits_or_is_an_exception() -> None:
    plain = {fate for fate in PageFate if not fate.is_exception}
    assert plain == {PageFate.PENDING, PageFate.IN_DOCUMENT}


def test_a_proposal_says_nothing_yet() -> None:
    assert {status for status in LinkStatus if status.is_active} == {LinkStatus.AUTO, LinkStatus.CONFIRMED}


def test_every_error_has_its_own_code_and_words_in_both_languages() -> None:
    kinds = [DomainError, NotVisible, NotAllowed, Conflict, LeaseLost, Impossible]
    assert len({kind.code for kind in kinds}) == len(kinds)
    for kind in kinds:
        error = kind()
        assert str(error) == error.code and error.ja.endswith("。") and error.en.endswith(".")
