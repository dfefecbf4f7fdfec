"""Telephone numbers of Japan."""

from __future__ import annotations

import re

from japan.text import fold_width

_NOISE = re.compile(r"[\s()\-‐‑‒–—―−ー.・]")


def normalise_phone(text: str) -> str | None:
    """The digits of a number with its leading 0 (0312345678, 09012345678); None when it is none.

    +81 and 0081 become 0. A number has ten digits, or eleven after 050, 060, 070, 080 (also 0800) and 090.
    """
    plain = _NOISE.sub("", fold_width(text))
    plain = re.sub(r"^(?:\+|00)810?", "0", plain)
    if not re.fullmatch(r"0[1-9]\d{8,9}", plain):
        return None
    mobile = plain[:3] in {"050", "060", "070", "080", "090"}
    return plain if len(plain) == (11 if mobile else 10) else None
