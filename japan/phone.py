"""Telephone numbers of Japan."""

from __future__ import annotations

import re

from japan.text import DASHES, fold_width

_NOISE = re.compile(rf"[\s()\[\]{re.escape(DASHES)}ー.・/~]")
_LEAD = re.compile(r"^(?:TEL|電話番号|電話|携帯番号|携帯|自宅|TELEPHONE|PHONE)[:.]*", re.IGNORECASE)
_EXTENSION = re.compile(r"(?:\(?内線?\)?|EXT\.?|#).*$", re.IGNORECASE)
_WORD_BEHIND = re.compile(r"\(?[^\d\s()+]{1,6}\)?$")
_SECOND = re.compile(r"(?<=\d{4})[,、;・/ 　]+(?=\(?\+?0).*$")
_LOOK_ALIKE = str.maketrans("OolI|", "00111")


def normalise_phone(text: str, area_code: str = "") -> str | None:
    """The digits of a number with its leading 0 (0312345678, 09012345678); None when it is none.

    area_code: put before a number that begins with its local exchange, where the two make ten digits.

    Source: 電気通信番号計画 (令和元年総務省告示第6号): 0, area code and exchange are six digits together however long
    the area code is, and four follow, so every number has ten digits, or eleven after 050, 060, 070, 080 (0800 too) and
    090. +81 and 0081 become 0. A zero eaten by a spreadsheet is put back. Dropped: an extension (内線), a word before
    or after (TEL, 自宅), a second number.
    """
    plain = fold_width(text).strip()
    plain = _WORD_BEHIND.sub("", _EXTENSION.sub("", _LEAD.sub("", _SECOND.sub("", plain))))
    plain = _NOISE.sub("", plain).translate(_LOOK_ALIKE)
    plain = re.sub(r"^(?:\+|00)810?", "0", plain)
    if not plain.isascii() or not plain.isdigit():
        return None
    return next((one for one in _readings(plain, area_code) if _is_number(one)), None)


def _readings(digits: str, area_code: str) -> tuple[str, ...]:
    if digits.startswith("0"):
        return (digits,)
    return ("0" + digits, area_code + digits)


def _is_number(digits: str) -> bool:
    if not re.fullmatch(r"0[1-9]\d{8,9}", digits):
        return False
    mobile = digits[:3] in {"050", "060", "070", "080", "090"}
    return len(digits) == (11 if mobile else 10)
