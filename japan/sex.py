"""Sex as registers, forms and exports write it."""

from __future__ import annotations

from japan.text import drop_spaces, fold_width

# 男/女 as on the 住民票; M/F; 1/2 as in 住民記録システム標準仕様書 and ISO/IEC 5218 (0 not known, 9 not applicable).
_MALE = frozenset({"男", "男性", "M", "MALE", "MAN", "BOY", "1", "オトコ", "おとこ"})
_FEMALE = frozenset({"女", "女性", "F", "FEMALE", "WOMAN", "GIRL", "2", "オンナ", "おんな"})


def normalise_sex(text: str) -> str:
    """ "M" or "F"; "" for anything else: not given, not stated, another answer."""
    plain = drop_spaces(fold_width(text)).upper().strip(".")
    if plain in _MALE:
        return "M"
    return "F" if plain in _FEMALE else ""
