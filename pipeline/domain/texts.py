"""What counts as text: pure."""

from __future__ import annotations

import re

_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


def is_text(text: str) -> bool:
    """Whether a database can keep it: no NUL, no half of a character (a lone surrogate, as JSON may escape it)."""
    return _NO_TEXT.search(text) is None
