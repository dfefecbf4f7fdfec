"""The two values of one field opposite each other: all that a level may look at."""

from __future__ import annotations

from typing import Any, NamedTuple


class Sides(NamedTuple):
    """The values of a field in both records, hashable, so that a level once found is remembered.

    left, right: as `matchers.fields.Value`. written: both as registered, for fields whose values are folded keys.
    swapped: found in the other part's place. former: one is a former or another name of the other.
    """

    left: Any
    right: Any
    written: tuple[str, str] | None = None
    swapped: bool = False
    former: bool = False
