"""起案 as a frozen list: its totals, and the digest that shows whether it was touched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from pipeline.domain.statuses import Outcome


@dataclass(frozen=True)
class DraftLine:
    """One case as it stood when the draft was made. ground: why it is refused, "" for a grant."""

    case_id: str
    case_version: int
    submission_id: str
    submission_version: int
    outcome: Outcome
    ground: str
    amount_yen: int


@dataclass(frozen=True)
class DraftTotals:
    """total_yen: of what is to be granted."""

    cases: int
    grants: int
    refusals: int
    total_yen: int


def totals_of(lines: Sequence[DraftLine]) -> DraftTotals:
    """The totals that stand at the head of the draft."""
    granted = [line for line in lines if line.outcome is Outcome.GRANT]
    return DraftTotals(len(lines), len(granted), len(lines) - len(granted), sum(line.amount_yen for line in granted))


def digest_of(lines: Sequence[DraftLine]) -> str:
    """SHA-256 (hex) over the lines in their order."""
    text = json.dumps([astuple(line) for line in lines], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
