"""What counts as text: pure."""

from __future__ import annotations


def is_text(text: str) -> bool:
    """Whether a database can keep it: no NUL, no half of a character (a lone surrogate, as JSON may escape it)."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)
