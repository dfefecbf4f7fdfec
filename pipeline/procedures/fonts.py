"""The Japanese font that letters and forms are set in; found on the system, never shipped."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

GETA = "〓"
"""Printers' mark for a character that the font does not have."""

# Debian and Ubuntu packages fonts-ipaexfont-gothic, fonts-ipafont-gothic, fonts-takao-gothic, fonts-vlgothic
# and the link that whichever is installed sets. Noto CJK has CFF outlines, which reportlab does not embed.
CANDIDATES = (
    Path("/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf"),
    Path("/usr/share/fonts/truetype/ipaexfont-gothic/ipaexg.ttf"),
    Path("/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf"),
    Path("/usr/share/fonts/truetype/takao-gothic/TakaoGothic.ttf"),
    Path("/usr/share/fonts/truetype/vlgothic/VL-Gothic-Regular.ttf"),
    Path("/usr/share/fonts/truetype/fonts-japanese-gothic.ttf"),
)


class FontError(Exception):
    """No font to set Japanese in. code: font_missing or font_unusable; the message says what to install."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def find_japanese_font(configured: Path | None = None, candidates: Iterable[Path] = CANDIDATES) -> Path:
    """The configured font, or else the first candidate that is there. Raises FontError (font_missing)."""
    if configured is not None:
        if configured.is_file():
            return configured
        raise FontError("font_missing", "The configured Japanese font does not exist: mend the setting.")
    for path in candidates:
        if path.is_file():
            return path
    raise FontError(
        "font_missing", "No Japanese font is installed: apt-get install fonts-ipaexfont-gothic, or set one."
    )


def register_font(path: Path) -> str:
    """The name under which reportlab now knows the font. Raises FontError (font_unusable)."""
    name = f"ichimado-{path.stem}"
    if name in pdfmetrics.getRegisteredFontNames():
        return name
    try:
        font = TTFont(name, str(path))
    except (TTFError, OSError) as error:
        raise FontError("font_unusable", f"{path.name} cannot be embedded: {type(error).__name__}") from None
    if ord("あ") not in font.face.charToGlyph:
        raise FontError("font_unusable", f"{path.name} has no Japanese characters.")
    pdfmetrics.registerFont(font)
    return name


def printable(text: str, font_name: str) -> str:
    """The text with 〓 for each character that the font lacks, since a blank would pass unseen."""
    glyphs = pdfmetrics.getFont(font_name).face.charToGlyph
    return "".join(char if ord(char) in glyphs or char in "\n\t " else GETA for char in text)
