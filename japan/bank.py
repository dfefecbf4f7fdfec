"""Bank accounts: one way of writing an account, Japan Post Bank's symbols and numbers included."""

from __future__ import annotations

import re
from typing import NamedTuple

from japan.text import fold_width

YUCHO = "9900"
"""Japan Post Bank's code (金融機関コード)."""
_SYMBOL = re.compile(r"(?:記号)?\D*?(?P<symbol>[01]\d{3}0)\D*(?:\D(?P<again>\d)\D+)?(?:番号)?\D*(?P<number>\d{1,8})\D*")
_PARTS = re.compile(r"\D*(?P<bank>\d{4})\D+(?P<branch>\d{3})\D+(?:(?P<kind>[1249])\D+)?(?P<number>\d{1,7})\D*")
_SOLID = re.compile(r"(?P<bank>\d{4})(?P<branch>\d{3})(?P<kind>[1249]?)(?P<number>\d{7})")
# 預金種目 in words, and as the Zengin format has them.
_KINDS = (("普通", "1"), ("総合", "1"), ("当座", "2"), ("貯蓄", "4"))


class Account(NamedTuple):
    """Bank code of four digits, branch of three, number of seven. kind is left out: it seldom tells accounts apart and
    is often not given."""

    bank: str
    branch: str
    number: str


def from_symbol(symbol: str, number: str) -> Account | None:
    """The account for transfers of a 記号 (five digits) and 番号 of Japan Post Bank; None when they are none.

    Rule as the bank publishes it (記号番号から振込用の店名・預金種目・口座番号への変換): the branch is the second and
    third digit of the 記号 with 8 after them where it begins with 1, with 9 where it begins with 0. The number is the
    番号 without its last digit (a 1) for the former, the whole 番号 for the latter, with zeros in front up to seven. A
    single digit between the two (再発行の番号) is not part of either.
    """
    symbol, number = _digits(symbol), _digits(number)
    if not re.fullmatch("[01][0-9]{3}0", symbol) or not number:
        return None
    if symbol[0] == "0":
        return Account(YUCHO, symbol[1:3] + "9", number.zfill(7)) if len(number) <= 7 else None
    if number[-1] != "1" or not 2 <= len(number) <= 8:
        return None
    return Account(YUCHO, symbol[1:3] + "8", number[:-1].zfill(7))


def parse_account(text: str) -> Account | None:
    """The account that is written: bank, branch and number with signs or words between, as 14 or 15 digits in one, or
    記号 and 番号 of Japan Post Bank; None for anything else."""
    plain = fold_width(text)
    for word, digit in _KINDS:
        plain = re.sub(f"{word}(?:預金|口座|貯金)?", f" {digit} ", plain)
    if found := _SYMBOL.fullmatch(plain):
        return from_symbol(found["symbol"], found["number"])
    found = _PARTS.fullmatch(plain) or _SOLID.fullmatch(re.sub(r"[\s-]", "", plain))
    return Account(found["bank"], found["branch"], found["number"].zfill(7)) if found else None


def account_key(text: str) -> str:
    """Bank, branch and number in one, 14 digits; for what is no whole account its digits and letters, so that the same
    writing still agrees with itself."""
    account = parse_account(text)
    return "".join(account) if account else re.sub("[^0-9A-Z]", "", fold_width(text).upper())


def _digits(text: str) -> str:
    return re.sub(r"\D", "", fold_width(text))
