"""What tells how sure a reading is, before it is calibrated (`ocr.confidence.calibration`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

SIGNS = ("log_score", "surplus", "page", "second")
"""Each makes surer: no weight is ever below nought. `surplus` has a share of its own in every group."""
_MOST = 9.0
"""No score counts for more than odds of e^9: what the engine cannot know of goes wrong more often than that."""
_PAGE_MOST = 5.0
"""What the best read field says of its page: how many others are read so tells more than how well one is."""


@dataclass(frozen=True)
class Signs:
    """What tells how sure a reading is, before calibration.

    sort: content and kind of place (`ocr.confidence.calibration.sort_of`). engine: what read it. score: its own
    confidence, 0.0-1.0. length: its characters. page: the mean evidence of the other fields on the page, which says how
    well this hand and this scan are read; None where there is none. second: how probable the line recogniser takes
    the characters to be that were read in cells; None where it was not asked.
    """

    sort: str
    engine: str
    score: float
    length: int = 0
    page: float | None = None
    second: float | None = None

    @property
    def group(self) -> str:
        """What has a level of its own."""
        return f"{self.sort} by {self.engine}"

    def numbers(self, usual_page: float) -> tuple[float, ...]:
        """In the order of SIGNS, in natural logarithms where they are probabilities. usual_page: for a lone field."""
        page = usual_page if self.page is None else self.page
        second = 0.0 if self.second is None else evidence_of(self.second)
        return log(max(self.score, 1e-3)), evidence_of(self.score), page, second


def evidence_of(probability: float) -> float:
    """-ln of the chance of being wrong, 0.0 to 9.0."""
    return min(_MOST, -log(max(1.0 - probability, 1e-9)))


def with_pages(signs: Sequence[Signs | None]) -> list[Signs | None]:
    """The signs of all fields of a page, each with the mean evidence of the others that have characters."""
    known = {
        n: min(_PAGE_MOST, evidence_of(one.score)) for n, one in enumerate(signs) if one is not None and one.length
    }
    total, count = sum(known.values()), len(known)
    out: list[Signs | None] = []
    for n, one in enumerate(signs):
        others = count - (n in known)
        page = round((total - known.get(n, 0.0)) / others, 4) if others else None
        out.append(replace(one, page=page) if one is not None else None)
    return out
