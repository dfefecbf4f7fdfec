"""What tells how sure a reading is, before it is calibrated (`ocr.calibration`)."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

RISING = ("log_score", "surplus", "lowest", "lead", "page")
"""Signs whose weight is never below nought; `surplus` has a share of its own in every group."""
SIGNS = (*RISING, "length", "error")
_MOST = 9.0
"""No sign counts for more than odds of e^9: what the engine cannot know of goes wrong more often than that."""


@dataclass(frozen=True)
class Signs:
    """What tells how sure a reading is, before calibration.

    sort: content and kind of place (`sort_of`). engine: what read it. score: its own confidence, 0.0-1.0. lowest: that
    of its least sure character; rival: the probability of the next best value as a share of the best one's, where a
    grammar or a list gives them. page: the mean evidence of the other fields on the page, which says how well this
    hand and this scan are read; None where there is none. error_mm: how far the box may be off.
    """

    sort: str
    engine: str
    score: float
    lowest: float = 1.0
    rival: float = 0.0
    length: int = 0
    page: float | None = None
    error_mm: float = 0.0

    @property
    def group(self) -> str:
        """What has a level of its own."""
        return f"{self.sort} by {self.engine}"

    def numbers(self, usual_page: float) -> tuple[float, ...]:
        """In the order of SIGNS, in natural logarithms where they are probabilities. usual_page: for a lone field."""
        page = usual_page if self.page is None else self.page
        lead = min(_MOST, -log(max(self.rival, 1e-9)))
        return (
            log(max(self.score, 1e-3)),
            evidence_of(self.score),
            evidence_of(self.lowest),
            lead,
            page,
            log(1 + self.length),
            min(self.error_mm, 1.0),
        )


def evidence_of(probability: float) -> float:
    """-ln of the chance of being wrong, 0.0 to 9.0."""
    return min(_MOST, -log(max(1.0 - probability, 1e-9)))
