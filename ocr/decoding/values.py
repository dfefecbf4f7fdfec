"""From the characters of a field to its value: lengths, look-alikes that their neighbours tell, numbers of houses."""

from __future__ import annotations

import re
import unicodedata
from math import inf

from ocr.decoding.grammar import find_grammar, to_amount, to_time
from ocr.layout import Content

_EMAIL_SHAPE = r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"
_SPELT = {Content.MONEY: to_amount, Content.TIME: to_time}


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
