"""Totals and digest of a frozen list."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.drafts import DraftLine, digest_of, totals_of
from pipeline.domain.statuses import Outcome

LINE = DraftLine("c1", 3, "s1", 7, Outcome.GRANT, "", 50_000)
LINES = st.lists(st.builds(replace, st.just(LINE), outcome=st.sampled_from(Outcome), amount_yen=st.integers(0, 10**7)))


@given(LINES)
def test_totals_add_up(lines: list[DraftLine]) -> None:
    totals = totals_of(lines)
    assert totals.grants + totals.refusals == totals.cases == len(lines)
    assert totals.total_yen + sum(line.amount_yen for line in lines if line.outcome is Outcome.REFUSE) == sum(
        line.amount_yen for line in lines
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"case_id": "c2"}, {"case_version": 4}, {"submission_id": "s2"}, {"submission_version": 8},
        {"outcome": Outcome.REFUSE}, {"ground": "理由"}, {"amount_yen": 49_999},
    ],
    ids=lambda changed: next(iter(changed)),
)  # fmt: skip
def test_every_part_of_a_line_tells(changed: dict[str, Any]) -> None:
    assert digest_of([LINE]) != digest_of([replace(LINE, **changed)])


def test_the_order_tells_too() -> None:
    other = replace(LINE, case_id="c2")
    assert digest_of([LINE, other]) != digest_of([other, LINE])
    assert digest_of([LINE, other]) == digest_of([LINE, other])
