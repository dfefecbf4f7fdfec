"""Where the family name ends in a name written without a space."""

from __future__ import annotations

import re
from functools import lru_cache

from japan.kana import to_full_katakana
from japan.names import NameParts, normalise_name
from japan.readings import NamePart, listed_readings, log_reading
from japan.text import drop_spaces

_JAPANESE = re.compile("[\u3005\u3041-\u3096\u30a1-\u30fc\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]{2,9}")
MARGIN = 3.0
"""How much likelier (natural logarithm) the best cut must be than the next: about twenty times."""
_UNLISTED = -4.0
_LONGEST_FAMILY = 5
_LONGEST_READING = 24
_SIZE = {(1, 1): -3.0, (1, 2): -1.6, (2, 1): -1.4, (2, 2): 0.0, (2, 3): -2.0, (3, 1): -2.5, (3, 2): -1.2, (1, 3): -3.0}


def split_unspaced(name: str, kana: str = "") -> NameParts | None:
    """The parts of a name in Japanese script that shows none, or None where two cuts are about as likely.

    kana: its reading, with or without a space; with one the kana decide. The knowledge is in `japan.readings` (names of
    IPADIC); names without any are told by which cuts make a listed family name and a listed given name, and by how
    long such parts mostly are.
    """
    plain = normalise_name(name)
    if not _JAPANESE.fullmatch(plain):
        return None
    return _split(plain, to_full_katakana(kana).strip())


@lru_cache(maxsize=4096)
def _split(name: str, kana: str) -> NameParts | None:
    cuts = range(1, min(len(name) - 1, _LONGEST_FAMILY) + 1)
    sure = [cut for cut in cuts if kana and _both_listed(name[:cut], name[cut:], drop_spaces(kana))]
    if len(sure) == 1:
        return NameParts(name[: sure[0]], name[sure[0] :])
    scores = sorted(((_score(name[:cut], name[cut:], kana), cut) for cut in cuts), reverse=True)
    if len(scores) > 1 and scores[0][0] - scores[1][0] < MARGIN:
        return None
    cut = scores[0][1]
    return NameParts(name[:cut], name[cut:])


def _score(family: str, given: str, kana: str) -> float:
    listed = sum(0.0 if listed_readings(*part) else _UNLISTED for part in _parts(family, given))
    length = _SIZE.get((len(family), len(given)), -5.0)
    return length + listed + _read(family, given, kana) if kana else length + listed


def _both_listed(family: str, given: str, kana: str) -> list[int]:
    """Where the reading may be cut so that both of its parts are listed for these names."""
    firsts = listed_readings(family, NamePart.FAMILY)
    rests = listed_readings(given, NamePart.GIVEN) if firsts else frozenset()
    return [len(one) for one in firsts if rests and kana.startswith(one) and kana[len(one) :] in rests]


def _parts(family: str, given: str) -> tuple[tuple[str, NamePart], tuple[str, NamePart]]:
    return (family, NamePart.FAMILY), (given, NamePart.GIVEN)


def _read(family: str, given: str, kana: str) -> float:
    """ln of how probable the reading is for these parts; without a space, at the best of its own cuts."""
    first, _, rest = kana.partition(" ")
    if rest:
        return log_reading(family, first, NamePart.FAMILY) + log_reading(given, drop_spaces(rest), NamePart.GIVEN)
    cuts = _listed_cuts(family, given, kana) or [len(kana) // 2]
    return max(_log_both(family, given, kana, cut) for cut in cuts)


def split_reading(family: str, given: str, kana: str) -> tuple[str, str] | None:
    """The reading of a family and a given name apart, for a reading written without a space; None where unclear."""
    whole = drop_spaces(to_full_katakana(kana))
    return _split_reading(family, given, whole) if 2 <= len(whole) <= _LONGEST_READING else None


@lru_cache(maxsize=4096)
def _split_reading(family: str, given: str, kana: str) -> tuple[str, str] | None:
    sure = _both_listed(family, given, kana)
    if len(sure) == 1:
        return kana[: sure[0]], kana[sure[0] :]
    cuts = _listed_cuts(family, given, kana) or range(1, len(kana))
    scores = sorted(((_log_both(family, given, kana, cut), cut) for cut in cuts), reverse=True)
    if len(scores) > 1 and scores[0][0] - scores[1][0] < MARGIN:
        return None
    return kana[: scores[0][1]], kana[scores[0][1] :]


def _listed_cuts(family: str, given: str, kana: str) -> list[int]:
    """Where a listed reading of the family name ends, or one of the given name begins."""
    found = {len(one) for one in listed_readings(family, NamePart.FAMILY) if kana.startswith(one)}
    found |= {len(kana) - len(one) for one in listed_readings(given, NamePart.GIVEN) if kana.endswith(one)}
    return sorted(cut for cut in found if 0 < cut < len(kana))


def _log_both(family: str, given: str, kana: str, cut: int) -> float:
    return log_reading(family, kana[:cut], NamePart.FAMILY) + log_reading(given, kana[cut:], NamePart.GIVEN)
