"""A cell as it is compared: one way of writing for each type of column."""

from __future__ import annotations

import re

from japan.text import DASHES, fold_width, squeeze_spaces
from matchers.fields import AddressValue, FieldType, Value, read_address
from matchers.normalise import FOLDS, Words, kana_words, name_words

_NOTHING = {
    "",
    "NA",
    "N/A",
    "NONE",
    "NULL",
    "NIL",
    "NAN",
    "UNKNOWN",
    "不明",
    "なし",
    "無し",
    "該当なし",
    "未入力",
    "不詳",
}
_ONLY_MARKS = re.compile(rf"[\s.?*/{re.escape(DASHES)}ー]*")
_CJK = re.compile("[\u3041-\u30ff\u3400-\u9fff]")
_NO_WORD = re.compile(r"[^\w]+")


def fold_cell(kind: FieldType, cell: str) -> Value:
    """The value of a cell, None where it holds none (empty, 不明, N/A, a row of dashes). Never raises.

    What is not of its type (a day that no calendar has, a foreign postal code) is kept as plain text, since the
    same slip in two records still says something.
    """
    plain = _said(cell)
    if not plain:
        return None
    if kind is FieldType.ADDRESS:
        return _address(plain)
    if kind is FieldType.TEXT:
        return plain_text(plain) or None
    return FOLDS[kind](plain) or plain_text(plain) or None


def fold_name(kind: FieldType, cell: str) -> Words | None:
    """The whole name of a cell in parts, as far as they can be told; None where it holds none."""
    plain = _said(cell)
    words = name_words(plain) if kind is FieldType.PERSON_NAME else kana_words(plain)
    return words if words.whole else None


def _said(cell: str) -> str:
    plain = squeeze_spaces(fold_width(cell))
    return "" if plain.upper() in _NOTHING or _ONLY_MARKS.fullmatch(plain) else plain


def plain_text(text: str) -> str:
    """Upper case, words apart by one space, without punctuation; Japanese without spaces."""
    words = _NO_WORD.sub(" ", fold_width(text).upper()).strip()
    return words.replace(" ", "") if _CJK.search(words) else words


def _address(text: str) -> Value:
    """A Latin address is kept in words, since its numbers stand anywhere."""
    return read_address(text) if _CJK.search(text) else AddressValue(plain_text(text))


def words_of(value: Value) -> str:
    """The value as one line of text: what words and beginnings are taken from."""
    if isinstance(value, AddressValue):
        return " ".join(part for part in (value.place, "-".join(value.numbers), value.building) if part)
    return value or ""
