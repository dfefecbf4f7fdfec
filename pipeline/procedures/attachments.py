"""Telling scanned copies apart by the words printed on them."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz

from japan.text import drop_spaces, fold_width
from pipeline.procedures.pack import Procedure

LIKE_ENOUGH = 80.0
"""Percent of a word's characters: one wrong character in five may be the engine's."""


def find_kind(procedure: Procedure, lines: Iterable[str]) -> str | None:
    """The kind of attachment whose printed words stand in these lines; None when none or several kinds' do."""
    text = fold_width(drop_spaces("".join(lines)))
    found = [
        spec.kind
        for spec in procedure.attachments
        if any(fuzz.partial_ratio(word, text) >= LIKE_ENOUGH for word in spec.words if len(word) <= len(text))
    ]
    return found[0] if len(found) == 1 else None
