"""Kana: one full-width katakana for every way of writing it, and keys to compare readings by."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import jaconv

from japan.text import DASHES, drop_spaces, fold_width, squeeze_spaces

_KANA = "ァ-ヺーヽヾ"
_LONG = re.compile(f"(?<=[{_KANA}])[{re.escape(DASHES)}~〜]+(?=[{_KANA}\\s]|$)")
_KATAKANA = re.compile(f"[{_KANA}・ ]+")
_MARKS = str.maketrans("ゝゞ", "ヽヾ")
_FULL_ALREADY = re.compile(f"(?:[{_KANA}・]+(?: (?=[{_KANA}・])|$))*")

SMALL_TO_LARGE = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_SAME_SOUND = str.maketrans("ヲヰヱヂヅ", "オイエジズ")
_V_SOUNDS = (("ヴァ", "バ"), ("ヴィ", "ビ"), ("ヴェ", "ベ"), ("ヴォ", "ボ"), ("ヴ", "ブ"))

_KANJI_AS_KANA = str.maketrans("才力工夕千卜二三八口又一", "オカエタチトニミハロヌー")

_ROWS = {
    "ア": "アカサタナハマヤラワガザダバパァャヮ",
    "イ": "イキシチニヒミリギジヂビピィヰ",
    "ウ": "ウクスツヌフムユルグズヅブプゥュヴッ",
    "エ": "エケセテネヘメレゲゼデベペェヱ",
    "オ": "オコソトノホモヨロヲゴゾドボポォョ",
}
_VOWEL = {kana: vowel for vowel, row in _ROWS.items() for kana in row}


def to_full_katakana(text: str) -> str:
    """The text with all kana as full-width katakana, sound marks joined, dashes after kana as ー.

    Hiragana and half-width kana become full-width katakana; characters that look like ー (‐－―−-) become it
    where kana stand before them and kana, space or the end after. Spaces become single ASCII spaces;
    everything else (kanji, Latin, digits) is only folded in width.
    """
    if _FULL_ALREADY.fullmatch(text):
        return text
    wide = squeeze_spaces(fold_width(text))
    kata: str = jaconv.hira2kata(wide)
    return _LONG.sub("ー", kata.translate(_MARKS))


def is_katakana(text: str) -> bool:
    """True for a text of full-width katakana, ー, ・ and spaces only, with at least one character."""
    return bool(_KATAKANA.fullmatch(text)) and bool(text.strip())


@lru_cache(maxsize=16384)
def kana_key(text: str) -> str:
    """A key equal for readings that sound the same and are merely written differently.

    Small kana count as large, ヲ as オ, ヅ as ズ, ヂ as ジ, ヴ as ブ; a long vowel is written as its vowel
    (コータロー, コオタロオ and コウタロウ agree), a repetition mark as what it repeats (ミスヾ as ミスズ); spaces, ・
    and loose marks are dropped. Sound marks and vowels are kept, since カ/ガ and ユキ/ユウキ are different names. In a
    reading otherwise all in kana, a kanji that looks like one of them counts as it (リ一, 夕ロウ). A full-width key;
    not for display. The rules of 現代仮名遣い (昭和61年内閣告示第1号, 第1 5 and 第2 5) say which of them sound alike.
    """
    kata = unicodedata.normalize("NFC", drop_spaces(to_full_katakana(text)).replace("・", "").upper())
    kata = to_full_katakana("".join(char for char in kata if not unicodedata.combining(char)))
    read = kata.translate(_KANJI_AS_KANA)
    kata = _REPEATED.sub(_repeat, read if _KATAKANA.fullmatch(read) and _ANY_KANA.search(kata) else kata)
    if "ヴ" in kata:
        for old, new in _V_SOUNDS:
            kata = kata.replace(old, new)
    return _spell_long_vowels(kata.translate(_SAME_SOUND).translate(SMALL_TO_LARGE))


_ANY_KANA = re.compile("[ァ-ヺ]")
_REPEATED = re.compile("([ァ-ヺ])(ー*)([ヽヾ]+)")


def _repeat(found: re.Match[str]) -> str:
    """The kana before the marks once more for each of them; ヾ voices it and ヽ unvoices nothing."""
    said = found[1] + found[2]
    last = found[1]
    for mark in found[3]:
        voiced = unicodedata.normalize("NFC", last + "\u3099") if mark == "ヾ" else last
        last = voiced if len(voiced) == 1 else last  # ミ has no voiced form
        said += last
    return said


def _spell_long_vowels(kata: str) -> str:
    out: list[str] = []
    for char in kata:
        vowel = _VOWEL.get(out[-1]) if out else None
        if char == "ー" and vowel:
            char = {"オ": "ウ", "エ": "イ"}.get(vowel, vowel)
        elif (char == "オ" and vowel == "オ") or (char == "エ" and vowel == "エ"):
            char = {"オ": "ウ", "エ": "イ"}[char]
        if char != "ー":
            out.append(char)
    return "".join(out)


# What a machine takes for what in handwritten katakana: each group counts as its first character.
_LOOKALIKES = (
    "アマヤ",
    "ウワクケフラタ",
    "オホ",
    "コユヨエロニミ",
    "シツソン",
    "スヌ",
    "チテ",
    "ナメ",
    "ルレ",
)
_SHAPE = {char: group[0] for group in _LOOKALIKES for char in group}


@lru_cache(maxsize=16384)
def kana_shape_key(text: str) -> str:
    """A coarse key under which readings with look-alike kana meet: to find candidates, never to agree.

    Works on kana as read by a machine: kanji that look like kana count as kana, sound marks are dropped,
    look-alike shapes are one, ノ and ー (often lost) are dropped.
    """
    kata = drop_spaces(to_full_katakana(text)).translate(_KANJI_AS_KANA).translate(SMALL_TO_LARGE)
    kata = _REPEATED.sub(_repeat, kata)
    plain = unicodedata.normalize("NFD", kata.translate(_SAME_SOUND))
    bare = "".join(_SHAPE.get(char, char) for char in plain if char not in "ノー・\u3099\u309a")
    return re.sub(r"(.)\1+", r"\1", bare)


_ZENGIN = re.compile(r"[0-9A-Zｱ-ﾝﾞﾟ\\,.｢｣()\-/ ]*")
_TO_HALF_LARGE = str.maketrans("ｧｨｩｪｫｯｬｭｮｦ", "ｱｲｳｴｵﾂﾔﾕﾖｵ")


def zengin_kana(text: str) -> str | None:
    """The text as an account holder's name in a Zengin file; None when a character has no place there.

    Half-width: large kana (small ones become large, ヲ becomes ｵ), sound marks apart, ー as -, upper-case
    letters, digits and the symbols ¥,.｢｣()-/ (¥ as the byte of the backslash). Length is not checked.
    """
    kata = to_full_katakana(text).replace("ー", "-").replace("¥", "\\").replace("・", ".")
    for old, new in (("ヰ", "イ"), ("ヱ", "エ"), ("ヮ", "ワ"), ("ヵ", "カ"), ("ヶ", "ケ")):
        kata = kata.replace(old, new)
    half: str = jaconv.z2h(kata, kana=True, ascii=False, digit=False)
    half = half.translate(_TO_HALF_LARGE).replace("「", "｢").replace("」", "｣").upper()
    return half if _ZENGIN.fullmatch(half) else None
