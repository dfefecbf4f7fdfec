"""起案 as a frozen list: its totals, and the digest that shows whether it was touched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from pipeline.domain.statuses import Outcome


@dataclass(frozen=True)
class Proposal:
    """What is proposed for one case. ground: why it is refused (理由提示), "" for a grant."""

    case_id: str
    outcome: Outcome = Outcome.GRANT
    ground: str = ""


@dataclass(frozen=True)
class DraftScope:
    """What all cases of one draft have in common."""

    procedure_id: str
    department: str
    protected: bool = False


@dataclass(frozen=True)
class Placing:
    """Where a case stands in the order of its procedure. rank: from 1. place: the facility given, "" for none."""

    points: int
    rank: int
    place: str

    def decides_as(self, other: Placing) -> bool:
        """True when points and place agree. The rank alone moves whenever somebody above comes or goes."""
        return (self.points, self.place) == (other.points, other.place)


@dataclass(frozen=True)
class DraftLine:
    """One case as it stood when the draft was made. ground: why it is refused, "" for a grant. placing: None where
    nobody is ranked, or the case was not in the order."""

    case_id: str
    case_version: int
    submission_id: str
    submission_version: int
    outcome: Outcome
    ground: str
    amount_yen: int
    placing: Placing | None = None


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
    text = json.dumps([_parts(line) for line in lines], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _parts(line: DraftLine) -> list[object]:
    """What a digest is over; without a placing as it was before there were any, so that old drafts still verify."""
    *parts, placing = astuple(line)
    return parts if placing is None else [*parts, placing]
