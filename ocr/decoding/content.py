"""What each kind of field may hold: its characters, the look-alikes that fold into them, its grammar."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import inf

import numpy as np
from numpy.typing import NDArray

from ocr.decoding.grammar import find_grammar, to_amount, to_time
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
NEGLIGIBLE = 5e-7
"""Outputs that no step of a line says with more than this probability are no part of it (`decode._LEAST` is more)."""
BLANKED = ""  # output of classes whose ink separates characters and is no character itself


@dataclass(frozen=True, eq=False)
class Seen:
    """What a line says within a mask.

    log_probs: [T, len(outputs)], each step summing to one; output 0 is the CTC blank. held: how much of the ink the
    mask explains, 0.0-1.0: low when the ink is something else.
    """

    outputs: tuple[str, ...]
    log_probs: NDArray[np.float64]
    held: float


@dataclass(frozen=True)
class CharMask:
    """The classes a field may hold.

    outputs: what may be read; index 0 is the CTC blank.
    columns: indices into the engine's classes; groups: for each of them the index into `outputs`;
    weights: natural logarithms of how far a look-alike counts.
    """

    outputs: tuple[str, ...]
    columns: NDArray[np.int64]
    groups: NDArray[np.int64]
    weights: NDArray[np.float64]

    def apply(self, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log-probabilities [T, len(outputs)] over the mask, each step summing to one."""
        return np.asarray(np.log(self._probabilities(logits)[0]), np.float64)

    def see(self, logits: NDArray[np.float32], also: Iterable[str] | None = ()) -> Seen:
        """What a line says within the mask, without the many outputs that it says next to nothing of, but for those
        of `also`; None for all outputs."""
        probabilities, held = self._probabilities(logits)
        if also is None:
            return Seen(self.outputs, np.asarray(np.log(probabilities), np.float64), held)
        kept = probabilities.max(axis=0) > NEGLIGIBLE
        kept[[0, *(self.index[char] for char in also)]] = True
        log_probs = np.asarray(np.log(probabilities[:, kept]), np.float64)
        return Seen(tuple(self._names[kept].tolist()), log_probs, held)

    def _probabilities(self, logits: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
        """Probabilities [T, len(outputs)], each step summing to one; and how much of the ink they are of."""
        columns, factors, layers = self._layers
        chosen = np.take(logits, columns, axis=1)
        np.exp(chosen, out=chosen)
        inked = float((1.0 - np.exp(logits[:, 0].astype(np.float64))).sum())  # each step sums to one
        kept = float(chosen[:, 1:].sum(dtype=np.float64))
        chosen *= factors
        sums, start = chosen[:, : len(self.outputs)], len(self.outputs)
        for groups in layers:
            sums[:, groups] += chosen[:, start : start + len(groups)]
            start += len(groups)
        sums = np.maximum(sums, 1e-9)
        sums /= sums.sum(axis=1, keepdims=True)
        return sums, min(1.0, kept / inked) if inked > 1e-6 else 1.0

    @cached_property
    def _names(self) -> NDArray[np.object_]:
        return np.array(self.outputs, np.object_)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """The place of each output but the blank."""
        return {char: place for place, char in enumerate(self.outputs) if place}

    @cached_property
    def _layers(self) -> tuple[NDArray[np.int64], NDArray[np.float32], list[NDArray[np.int64]]]:
        """The columns with their factors, first one for each output, then second ones, third ones...; and the outputs
        of each layer after the first. Few outputs have more than one column, so adding layers is adding little."""
        order = np.argsort(self.groups, kind="stable")
        groups = self.groups[order]
        rank = np.arange(len(groups)) - np.searchsorted(groups, groups)
        layered = np.lexsort((groups, rank))
        layers = [groups[layered][rank[layered] == level] for level in range(1, int(rank.max()) + 1)]
        chosen = order[layered]
        return self.columns[chosen], np.exp(self.weights[chosen]).astype(np.float32), layers


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


def exact_lengths(content: Content) -> tuple[int, ...]:
    """The numbers of characters a value may have; empty when any number is possible."""
    if content is Content.POSTAL_CODE:
        return (7,)
    if content is Content.MY_NUMBER:
        return (12,)
    return (10, 11) if content is Content.PHONE else ()


def to_value(content: Content, raw: str) -> str | None:
    """The value in the field's grammar, None when the characters do not make one."""
    text = raw.strip()
    if content is Content.KATAKANA:
        return re.sub(r"\s+", " ", unicodedata.normalize("NFC", compose(text))) or None
    if content is Content.ADDRESS:
        return settle_numbers(settle_twins(re.sub(r"\s+", " ", text))) or None
    if content in (Content.NAME, Content.TEXT):
        return settle_twins(re.sub(r"\s+", " ", text)) or None
    if content is Content.EMAIL:
        return text if re.fullmatch(_EMAIL_SHAPE, text) else None
    grammar = find_grammar(content)
    if grammar is None:
        return text
    if not text or grammar.weight(text) == -inf:
        return None
    return _SPELT[content](text) if content in _SPELT else text


_EMAIL_SHAPE = r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"
_SPELT = {Content.MONEY: to_amount, Content.TIME: to_time}


_KANA = "[ァ-ヶー]"
_TWINS = (  # one shape in two scripts: the neighbours tell
    (r"(?<=[ぁ-ん])リ|リ(?=[ぁ-ん])", "り"),
    (r"(?<=[ぁ-ん])ヘ|ヘ(?=[ぁ-ん])", "へ"),
    (rf"(?<={_KANA})[一―-](?={_KANA}|\s|$)", "ー"),
    (rf"(?<={_KANA})二(?={_KANA})", "ニ"),
    (rf"(?<={_KANA})口(?={_KANA})", "ロ"),
    (rf"(?<={_KANA})力(?={_KANA})", "カ"),
    (rf"(?<={_KANA})工(?={_KANA})", "エ"),
    (rf"(?<={_KANA})夕(?={_KANA})", "タ"),
    (rf"(?<={_KANA})卜(?={_KANA}|\s|$)", "ト"),
)


def settle_twins(text: str) -> str:
    """The text with letters that two scripts share set in the script of their neighbours."""
    for pattern, letter in _TWINS:
        text = re.sub(pattern, letter, text)
    return text


_NUMBER = "[0-9]"
_AFTER = r"(?=[0-9番丁号-]|$)"
_HOUSE_NUMBERS = (  # what stands among the digits of a house number is one, or parts them
    (rf"(?<={_NUMBER})[丁T工](?:[目日月自]|$)", "丁目"),
    (rf"(?<={_NUMBER})[.・](?={_NUMBER})", "-"),
    (rf"(?<=[0-9-])[/|lI]{_AFTER}|[/|lI](?=丁目)", "1"),
    (rf"(?<=[0-9-])[Ss]{_AFTER}", "5"),
    (r"(?<=[0-9])[.・,、]$", ""),
)


def settle_numbers(text: str) -> str:
    """The address with look-alikes among the digits of its house number as what they must be."""
    for pattern, sign in _HOUSE_NUMBERS:
        text = re.sub(pattern, sign, text)
    return text


def compose(text: str) -> str:
    """Katakana with voicing marks of their own joined to the kana before them."""
    return re.sub(r"\s*[゛ﾞ]", "\u3099", re.sub(r"\s*[゜ﾟ]", "\u309a", text))
