"""Every code that a screen may show has its words in both languages."""

from __future__ import annotations

from enum import StrEnum

import pytest

from matchers.differences import Difference
from matchers.explain import FIELD_LABELS
from matchers.waterfall import BOUND
from ocr.readings import ReadingReason
from pipeline.channels.errors import ArrivalError
from pipeline.domain import statuses
from pipeline.domain.next_step import Step
from pipeline.procedures.values import ValueProblem
from pipeline.steps.due import About
from web import words

TABLES: list[tuple[str, type[StrEnum]]] = [
    ("CHANNEL", statuses.Channel),
    ("REASON", statuses.ReasonCode),
    ("SETTLES", statuses.ReasonCode),
    ("SUBMISSION_STATUS", statuses.SubmissionStatus),
    ("ENTRY_STATUS", statuses.EntryStatus),
    ("END_REASON", statuses.EndReason),
    ("CASE_STATUS", statuses.CaseStatus),
    ("LINK_STATUS", statuses.LinkStatus),
    ("FATE", statuses.PageFate),
    ("DOCUMENT", statuses.DocumentKind),
    ("BATCH_STATUS", statuses.BatchStatus),
    ("OUTBOUND_STATUS", statuses.OutboundStatus),
    ("OUTBOUND_KIND", statuses.OutboundKind),
    ("ROLE", statuses.StaffRole),
    ("TASK_KIND", statuses.TaskKind),
    ("ORIGIN", statuses.Origin),
    ("DECISION", statuses.DecisionKind),
    ("READING", ReadingReason),
    ("VALUE_PROBLEM", ValueProblem),
    ("PARKED_ABOUT", About),
    ("PARKED_STEP", Step),
    ("WEIGHTS_ORIGIN", statuses.WeightsOrigin),
    ("VERDICT", statuses.Verdict),
    ("REGROUPING", statuses.RegroupingKind),
    ("ROSTER_MARK", statuses.RosterMarkKind),
]


@pytest.mark.parametrize(("table", "codes"), TABLES)
def test_every_code_has_words(table: str, codes: type[StrEnum]) -> None:
    known = getattr(words, table)
    missing = [code for code in codes if not known.get(code) or not all(known[code])]
    assert missing == []


def test_everything_compared_and_every_difference_has_words() -> None:
    assert set(words.EVIDENCE_FIELD) == {*FIELD_LABELS, BOUND, "total"}
    unmarked = {Difference.SAME, Difference.SPELLING}
    assert set(words.DIFFERENCE) == {one.value for one in set(Difference) - unmarked} | {"misread", "moved"}


def test_every_arrival_problem_has_words() -> None:
    def codes(kind: type[ArrivalError]) -> set[str]:
        return {kind.code for kind in kind.__subclasses__()}.union(*(codes(sub) for sub in kind.__subclasses__()))

    of_attachments = {"missing_attachment", "not_inspected"}
    assert codes(ArrivalError) | of_attachments == set(words.PROBLEM)


def test_a_code_without_words_is_shown_as_it_is() -> None:
    assert words.pair_of("EVENT", "something_new") == ("something_new", "something_new")
