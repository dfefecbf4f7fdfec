"""What each kind of field may hold: its characters, and the look-alikes that fold into them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ocr.decoding.masks import CharMask
from ocr.layout import Content

KANA_LARGE = (
    "アイウエオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポ"
    "マミムメモヤユヨラリルレロワヲンヴ"
)
KANA_SMALL = "ァィゥェォッャュョヮ"
KATAKANA = KANA_LARGE + KANA_SMALL + "ー"


def _pairs(text: str) -> dict[str, str]:
    """A table of look-alikes from words of two letters: what may be seen, then what it is."""
    return {pair[0]: pair[1] for pair in text.split()}


_KANA_LOOKALIKES = _pairs(
    "一ー ―ー —ー －ー -ー –ー ｰー ─ー 才オ 力カ 工エ 口ロ 二ニ 八ハ "
    "夕タ 卜ト 千チ 三ミ 夂タ へヘ べベ ぺペ りリ かカ ヶケ ヵカ 个ケ せセ "
    "やヤ もモ きキ うウ 厶ム 人ヘ νレ 廾サ 丿ノ /ノ 刀カ 七セ 匕ヒ 乙ス "
    "又ヌ 不ネ 木ホ 未ホ 于テ 干チ 手テ 了ア Dロ □ロ"
)
_DIGIT_LOOKALIKES = _pairs(
    "O0 o0 〇0 ○0 D0 Q0 ◯0 l1 I1 |1 丨1 i1 !1 Z2 z2 S5 s5 b6 B8 q9 g9 Ｏ0 口0 ロ0 つ7 フ7 ワ7 ク7 了3 ろ3 乙2"
)
_SEPARATORS = " -－―—–‐ｰ()（）〒・.,、¥￥円のーノ~〜"
_DASHES = "-－―—–‐ｰ"
_MONEY_SIGNS = {sign: (sign, 0.0) for sign in ",¥円也-"} | {"，": (",", 0.0), "￥": ("¥", 0.0), "\\": ("¥", 0.0)}
# what 円 and ¥ are taken for by hand; no amount holds these
_MONEY_LOOKALIKES = dict.fromkeys("内冂円月用田丹門図图囗圓", "円") | dict.fromkeys("yYＹ羊半￡", "¥")
_TIME_SIGNS = {sign: (":", 0.0) for sign in ":：時h"} | {"半": ("半", 0.0), "分": ("", 0.0)}
_DATE_SIGNS = {sign: ("/", 0.0) for sign in "年月日/／.．・-－‐"}
_ERA_LETTERS = "明治大正昭和平成令MTSHR"
_JAPANESE_SIGNS = "々〆ヶヵー・ 　"
_ADDRESS_SIGNS = _JAPANESE_SIGNS + "0123456789０１２３４５６７８９-－‐―—()（）#＃,.／/、号"
_EMAIL = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._-+"
# Kanji that hardly stand in names and addresses, and look like ones that do (千 日 才 大 未 土 ...).
_RARE_TWINS = "干曰夭戊戌已"
BLANKED = ""  # output of classes whose ink separates characters and is no character itself


@lru_cache(maxsize=64)
def mask_for(content: Content, alphabet: tuple[str, ...], year_one: bool = False) -> CharMask:
    """The mask of a kind of field over an engine's classes. year_one: 元 counts as the digit 1."""
    fold = _folding(content, year_one)
    outputs: dict[str, int] = {BLANKED: 0}
    rows: list[tuple[int, int, float]] = [(0, 0, 0.0)]
    for column, char in enumerate(alphabet[1:], start=1):
        folded = fold(char)
        if folded is not None:
            target, weight = folded
            rows.append((column, outputs.setdefault(target, len(outputs)), weight))
    columns, groups, weights = zip(*rows, strict=True)
    return CharMask(
        tuple(outputs), np.array(columns, np.int64), np.array(groups, np.int64), np.array(weights, np.float64)
    )


Folding = Callable[[str], tuple[str, float] | None]
_LOOKALIKE_WEIGHT = -0.7
_SIGN_WEIGHT = -1.0  # signs are rarer than letters, and dust looks like one
_LATIN_WEIGHT = -2.0  # few names are written in Latin letters, and many strokes of kanji look like one


def _folding(content: Content, year_one: bool) -> Folding:
    if content in (Content.DIGITS, Content.PHONE, Content.POSTAL_CODE, Content.MY_NUMBER):
        return _digit
    if content is Content.DATE:
        return _digit_year_one if year_one else _written_date
    if content is Content.MONEY:
        return _money
    if content is Content.TIME:
        return _time
    if content is Content.KATAKANA:
        return _katakana
    if content is Content.EMAIL:
        return _email
    return _name if content is Content.NAME else _address if content is Content.ADDRESS else _text


