"""Check digits."""

from __future__ import annotations

import re


def my_number_check_digit(first_eleven: str) -> int:
    """The check digit of a My Number from its first eleven digits; ValueError for anything but eleven digits.

    Source: 平成26年総務省令第85号 第5条: 11 - (sum of P_n * Q_n mod 11), 0 where the remainder is 0 or 1;
    P_n is the n-th digit from the right, Q_n is n + 1 for n up to 6 and n - 5 from 7.
    """
    if not re.fullmatch("[0-9]{11}", first_eleven):
        raise ValueError("a My Number has eleven digits before its check digit")
    total = sum(int(digit) * (n + 1 if n <= 6 else n - 5) for n, digit in enumerate(reversed(first_eleven), start=1))
    remainder = total % 11
    return 0 if remainder <= 1 else 11 - remainder


def is_my_number(digits: str) -> bool:
    """True for twelve digits whose last is the right check digit."""
    return bool(re.fullmatch("[0-9]{12}", digits)) and int(digits[-1]) == my_number_check_digit(digits[:-1])
