"""What the fields of one page tell of each other, settled: names read with their kana, then all of them confirmed."""

from __future__ import annotations

from collections.abc import Sequence

from ocr.confidence.confirm import Confirmation, Fact, confirm, weigh
from ocr.confidence.one_person import reread_names
from ocr.readings import Reading


def settle(readings: Sequence[Reading], facts: Sequence[Fact]) -> tuple[list[Reading], list[Confirmation]]:
    """The readings, in their order, as other fields change them and make them sure; and the evidence that did the
    latter."""
    together = reread_names(readings, facts)
    evidence = confirm({one.name: one for one in together}, facts)
    return weigh(together, evidence), evidence
