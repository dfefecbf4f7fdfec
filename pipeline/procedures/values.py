"""One normalisation of field values for every channel; the raw value is kept beside it by whoever asks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from japan.address import normalise_address
from japan.check import is_my_number
from japan.era import DateError, UnreadableDate, parse_date
from japan.kana import is_katakana, to_full_katakana, zengin_kana
from japan.names import normalise_name
from japan.phone import normalise_phone
from japan.postal import normalise_postal
from japan.text import DASHES, drop_spaces, fold_width, squeeze_spaces
from pipeline.procedures.pack import FieldSpec, FieldType

TRUE, FALSE = "true", "false"


class ValueProblem(StrEnum):
    """Why a raw value has no normal form."""

    UNREADABLE_DATE = "unreadable_date"
    NO_SUCH_DAY = "no_such_day"
    NOT_KANA = "not_kana"
    NOT_POSTAL_CODE = "not_postal_code"
    NOT_PHONE = "not_phone"
    NOT_EMAIL = "not_email"
    NOT_DIGITS = "not_digits"
    NOT_TIME = "not_time"
    NOT_MONEY = "not_money"
    NOT_MY_NUMBER = "not_my_number"
    UNKNOWN_CHOICE = "unknown_choice"
    UNKNOWN_TICK = "unknown_tick"


@dataclass(frozen=True)
class NormalisedValue:
    """value: the normal form, None when nothing was given or it has none. problem: why it has none."""

    value: str | None
    problem: ValueProblem | None = None


NOTHING = NormalisedValue(None)


def normalise_value(spec: FieldSpec, raw: str) -> NormalisedValue:
    """The normal form of a raw value of this field.

    date: ISO. postal_code: 7 digits. phone: digits with the leading 0. kana_name: full-width katakana.
    time: HH:MM of 24 hours. digits, money: ASCII digits (money without leading zeros). choice: the choice's
    value. checkbox: true or false. Names and addresses keep their registered characters. The number of digits is a
    check, not a matter of form.
    """
    if not raw.strip():
        return NOTHING
    return _BY_TYPE[spec.type](spec, raw)


def _name(spec: FieldSpec, raw: str) -> NormalisedValue:
    return NormalisedValue(normalise_name(raw) or None)


def _kana(spec: FieldSpec, raw: str) -> NormalisedValue:
    kana = to_full_katakana(raw)
    # Account holders have what Zengin allows: a company's カ), Latin letters, a stop.
    if is_katakana(kana) or zengin_kana(kana) is not None:
        return NormalisedValue(kana)
    return NormalisedValue(None, ValueProblem.NOT_KANA)


def _date(spec: FieldSpec, raw: str) -> NormalisedValue:
    try:
        return NormalisedValue(parse_date(raw, strict=False).isoformat())
    except UnreadableDate:
        return NormalisedValue(None, ValueProblem.UNREADABLE_DATE)
    except DateError:
        return NormalisedValue(None, ValueProblem.NO_SUCH_DAY)


def _postal(spec: FieldSpec, raw: str) -> NormalisedValue:
    code = normalise_postal(raw)
    return NormalisedValue(code, None if code else ValueProblem.NOT_POSTAL_CODE)


def _address(spec: FieldSpec, raw: str) -> NormalisedValue:
    return NormalisedValue(normalise_address(raw) or None)


def _phone(spec: FieldSpec, raw: str) -> NormalisedValue:
    number = normalise_phone(raw)
    return NormalisedValue(number, None if number else ValueProblem.NOT_PHONE)


# Not RFC 5322: what an applicant types, with one @, no spaces and a dot in the domain.
_EMAIL = re.compile(r"[^\s@<>,;]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def _email(spec: FieldSpec, raw: str) -> NormalisedValue:
    plain = fold_width(raw).strip()
    if not _EMAIL.fullmatch(plain):
        return NormalisedValue(None, ValueProblem.NOT_EMAIL)
    local, _, domain = plain.rpartition("@")
    return NormalisedValue(f"{local}@{domain.lower()}")


_DIGIT_NOISE = re.compile(f"[\\s{re.escape(DASHES)}ー]")
_MONEY_NOISE = re.compile(r"[\s,、¥\\円也金]")


def _digits(spec: FieldSpec, raw: str) -> NormalisedValue:
    plain = _DIGIT_NOISE.sub("", fold_width(raw))
    if plain.isascii() and plain.isdigit():
        return NormalisedValue(plain)
    return NormalisedValue(None, ValueProblem.NOT_DIGITS)


_TIME = re.compile(r"(?:(午前|午後|AM|PM))?(\d{1,2})(?::|時|h)(?:(\d{1,2})分?|(半))?", re.IGNORECASE)


def _my_number(spec: FieldSpec, raw: str) -> NormalisedValue:
    """Twelve digits of which the last is the check digit."""
    digits = drop_spaces(fold_width(raw))
    return NormalisedValue(digits) if is_my_number(digits) else NormalisedValue(None, ValueProblem.NOT_MY_NUMBER)


def _time(spec: FieldSpec, raw: str) -> NormalisedValue:
    """A time of day as people write it: 8:30, 8時半, 午後5時15分, 0830."""
    plain = drop_spaces(fold_width(raw))
    plain = f"{plain[:-2]}:{plain[-2:]}" if plain.isascii() and plain.isdigit() and len(plain) in (3, 4) else plain
    found = _TIME.fullmatch(plain)
    if found is None:
        return NormalisedValue(None, ValueProblem.NOT_TIME)
    half, hour, minute = found[1], int(found[2]), 30 if found[4] else int(found[3] or 0)
    if half and half.upper() in ("午後", "PM") and hour < 12:
        hour += 12
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        return NormalisedValue(None, ValueProblem.NOT_TIME)
    return NormalisedValue(f"{hour:02d}:{minute:02d}")


def _money(spec: FieldSpec, raw: str) -> NormalisedValue:
    plain = _MONEY_NOISE.sub("", fold_width(raw))
    if plain.isascii() and plain.isdigit():
        return NormalisedValue(plain.lstrip("0") or "0")
    return NormalisedValue(None, ValueProblem.NOT_MONEY)


def _plain_word(text: str) -> str:
    return drop_spaces(fold_width(text)).casefold()


def _choice(spec: FieldSpec, raw: str) -> NormalisedValue:
    said = _plain_word(raw)
    for choice in spec.choices:
        if said in {_plain_word(word) for word in (choice.value, choice.label.ja, choice.label.en)}:
            return NormalisedValue(choice.value)
    return NormalisedValue(None, ValueProblem.UNKNOWN_CHOICE)


_YES_WORDS = """
true 1 yes y on checked はい 有 有り あり 同意 同意する 同意します 同意した 同意済 同意済み 希望する する
○ 〇 ◯ ✓ ✔ ☑ レ ■ ●
"""
_NO_WORDS = """
false 0 no n off いいえ 無 無し なし 同意しない 同意しません 希望しない しない × ✕ ☐ □ -
"""
_YES = frozenset(_plain_word(word) for word in _YES_WORDS.split())
_NO = frozenset(_plain_word(word) for word in _NO_WORDS.split())


def _checkbox(spec: FieldSpec, raw: str) -> NormalisedValue:
    said = _plain_word(raw).rstrip("。")
    if said in _YES:
        return NormalisedValue(TRUE)
    return NormalisedValue(FALSE) if said in _NO else NormalisedValue(None, ValueProblem.UNKNOWN_TICK)


def _text(spec: FieldSpec, raw: str) -> NormalisedValue:
    lines = (squeeze_spaces(line) for line in raw.splitlines())
    return NormalisedValue("\n".join(line for line in lines if line) or None)


_BY_TYPE: Mapping[FieldType, Callable[[FieldSpec, str], NormalisedValue]] = {
    FieldType.PERSON_NAME: _name,
    FieldType.KANA_NAME: _kana,
    FieldType.DATE: _date,
    FieldType.POSTAL_CODE: _postal,
    FieldType.ADDRESS: _address,
    FieldType.PHONE: _phone,
    FieldType.EMAIL: _email,
    FieldType.CHOICE: _choice,
    FieldType.CHECKBOX: _checkbox,
    FieldType.DIGITS: _digits,
    FieldType.TIME: _time,
    FieldType.MONEY: _money,
    FieldType.TEXT: _text,
    FieldType.MY_NUMBER: _my_number,
}
