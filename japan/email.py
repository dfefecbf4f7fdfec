"""E-mail addresses as people type them."""

from __future__ import annotations

import re

from japan.text import drop_spaces, fold_width, strip_selectors

_SHAPE = re.compile(r"[^\s@<>,;]+@[^\s@<>,;.]+(?:\.[^\s@<>,;.]+)+")
_IN_ANGLES = re.compile(r".*<([^<>]*)>.*")


def normalise_email(text: str) -> str | None:
    """The address in lower case and narrow letters; None when it is none.

    `mailto:`, a name before <…> and dots or commas after the end are dropped, 。 counts as a dot. The part before the
    @ is folded in case too: RFC 5321 section 2.4 lets a host tell them apart and advises against it, and no carrier
    of Japan does. Dots within it stay: carriers gave out addresses such as a..b@ and a.@, each to another person.
    """
    plain = drop_spaces(strip_selectors(fold_width(text))).replace("。", ".").lower()
    plain = _IN_ANGLES.sub(r"\1", plain).removeprefix("mailto:").rstrip(".,;、")
    return plain if _SHAPE.fullmatch(plain) else None
