"""Masked decoding on log-probabilities made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pytest

from ocr.decoding.content import mask_for
from ocr.decoding.decode import decode_line
from ocr.decoding.rivals import align
from ocr.decoding.values import settle_twins, to_value
from ocr.engine import Logits
from ocr.layout import Content

ALPHABET = ("", *"0123456789OIl-〒元カガタツッヤ力一ー口ロリりど黑黒千干日髙高 ")


def line(steps: Sequence[Mapping[str, float]], alphabet: Sequence[str] = ALPHABET) -> Logits:
    """Log-probabilities of steps given as character -> probability; the rest of each step is blank."""
    matrix = np.full((len(steps), len(alphabet)), 1e-9)
    for row, step in zip(matrix, steps, strict=True):
        for char, probability in step.items():
            row[alphabet.index(char)] = probability
        row[0] = max(1e-9, 1.0 - sum(step.values()))
    return np.log(matrix).astype(np.float32)


def text(string: str, sure: float = 0.97) -> list[dict[str, float]]:
    return [step for char in string for step in ({char: sure}, {})]


@pytest.mark.parametrize(
    ("content", "steps", "lengths", "expected"),
    [
        (Content.DIGITS, text("12O"), (3,), "120"),  # a look-alike folds into the mask
        (Content.PHONE, text("090-1234-5678"), (10, 11), "09012345678"),  # hyphens only separate
        (Content.POSTAL_CODE, text("〒376-0101"), (7,), "3760101"),
        (Content.KATAKANA, text("力一ド"[:2] + "タ"), (3,), "カータ"),  # kanji that look like kana
        (Content.DIGITS, [*text("1"), {}, {"7": 0.3}, {}, *text("2")], (3,), "172"),  # a faint one is needed
        (Content.DIGITS, [*text("1"), {}, {"7": 0.3}, {}, *text("2")], (2,), "12"),
        (Content.NAME, [{"黑": 0.55, "黒": 0.4}, {}], (), "黒"),  # unusual forms must be clearly better
        (Content.NAME, [{"髙": 0.9}, {}], (), "髙"),
    ],
)
def test_masked_decoding(
    content: Content, steps: list[dict[str, float]], lengths: tuple[int, ...], expected: str
) -> None:
    assert decode_line(line(steps), mask_for(content, ALPHABET), lengths).text == expected


def test_year_one_reads_as_a_digit_only_in_dates() -> None:
    steps = text("元")
    assert decode_line(line(steps), mask_for(Content.DATE, ALPHABET, True), (1,)).text == "1"
    assert decode_line(line(steps), mask_for(Content.DIGITS, ALPHABET), ()).held < 0.1


def test_probabilities_and_alternatives_add_up() -> None:
    steps = [{"1": 0.98}, {}, {"7": 0.6, "1": 0.35}, {}]
    decoded = decode_line(line(steps), mask_for(Content.DIGITS, ALPHABET), (2,))
    first, second = decoded.characters
    assert decoded.text == "17"
    assert first.probability > 0.95
    assert 0.55 < second.probability < 0.75
    assert second.alternatives[0][0] == "1"
    assert decoded.probability == pytest.approx(first.probability * second.probability, abs=0.05)


@pytest.mark.parametrize(
    ("content", "raw", "value"),
    [
        (Content.PHONE, "0312345678", "0312345678"),
        (Content.PHONE, "312345678", None),
        (Content.POSTAL_CODE, "123456", None),
        (Content.KATAKANA, "カ゛タ", "ガタ"),  # a voicing mark in a cell of its own
        (Content.KATAKANA, "タナカ  ハナコ", "タナカ ハナコ"),
        (Content.EMAIL, "a.b@example.jp", "a.b@example.jp"),
        (Content.EMAIL, "a.b.example.jp", None),
    ],
)
def test_grammar_of_values(content: Content, raw: str, value: str | None) -> None:
    assert to_value(content, raw) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("みどリ市", "みどり市"),
        ("メゾンパ一ク", "メゾンパーク"),
        ("一丁目", "一丁目"),
        ("メゾン一番町", "メゾン一番町"),
    ],
)
def test_shapes_of_two_scripts_follow_their_neighbours(text: str, expected: str) -> None:
    assert settle_twins(text) == expected


@pytest.mark.parametrize("string", [[], [3], [1, 1, 2], [2, 4, 1, 2], [1, 2, 3, 4, 1, 2]])
def test_the_places_of_characters_are_the_best_of_all(string: list[int]) -> None:
    log_probs = np.log(np.random.default_rng(len(string)).dirichlet(np.ones(5), 6))

    def gain(steps: Sequence[int]) -> float:
        return sum(float(log_probs[t, c] - log_probs[t, 0]) for t, c in zip(steps, string, strict=True))

    assert align(log_probs, string) == list(max(combinations(range(6), len(string)), key=gain))


def test_characters_without_room_stand_side_by_side() -> None:
    assert align(np.zeros((2, 5)), [1, 2, 3]) == [0, 1, 1]