def _digit(char: str) -> tuple[str, float] | None:
    if char in "0123456789":
        return char, 0.0
    if char in "０１２３４５６７８９":
        return unicodedata.normalize("NFKC", char), 0.0
    if char in _DIGIT_LOOKALIKES:
        return _DIGIT_LOOKALIKES[char], _LOOKALIKE_WEIGHT
    return (BLANKED, 0.0) if char in _SEPARATORS else None


def _digit_year_one(char: str) -> tuple[str, float] | None:
    return ("1", 0.0) if char == "元" else _digit(char)


def _money(char: str) -> tuple[str, float] | None:
    if char in _MONEY_SIGNS:
        return _MONEY_SIGNS[char]
    if char and char in _MONEY_LOOKALIKES:
        return _MONEY_LOOKALIKES[char], _LOOKALIKE_WEIGHT
    if char in _DASHES:
        return "-", 0.0
    return (",", _LOOKALIKE_WEIGHT) if char in "、.．" else _digit(char)


def _time(char: str) -> tuple[str, float] | None:
    if char in _TIME_SIGNS:
        return _TIME_SIGNS[char]
    return (":", _LOOKALIKE_WEIGHT) if char in ".;・" else _digit(char)


def _written_date(char: str) -> tuple[str, float] | None:
    if char in _DATE_SIGNS:
        return _DATE_SIGNS[char]
    return (char, 0.0) if char and char in _ERA_LETTERS else _digit_year_one(char)


def _katakana(char: str) -> tuple[str, float] | None:
    if char in KATAKANA:
        return char, 0.0
    if char in _KANA_LOOKALIKES:
        return _KANA_LOOKALIKES[char], _LOOKALIKE_WEIGHT
    if char in "゛゜":
        return char, 0.0
    if "ぁ" <= char <= "ん" and chr(ord(char) + 0x60) in KATAKANA:
        return chr(ord(char) + 0x60), _LOOKALIKE_WEIGHT * 2
    return (" ", 0.0) if char in " \u3000・" else None


def look_alike(char: str) -> str:
    """The katakana that a character is, or looks like when it is written by hand; itself where it looks like none."""
    found = _katakana(char)
    return found[0] if found and found[0].strip() else char


def _email(char: str) -> tuple[str, float] | None:
    narrow = unicodedata.normalize("NFKC", char)
    if narrow in _EMAIL:
        return narrow, 0.0
    return (BLANKED, 0.0) if char == " " else None


def _writable(char: str) -> bool:
    """Whether CP932 has it: what a Japanese system of record could have written."""
    try:
        char.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


def _japanese(char: str) -> bool:
    """Letters and kanji of CP932."""
    wide = bool(char) and unicodedata.category(char) == "Lo" and unicodedata.east_asian_width(char) == "W"
    return wide and _writable(char)


def _rarity(char: str) -> float:
    """How much less a kanji is to be expected, as a logarithm: the unusual are mostly misread common ones."""
    if char in _RARE_TWINS:
        return -1.5
    if not _japanese(char) or char < "一":
        return 0.0
    try:
        code = char.encode("euc_jp")
    except UnicodeEncodeError:
        return -2.0  # outside JIS X 0208: IBM additions such as 黑
    return -1.0 if code[0] >= 0xD0 else 0.0  # second level of JIS X 0208


def _name(char: str) -> tuple[str, float] | None:
    if char in " \u3000・":
        return " ", 0.0
    narrow = unicodedata.normalize("NFKC", char)
    if len(narrow) == 1 and narrow.isascii() and narrow.isalpha():
        return narrow, _LATIN_WEIGHT
    return (char, _rarity(char)) if _japanese(char) or char in _JAPANESE_SIGNS else None


def _address(char: str) -> tuple[str, float] | None:
    if char in " \u3000":
        return " ", 0.0
    if char in "-－‐―—–":
        return "-", 0.0
    narrow = unicodedata.normalize("NFKC", char)
    if len(narrow) == 1 and narrow.isascii() and narrow.isalnum():
        return narrow, 0.0
    return (char, _rarity(char)) if _japanese(char) or char in _ADDRESS_SIGNS else None


def _text(char: str) -> tuple[str, float] | None:
    found = _address(char)
    if found is not None or len(char) != 1 or not char.isprintable() or not _writable(char):
        return found
    return char, _SIGN_WEIGHT
