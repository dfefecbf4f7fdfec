"""Names as registers and cards print them: the registered name, former names and names in use apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

from japan.names import is_latin, normalise_name, split_name
from japan.text import drop_spaces, fold_width, squeeze_spaces

_BRACKETS = str.maketrans("［｛〔【〈《「『｝］〕】〉》」』<>{}", "[[[[[[[[]]]]]]]][][]")
_IN_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_ANY = re.compile(r"[(\[（［｛〔【〈《「『<{｢]")
_FORMER = re.compile(r"^(?:旧姓|旧氏|旧名|旧)[:\s・]*(?=\S)")
_IN_USE = re.compile(r"^(?:通称名|通称|併記名|別名)[:\s・]*(?=\S)")
_KANA = re.compile("[ァ-ヺーぁ-ゖ・ ]+")
_KANJI = re.compile("[\u3005\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


@dataclass(frozen=True)
class RegisteredName:
    """legal: the name without what stood in brackets. former: 旧氏 as whole names, as far as the given name is known.
    aliases: 通称 and other names in use. kana: a reading that stood in brackets, "" for none."""

    legal: str
    former: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    kana: str = ""


def read_registered_name(text: str) -> RegisteredName:
    """The parts of a name with brackets; a name without them is its own legal name.

    旧氏 stands in brackets behind the family name: 山田(佐藤)花子, 山田［佐藤］ 花子, 山田花子(旧姓 佐藤)
    (住民基本台帳法施行令第30条の13, as cards and licences print it). A 通称 stands in brackets behind the whole
    name, ZHANG WEI(山田 太郎) (the same, 第30条の16). One word behind a name in kanji is a former family name where it
    is in kanji and a reading where it is in kana.
    """
    if not _ANY.search(text):
        return RegisteredName(text)
    plain = squeeze_spaces(fold_width(text.translate(_BRACKETS)).translate(_BRACKETS))
    found = list(_IN_BRACKETS.finditer(plain))
    legal = squeeze_spaces(_IN_BRACKETS.sub(" ", plain)) if found else plain
    if not found or not drop_spaces(legal):
        return RegisteredName(text)
    former: list[str] = []
    aliases: list[str] = []
    kana = ""
    for one in found:
        said = one[1].strip(" ・")
        if not said:
            continue
        if kind := _FORMER.match(said):
            former.append(_with_given(said[kind.end() :], legal, plain, one))
        elif kind := _IN_USE.match(said):
            aliases.append(said[kind.end() :])
        elif _is_reading(said, legal):
            kana = said
        elif _is_former(said, legal, plain, one):
            former.append(_with_given(said, legal, plain, one))
        else:
            aliases.append(said)
    return RegisteredName(legal, tuple(former), tuple(aliases), kana)


def _is_reading(said: str, legal: str) -> bool:
    return bool(_KANA.fullmatch(said)) and bool(_KANJI.search(legal))


def _is_former(said: str, legal: str, plain: str, found: re.Match[str]) -> bool:
    """Whether a family name stands there: one word, in the middle of a name or behind one in the same script."""
    if " " in said or is_latin(legal) != is_latin(said):
        return False
    return bool(plain[found.end() :].strip()) or found[0].startswith("[") or len(said) <= 3


def _with_given(family: str, legal: str, plain: str, found: re.Match[str]) -> str:
    """The former family name with the given name: what follows the brackets, or else the name's second part."""
    if " " in family.strip():
        return family.strip()
    given = normalise_name(_IN_BRACKETS.sub(" ", plain[found.end() :])) or split_name(legal).given or ""
    return f"{family.strip()} {given}".strip()
