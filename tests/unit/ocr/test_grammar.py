"""What each kind of field takes, and how the ink is read within it."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from japan.check import is_my_number, my_number_check_digit
from japan.phone import normalise_phone
from ocr.decoding.content import mask_for
from ocr.decoding.decode import decode_content, decode_grammar
from ocr.decoding.grammar import (
    digits_grammar,
    find_grammar,
    money_grammar,
    my_number_grammar,
    of_lengths,
    phone_grammar,
    postal_prior,
    time_grammar,
    to_amount,
    to_time,
)
from ocr.decoding.values import to_value
from ocr.engine import Logits
from ocr.layout import Content
from tests.unit.ocr.test_decode import ALPHABET, line, text

SIGNS = (*ALPHABET, ",", "¥", "円", "也", ":", "半", "令", "和", "年", "月", "日")


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r"0[0-9]{8,11}", fullmatch=True))
def test_a_phone_number_is_one_for_every_channel(number: str) -> None:
    if phone_grammar().weight(number) > -inf:
        assert normalise_phone(number) == number
    elif normalise_phone(number) == number:
        assert number[2] == "0"  # no area code has a third digit 0


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**11 - 1), st.integers(0, 9))
def test_my_numbers_carry_their_check_digit(first: int, last: int) -> None:
    eleven = f"{first:011d}"
    assert my_number_grammar().weight(eleven + str(my_number_check_digit(eleven))) == 0.0
    assert (my_number_grammar().weight(f"{eleven}{last}") == 0.0) is is_my_number(f"{eleven}{last}")


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("12000", "12000"),
        ("12,000", "12000"),
        ("¥1,234,567-", "1234567"),
        ("500円", "500"),
        ("100,000円也", "100000"),
        ("0", "0"),
        ("0120", "120"),
        ("1,23", None),
        ("12,34,567", None),
        ("1234,567", None),
        ("円", None),
        ("¥", None),
        ("12000円円", None),
    ],
)
def test_amounts(written: str, amount: str | None) -> None:
    if amount is None:
        assert money_grammar().weight(written) == -inf
    else:
        assert money_grammar().weight(written) > -inf
        assert to_amount(written) == amount
    assert to_value(Content.MONEY, written) == amount


@given(st.integers(0, 10**11), st.sampled_from(("", "¥")), st.sampled_from(("", "円", "也", "-", "円也", "円-")))
def test_an_amount_with_commas_is_the_one_without(amount: int, before: str, after: str) -> None:
    for written in (f"{before}{amount}{after}", f"{before}{amount:,}{after}"):
        assert amount == 0 or money_grammar().weight(written) > -inf
        assert to_amount(written) == str(amount)


@pytest.mark.parametrize(
    ("written", "time"),
    [("0830", "08:30"), ("830", "08:30"), ("8:30", "08:30"), ("8:半", "08:30"), ("17:", "17:00"), ("2400", "24:00")],
)
def test_times(written: str, time: str) -> None:
    assert time_grammar().weight(written) == 0.0
    assert to_time(written) == time


@pytest.mark.parametrize("written", ["2401", "2500", "860", "24:半", "8", ""])
def test_no_times(written: str) -> None:
    assert time_grammar().weight(written) == -inf
    assert to_value(Content.TIME, written) is None


@given(st.text("0123456789", max_size=9))
def test_lengths_are_kept(written: str) -> None:
    assert (digits_grammar((4, 7)).weight(written) == 0.0) is (len(written) in (4, 7))
    assert (of_lengths(digits_grammar(()), (4, 7)).weight(written) == 0.0) is (len(written) in (4, 7))


def test_a_grammar_decides_between_what_the_ink_leaves_open() -> None:
    """The last digit looks like a 3 a little more than like the check digit."""
    eleven = "12345678901"
    check = str(my_number_check_digit(eleven))
    steps = [*text(eleven), {"3": 0.5, check: 0.45}, {}]
    assert check != "3"
    decoded = decode_content(line(steps), ALPHABET, Content.MY_NUMBER, (12,))
    assert decoded.values[0][0] == eleven + check
    assert decoded.probability > 0.8


def test_an_ink_that_keeps_no_grammar_is_shown_as_it_is() -> None:
    decoded = decode_content(line(text("12-34", 0.999)), ALPHABET, Content.PHONE, (10, 11))
    assert decoded.probability == 0.0
    assert decoded.values == ()
    longer = decode_content(line(text("9999999999", 0.9999)), ALPHABET, Content.PHONE, (10, 11))
    assert longer.text == "9999999999"
    assert longer.probability == 0.0


def test_ways_of_writing_one_amount_add_up() -> None:
    """Whether a faint comma is there is open, the amount is not."""
    logits = line_of([*text("1"), {",": 0.5}, {}, *text("200円")])
    decoded = decode_content(logits, SIGNS, Content.MONEY)
    assert decoded.values[0][0] == "1200"
    assert decoded.probability > 0.9


def test_a_comma_read_as_a_one_is_a_comma_where_only_it_makes_an_amount() -> None:
    logits = line_of([*text("1"), {"1": 0.5, ",": 0.4}, {}, *text("200"), {",": 0.9}, {}, *text("000")])
    assert decode_content(logits, SIGNS, Content.MONEY).values[0][0] == "1200000"


def test_a_date_on_a_line() -> None:
    logits = line_of([*text("令和5年"), {"4": 0.9}, {}, {"月": 0.9}, {}, {"7": 0.55, "1": 0.4}, {}, *text("日")])
    decoded = decode_content(logits, SIGNS, Content.DATE)
    assert decoded.values[0] == ("2023-04-07", pytest.approx(0.57, abs=0.08))
    assert decoded.values[1][0] == "2023-04-01"


def test_a_postal_code_that_exists_is_preferred_and_another_possible() -> None:
    """376-0101 exists, 376-0107 does not."""
    assert postal_prior("3760101") > 1 > postal_prior("3760107")
    open_end = line([*text("376010"), {"7": 0.7, "1": 0.28}, {}])
    assert decode_content(open_end, ALPHABET, Content.POSTAL_CODE, (7,)).values[0][0] == "3760101"
    clear = line(text("3760107", 0.99999))
    decoded = decode_content(clear, ALPHABET, Content.POSTAL_CODE, (7,))
    assert decoded.values[0][0] == "3760107"
    without = decode_grammar(clear, mask_for(Content.POSTAL_CODE, ALPHABET), digits_grammar((7,)), lengths=(7,))
    assert decoded.probability < without.probability


def test_names_have_no_grammar() -> None:
    assert find_grammar(Content.NAME) is None


def line_of(steps: list[dict[str, float]]) -> Logits:
    return line(steps, SIGNS)


def test_a_text_may_be_followed_bit_by_bit() -> None:
    grammar = find_grammar(Content.TIME)
    assert grammar is not None
    hour = grammar.after("8:")
    assert hour is not None
    assert grammar.after("30", hour) == grammar.after("8:30")
    assert grammar.finals[grammar.after("8:30") or 0] > -inf
    assert grammar.after("7", hour) is None
    assert grammar.after("8:x") is None
