"""Totals and digest of a frozen list."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.drafts import DraftLine, Placing, digest_of, totals_of
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
        {"outcome": Outcome.REFUSE}, {"ground": "理由"}, {"amount_yen": 49_999}, {"placing": Placing(28, 3, "")},
    ],
    ids=lambda changed: next(iter(changed)),
)  # fmt: skip
def test_every_part_of_a_line_tells(changed: dict[str, Any]) -> None:
    assert digest_of([LINE]) != digest_of([replace(LINE, **changed)])


def test_the_order_tells_too() -> None:
    other = replace(LINE, case_id="c2")
    assert digest_of([LINE, other]) != digest_of([other, LINE])
    assert digest_of([LINE, other]) == digest_of([LINE, other])


@pytest.mark.parametrize("other", [Placing(27, 3, "north"), Placing(28, 4, "north"), Placing(28, 3, "")])
def test_every_part_of_a_placing_tells_and_the_rank_alone_decides_nothing(other: Placing) -> None:
    was = Placing(28, 3, "north")
    assert digest_of([replace(LINE, placing=was)]) != digest_of([replace(LINE, placing=other)])
    assert was.decides_as(other) == (other.rank == 4)


def test_what_was_drafted_before_there_were_placings_still_verifies() -> None:
    assert digest_of([LINE]) == "b2be81dbb45a92802780b88ba2b615b9bea18731483f8f4a917ed652744e6dad"
